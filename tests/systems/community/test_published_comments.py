"""Comments as features, and the classifier's notebook in a real kernel: a small community on real Spark, from files to gold."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from pyspark.sql import functions as F

from engine.outcomes import Outcome
from engine.pipeline import run_layer
from systems.community.classifier_registry import ALIAS
from systems.community.comment_features import COMMENT_FEATURES, english
from systems.community.features import DESCRIBED, describe
from systems.community.texts import Reader
from tests.systems.deployment import Deployment, deployed
from tideline.samples import write_day
from tideline.workspace.bundle import load_bundle
from tideline.workspace.layout import Layout
from tideline.workspace.notebook.pool import KernelPool
from tideline.workspace.notebook.results import NotebookResult, NotebookTask
from tideline.workspace.server import ServerAddress

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]
SCALE, SEED = 0.004, 5
# What comments need; votes have tests of their own.
TABLES = (
    "users", "posts", "post_documents", "posts_translations", "posts_comments", "comment_labels", "posts_english", "comments",
    "comment_features",
)  # fmt: skip
EXPERIMENT, MODEL = "/Shared/comments", "community_gold.comments_of_tests"
NOTEBOOK = Path("notebooks/ml/community_comment_classifier.py")
MISSPELT = {"_id": "bad", "body": "nice", "language": "en", "sentiment": "possitive", "is_suggestion": False,
            "labelled_at": "2023-06-02T05:00:00.000Z", "note": "by hand"}  # fmt: skip


@dataclass
class Stage:
    """Two days of deliveries up to silver, and what runs the notebook over them."""

    deployment: Deployment
    pool: KernelPool
    root: Path
    runs: MlflowClient
    outcomes: list[dict[str, Outcome]]

    def run(self, **parameters: str) -> NotebookResult:
        given = {"catalog": "spark_catalog", "schema_prefix": self.deployment.settings.schema_prefix, "as_of": "2023-06-02",
                 "experiment": EXPERIMENT, "registered_model": MODEL}  # fmt: skip
        task = NotebookTask(path=self.root / NOTEBOOK, root=self.root, parameters=given | parameters, timeout_seconds=500)
        return self.pool.run(task, on_event=lambda event: None, cancel=None)

    def logged(self) -> list[Any]:
        (experiment,) = [each for each in self.runs.search_experiments() if each.name == EXPERIMENT]
        return list(self.runs.search_runs([experiment.experiment_id], order_by=["attributes.start_time"]))

    def rows(self, columns: str, table: str) -> list[tuple[Any, ...]]:
        return self.deployment.sql(f"SELECT {columns} FROM {{{table}}} ORDER BY comment_id")

    def versions(self) -> list[int]:
        paths = ("silver.comment_predictions", "gold.suggestions")
        return [self.deployment.sql(f"DESCRIBE HISTORY {{{path}}} LIMIT 1")[0][0] for path in paths]


@pytest.fixture(scope="module")
def stage(
    spark: Any, spark_server: ServerAddress, repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    layout = Layout(tmp_path_factory.mktemp("home"))
    with (
        deployed(spark, tmp_path_factory.mktemp("volumes"), "community", "exports") as deployment,
        KernelPool(spark_server, layout, repository, size=1) as pool,
    ):
        outcomes, deployment.settings = [], replace(deployment.settings, tables=TABLES)
        for day in (1, 2):
            (labels,) = write_day("community", deployment.landing, day, scale=SCALE, seed=SEED).beside
            if day == 2:
                labels.with_name("comment_labels-by-hand.jsonl").write_text(json.dumps(MISSPELT) + "\n")
            outcomes.append(deployment.run("raw", "bronze", "silver"))
        runs = MlflowClient(tracking_uri=f"sqlite:///{layout.models / 'mlflow.db'}")
        yield Stage(deployment, pool, repository, runs, outcomes)


def test_features_are_what_the_functions_say_of_every_comment(stage: Stage) -> None:
    names = [part.split()[0] for part in DESCRIBED.split(", ")]
    found = stage.rows(f"comment_id, {', '.join(names)}", "silver.comment_features")
    reader = Reader.load()
    expected = [(id_, *describe(reader, body or "")) for id_, body in stage.rows("comment_id, body", "silver.comments")]
    assert len(found) > 60
    assert [row[:4] for row in found] == [row[:4] for row in expected]
    for row, wanted in zip(found, expected, strict=True):
        assert row[4:] == (pytest.approx(wanted[4]) if wanted[4] is not None else None,
                           pytest.approx(wanted[5]) if wanted[5] is not None else None)  # fmt: skip
    assert any(row[4] is None and row[5] is not None for row in found) and any(row[4] is not None for row in found)


def test_a_day_describes_only_the_comments_that_it_changed_and_a_rebuild_gives_the_same(stage: Stage) -> None:
    first, second = (each[COMMENT_FEATURES.path] for each in stage.outcomes)
    assert first.counts.inserted == 60 and (second.path, second.status) == ("sliced", "written")
    assert second.counts.slices is not None and 0 < second.counts.slices < 40
    before = stage.rows("*", COMMENT_FEATURES.path)
    settings = replace(stage.deployment.settings, run_id=uuid.uuid4().hex, rebuild=True, tables=(COMMENT_FEATURES.name,))
    (again,) = run_layer(stage.deployment.spark, stage.deployment.system, "silver", settings).all
    assert (again.path, again.status) == ("full", "nothing to do")
    assert stage.rows("*", COMMENT_FEATURES.path) == before


def test_a_translator_is_sql_and_without_one_there_is_no_english_text(stage: Stage) -> None:
    assert set(stage.rows("english_text", "silver.comment_features")) == {(None,)}
    texts = stage.deployment.spark.createDataFrame(
        [("en", "a map"), ("es", "un mapa"), ("unknown", "🎉")], "language string, body string"
    )
    translated = texts.select("language", english("concat(language, ': ', upper(body))").alias("english_text"))
    assert sorted(map(tuple, translated.collect())) == [("en", "a map"), ("es", "es: UN MAPA"), ("unknown", None)]
    assert texts.select(english("").alias("none")).where(F.col("none").isNotNull()).isEmpty()


def test_labels_are_the_latest_ones_and_a_misspelt_one_waits(stage: Stage) -> None:
    n, newest, n_again = stage.deployment.sql(
        "SELECT count(*), max(labelled_at), count_if(labelled_at >= '2023-06-02') FROM {bronze.comment_labels}"
    )[0]
    assert (n, n_again) == (1_506, 10) and str(newest)[:10] == "2023-06-02"
    quarantined = stage.deployment.sql("SELECT reason FROM {raw.quarantine} WHERE table_name = 'bronze.comment_labels'")
    assert len(quarantined) == 1 and "sentiment is one of the accepted values" in str(quarantined)


def test_the_notebook_judges_registers_and_publishes_and_then_has_nothing_to_do(stage: Stage) -> None:
    first = stage.run()
    assert first.state == "SUCCESS", first.error
    shown = [output["data"] for cell in first.cells for output in cell.outputs if output.get("data")]
    assert sum("image/png" in data for data in shown) == 4

    (run,) = stage.logged()
    metrics = run.data.metrics
    for question in ("sentiment", "is_suggestion"):
        assert metrics[f"{question}.majority.high"] < metrics[f"{question}.low"] < metrics[f"{question}.macro_f1"] < 0.95
        assert {f"{question}.macro_f1.{code}" for code in ("en", "th", "tr")} <= set(metrics)
    assert metrics["n_labels"] == 1_506 and 0 < metrics["calibration_error"] < 0.1
    assert json.loads(run.data.tags["tideline.versions"])["bronze.comment_labels"][1] == int(
        run.data.params["version of bronze.comment_labels"])  # fmt: skip
    artifacts = {each.path for each in stage.runs.list_artifacts(run.info.run_id)}
    assert {"inputs.json", "languages.json", "scores.png", "languages.png", "confusion.png", "believed.png"} <= artifacts

    champion = stage.runs.get_model_version_by_alias(MODEL, ALIAS)
    assert str(champion.version) == "1" and champion.tags["fingerprint"] == run.data.tags["fingerprint"]
    predictions = stage.rows("comment_id, language, model_version, is_suggestion, suggestion_score", "silver.comment_predictions")
    assert [row[:2] for row in predictions] == stage.rows("comment_id, language", "silver.comment_features")
    assert {row[2] for row in predictions} == {"1"}

    suggested = stage.deployment.sql("SELECT * FROM {gold.suggestions} ORDER BY rank")
    assert {row[1] for row in suggested} == {row[0] for row in predictions if row[3]} and len(suggested) > 5
    expected = stage.deployment.sql(
        "SELECT c.comment_id, coalesce(p.title, 'unknown'), c.body, c.created_at FROM {silver.comments} c "
        "JOIN {silver.comment_predictions} USING (comment_id) "
        "LEFT JOIN (SELECT DISTINCT post_id, title FROM {silver.posts_english}) p USING (post_id) "
        "WHERE is_suggestion ORDER BY created_at DESC, comment_id"
    )  # fmt: skip
    assert [(row[1], row[3], row[4], row[8]) for row in suggested] == expected
    users = {row[0] for row in stage.deployment.sql("SELECT user_id FROM {silver.comments}")}
    assert users and not users & {value for row in suggested for value in row}

    at = stage.versions()
    again = stage.run()
    assert again.state == "SUCCESS" and "nothing to do" in str(again.exit_value)
    assert (stage.versions(), len(stage.logged())) == (at, 1)


@pytest.mark.deep
def test_a_run_that_is_made_again_finds_the_same_and_publishes_nothing(stage: Stage) -> None:
    if not stage.runs.search_experiments(filter_string=f"name = '{EXPERIMENT}'"):
        stage.run()
    then, at = stage.logged()[0], stage.versions()
    result = stage.run(versions=then.data.tags["tideline.versions"], publish="false", reproduces=then.info.run_id)
    assert result.state == "SUCCESS" and "nothing is published" in str(result.exit_value), result.error
    now = stage.logged()[-1]
    assert now.info.run_id != then.info.run_id and now.data.metrics == then.data.metrics
    assert now.data.tags["fingerprint"] == then.data.tags["fingerprint"]
    assert (stage.versions(), str(stage.runs.get_model_version_by_alias(MODEL, ALIAS).version)) == (at, "1")


def test_what_may_not_be_published_stops_before(repository: Path) -> None:
    source = (repository / NOTEBOOK).read_text()
    steps = ("log_training(\n", "tracking.publishes", "classifier_registry.chosen(", ".publish(predictions)")
    order = [source.index(each) for each in steps]
    assert order == sorted(order) and source.count(".publish(") == 2


def test_the_job_classifies_after_silver_and_registers_where_the_bundle_says(repository: Path) -> None:
    bundle = load_bundle(repository, target="prod", environment={}, has_local_settings=False)
    tasks = {task["task_key"]: task for task in bundle.job("community")["tasks"]}
    assert [each["task_key"] for each in tasks["comment_classifier"]["depends_on"]] == ["silver"]
    notebook = tasks["comment_classifier"]["notebook_task"]
    assert Path(notebook["notebook_path"]) == repository / NOTEBOOK
    assert notebook["base_parameters"]["experiment"] == "/Shared/tideline_community_comment_classifier"
    assert notebook["base_parameters"]["registered_model"].endswith("community_gold.comment_classifier")
