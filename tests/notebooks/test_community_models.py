"""The community's models as notebooks, in a real kernel, over three years of months: what they publish, and made again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import mlflow
import pytest

from engine.publish import published_rows
from systems.community import forecast_figures
from systems.community.gold.monthly_forecast import MONTHLY_FORECAST
from tests.systems.deployment import Deployment, deployed
from tideline.cli import exit_code
from tideline.samples import sample
from tideline.workspace.layout import Layout
from tideline.workspace.notebook.pool import KernelPool
from tideline.workspace.notebook.results import NotebookResult, NotebookTask
from tideline.workspace.server import ServerAddress
from tideline.workspace.tracking import tracking_environment

pytestmark = pytest.mark.long

AS_OF = date(2023, 6, 2)
SECRET = "a secret of the tests"
RAN = ("users", "posts", "posts_comments", "votes", "users_history", "post_documents", "vote_documents", "posts_translations",
       "posts_english", "comments", "votes", "monthly_support", "monthly_activity", "support_distribution")  # fmt: skip


@dataclass
class Stage:
    """A deployment with three years in it, and a home of MLflow's store."""

    deployment: Deployment
    pool: KernelPool
    root: Path
    store: mlflow.MlflowClient

    def notebook(self, name: str, **parameters: str) -> NotebookResult:
        given = {"catalog": "spark_catalog", "schema_prefix": self.deployment.settings.schema_prefix, "as_of": str(AS_OF)}
        path = self.root / "notebooks" / "ml" / f"{name}.py"
        task = NotebookTask(path=path, root=self.root, parameters=given | parameters, timeout_seconds=300)
        return self.pool.run(task, on_event=lambda event: None, cancel=None)

    def runs(self) -> list[mlflow.entities.Run]:
        """The newest first."""
        return list(self.store.search_runs([each.experiment_id for each in self.store.search_experiments()]))

    def version(self, table: str) -> int:
        return max(row[0] for row in self.deployment.sql(f"DESCRIBE HISTORY {{gold.{table}}}"))


@pytest.fixture(scope="module")
def stage(
    spark: Any, spark_server: ServerAddress, tmp_path_factory: pytest.TempPathFactory, repository: Path
) -> Iterator[Stage]:
    home = tmp_path_factory.mktemp("home")
    (home / "secrets.json").write_text(json.dumps({"tideline": {"pseudonym_key": SECRET}}))
    with pytest.MonkeyPatch.context() as patch, deployed(spark, tmp_path_factory.mktemp("v"), "community", "exports") as made:
        patch.setenv("TIDELINE_HOME", str(home))
        layout = Layout(repository)
        for name, value in tracking_environment(layout).items():
            patch.setenv(name, value)
        patch.setenv("SPARK_CONNECT_AUTHENTICATE_TOKEN", spark_server.token)
        made.settings = replace(made.settings, as_of=AS_OF, tables=RAN)
        sample("community", made.landing, days=1, scale=0.015, seed=5, months=36)
        for file in made.landing.glob("[pv]*"):  # the last day has all of them
            if "2023-06-01" not in file.name:
                file.unlink()
        made.run("raw", "bronze", "silver", "gold")
        with KernelPool(spark_server, layout, repository, size=1) as pool:
            yield Stage(made, pool, repository, mlflow.MlflowClient())


def test_before_the_first_forecast_a_dashboard_finds_no_rows_and_all_columns(stage: Stage) -> None:
    made = stage.deployment
    rows = published_rows(made.spark, made.system, "gold.monthly_forecast", made.settings)
    assert rows.columns == MONTHLY_FORECAST.column_names and rows.collect() == []
    months = made.spark.table(made.settings.name_of("gold.monthly_support")).toPandas()
    figure = forecast_figures.support_forecast(months, rows.toPandas())
    assert figure.axes[0].texts[0].get_text() == forecast_figures.NO_FORECAST


