"""The notebook of the hierarchical model, in a real kernel over a small gold table: fitted, logged, published, then nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from mlflow import MlflowClient

from engine.changes import head_of
from systems.ab_testing.gold.variant_results import VARIANT_RESULTS
from systems.ab_testing.posteriors import Posteriors
from tests.systems.ab_testing.planted import planted
from tests.systems.deployment import Deployment, deployed
from tideline.workspace.bundle import load_bundle
from tideline.workspace.layout import Layout
from tideline.workspace.notebook.pool import KernelPool
from tideline.workspace.notebook.results import NotebookResult, NotebookTask
from tideline.workspace.server import ServerAddress

pytestmark = pytest.mark.long

EXPERIMENT = "/Shared/bayes"
NOTEBOOK = Path("notebooks/ml/ab_testing_bayes.py")


@dataclass
class Stage:
    """Gold with two periods, and what runs the notebook over it."""

    deployment: Deployment
    pool: KernelPool
    root: Path
    runs: MlflowClient

    def run(self, **parameters: str) -> NotebookResult:
        given = {"catalog": "spark_catalog", "schema_prefix": self.deployment.settings.schema_prefix, "experiment": EXPERIMENT}
        task = NotebookTask(path=self.root / NOTEBOOK, root=self.root, parameters=given | parameters, timeout_seconds=500)
        return self.pool.run(task, on_event=lambda event: None, cancel=None)

    def write(self, counts: pd.DataFrame) -> None:
        """Gold as its own layer would leave it: the columns that are declared, zero where the model does not look."""
        typed = [f"CAST({c.name if c.name in counts else 0} AS {c.type}) AS {c.name}" for c in VARIANT_RESULTS.columns]
        rows = self.deployment.spark.createDataFrame(counts).selectExpr(*typed)
        rows.write.format("delta").mode("overwrite").saveAsTable(self.deployment.settings.name_of("gold.variant_results"))

    def version(self) -> int:
        head = head_of(self.deployment.spark, self.deployment.settings.name_of("gold.experiment_posteriors"))
        assert head is not None
        return head.version

    def logged(self) -> list[Any]:
        (experiment,) = [each for each in self.runs.search_experiments() if each.name == EXPERIMENT]
        return list(self.runs.search_runs([experiment.experiment_id], order_by=["attributes.start_time"]))


@pytest.fixture(scope="module")
def counts() -> pd.DataFrame:
    whole = planted(10, seed=6)
    day = whole[whole["experiment"] < "area/e4"].assign(day="2023-06-01", period="day")
    # A variant that only contaminated users met has nobody to speak of.
    nobody = whole.head(1).assign(variant="nobody", n_participants=0, n_buyers=0)
    return pd.concat([whole, day, nobody]).drop(columns="planted")


@pytest.fixture(scope="module")
def stage(
    spark: Any, spark_server: ServerAddress, counts: pd.DataFrame, repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    layout = Layout(tmp_path_factory.mktemp("home"))
    with (
        deployed(spark, tmp_path_factory.mktemp("volumes"), "ab_testing", "events") as deployment,
        KernelPool(spark_server, layout, repository, size=1) as pool,
    ):
        stage = Stage(deployment, pool, repository, MlflowClient(tracking_uri=f"sqlite:///{layout.models / 'mlflow.db'}"))
        stage.write(counts)
        yield stage


def test_the_notebook_logs_and_publishes_every_variant_and_then_has_nothing_to_do(stage: Stage, counts: pd.DataFrame) -> None:
    first = stage.run()
    assert first.state == "SUCCESS", first.error
    shown = [output["data"] for cell in first.cells for output in cell.outputs if output.get("data")]
    assert sum("image/png" in data for data in shown) == 3 and "experiments have a variant that is the best" in str(shown)

    (run,) = stage.logged()
    assert run.data.tags["sound"] == "true"
    for rule in ("later_purchase", "same_item"):
        assert run.data.metrics[f"{rule}.greatest_r_hat"] <= 1.01 and run.data.metrics[f"{rule}.seconds"] > 0
    artifacts = {each.path for each in stage.runs.list_artifacts(run.info.run_id)}
    assert artifacts == {"inputs.json", "posteriors.json", "predictions.png", "differences.png", "shrinkage.png"}

    whole = counts[(counts["day"] == "whole") & (counts["n_participants"] > 0)]
    rows = stage.deployment.sql(
        "SELECT experiment, variant, attribution, n_participants, n_buyers, unpooled_rate, unpooled_rate_low, run_id, "
        "input_version, rate, rate_low, rate_high FROM {gold.experiment_posteriors}"
    )  # fmt: skip
    assert {row[:5] for row in rows} == set(
        whole[["experiment", "variant", "attribution", "n_participants", "n_buyers"]].itertuples(index=False, name=None)
    )
    for row in rows:
        exact = Posteriors.of([row[4]], [row[3]])
        assert row[5:7] == pytest.approx((exact.mean[0], exact.interval()[0][0]))
        assert row[7] == run.info.run_id and run.data.params["version of gold.variant_results"] == str(row[8])
        assert row[10] <= row[9] <= row[11]

    at = stage.version()
    again = stage.run()
    assert again.state == "SUCCESS" and "nothing to do" in str(again.exit_value)
    assert (stage.version(), len(stage.logged())) == (at, 1)


def test_a_day_is_looked_at_and_logged_and_published_nowhere(stage: Stage) -> None:
    if not stage.runs.search_experiments(filter_string=f"name = '{EXPERIMENT}'"):
        stage.run()
    before, at = len(stage.logged()), stage.version()
    result = stage.run(day="2023-06-01", attribution="same_item", seed="5")
    assert result.state == "SUCCESS" and "published is the whole period only" in str(result.exit_value), result.error
    assert len(stage.logged()) == before + 1 and stage.logged()[-1].data.params["day"] == "2023-06-01"
    assert stage.version() == at


def test_a_day_without_data_is_said_in_one_sentence(stage: Stage) -> None:
    result = stage.run(day="2023-06-02")
    assert result.state == "FAILED" and result.error is not None
    assert "widget `day`: `2023-06-02`" in result.error.message


def test_what_is_not_sound_ends_the_notebook_before_it_publishes(repository: Path) -> None:
    source = (repository / NOTEBOOK).read_text()
    order = [source.index(each) for each in ("log_fits(\n", "refuse_unless_sound(findings)\n", "publication.publish(")]
    assert order == sorted(order) and source.count(".publish(") == 1


def test_the_job_fits_after_gold_beside_the_dashboard_and_logs_where_the_bundle_says(repository: Path) -> None:
    bundle = load_bundle(repository, target="prod", environment={}, has_local_settings=False)
    tasks = {task["task_key"]: task for task in bundle.job("ab_testing")["tasks"]}
    for key in ("bayes", "ab_testing"):
        assert [each["task_key"] for each in tasks[key]["depends_on"]] == ["gold"]
    notebook = tasks["bayes"]["notebook_task"]
    assert Path(notebook["notebook_path"]) == repository / NOTEBOOK
    assert notebook["base_parameters"]["experiment"] == "/Shared/tideline_ab_testing_bayes"