def test_the_forecast_is_published_logged_and_has_then_nothing_to_do(stage: Stage) -> None:
    result = stage.notebook("community_forecast", registered_models="spark_catalog.community_gold.forecast")
    assert result.state == "SUCCESS", result.error
    rows = stage.deployment.sql(
        "SELECT series, count(*), min(month), max(month), count(low), any_value(run_id), any_value(method), any_value(basis), "
        "any_value(model_version), max(n_months_known) FROM {gold.monthly_forecast} GROUP BY series ORDER BY series"
    )
    ahead = (6, date(2023, 6, 1), date(2023, 11, 1), 6)
    assert [row[:5] for row in rows] == [(name, *ahead) for name in ("comments", "support", "votes")]
    run = stage.runs()[0]
    assert {row[5] for row in rows} == {run.info.run_id}
    assert json.loads(run.data.tags["tideline.versions"]).keys() == {"gold.monthly_support", "gold.monthly_activity"}
    assert run.data.tags["tideline.notebook"] == "notebooks/ml/community_forecast"
    for series, *_, basis, version, n in rows:
        assert n >= 30 and run.data.params[f"{series}.basis"] == basis
        better = basis.startswith("errs less than the naive ways")
        assert (version != "not registered") == better
        if better:
            champion = stage.store.get_model_version_by_alias(f"spark_catalog.community_gold.forecast_{series}", "champion")
            assert str(champion.version) == version and champion.run_id == run.info.run_id
    again = stage.notebook("community_forecast")
    assert again.state == "SUCCESS" and "nothing to do" in str(again.exit_value)
    assert len(stage.runs()) == 1


def test_a_forecast_is_made_again_from_its_id_and_publishes_nothing(
    stage: Stage, spark_server: ServerAddress, capsys: pytest.CaptureFixture[str]
) -> None:
    result = stage.notebook("community_forecast", rebuild="true")
    assert result.state == "SUCCESS", result.error
    run, before = stage.runs()[0], stage.version("monthly_forecast")
    capsys.readouterr()
    arguments = ["--root", str(stage.root), "--remote", spark_server.remote, "reproduce", run.info.run_id, "--json"]
    assert exit_code(arguments) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["is_same_code"] and said["again"] != run.info.run_id and len(said["metrics"]) > 20
    assert all(row["difference"] == 0 for row in said["metrics"])
    assert stage.version("monthly_forecast") == before
    assert stage.runs()[0].data.tags["tideline.reproduces"] == run.info.run_id

    stage.store.log_metric(run.info.run_id, "support.ahead_1", 1.0)  # as if it had said something else
    assert exit_code(arguments) == 1
    out, err = capsys.readouterr()
    assert [row["metric"] for row in json.loads(out)["metrics"] if not row["is_same"]] == ["support.ahead_1"]
    assert "support.ahead_1 differ" in err and "Traceback" not in err


def test_segments_are_published_under_pseudonyms_and_training_again_says_the_same(stage: Stage) -> None:
    result = stage.notebook("community_supporter_segments")
    assert result.state == "SUCCESS", result.error
    supporters = stage.deployment.sql("SELECT user_pseudonym FROM {gold.support_distribution} WHERE lifetime_support_amount > 0")
    rows = stage.deployment.sql("SELECT user_pseudonym, segment, distance FROM {gold.supporter_segments}")
    assert {row[0] for row in rows} == {row[0] for row in supporters} and len(rows) >= 60
    sizes = stage.deployment.sql("SELECT DISTINCT segment, n_supporters FROM {gold.segment_profiles}")
    assert {number: sum(row[1] == number for row in rows) for number, _ in sizes} == dict(sizes)
    run, at = stage.runs()[0], stage.version("supporter_segments")
    again = stage.notebook("community_supporter_segments", rebuild="true")
    assert again.state == "SUCCESS", again.error
    assert stage.runs()[0].info.run_id != run.info.run_id and stage.runs()[0].data.metrics == run.data.metrics
    found = stage.deployment.sql("SELECT user_pseudonym, segment, distance FROM {gold.supporter_segments}")
    assert sorted(found) == sorted(rows) and stage.version("supporter_segments") == at + 1  # its run's id is another


def test_no_run_or_output_holds_a_raw_id(stage: Stage) -> None:
    ids = [row[0] for row in stage.deployment.sql("SELECT id_oid FROM {bronze.users}")]
    logged = [file for file in (Layout(stage.root).models).rglob("*") if file.is_file()]
    assert len(ids) > 500 and len(logged) > 10
    content = b"".join(file.read_bytes() for file in logged)
    assert not [each for each in ids if each.encode() in content]
