"""The job `payments_recommendations` as it is declared: published once, then nothing to do; what is unfit is not served."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import psycopg
import pytest

from systems.payments import serving
from systems.payments.index import CompanyIndex
from systems.payments.recommender import INDEX
from systems.payments.training import SERVED
from tests.apps.served import api
from tests.samples.payments_api import Service, payments_service
from tideline.samples.payments import sample, write_day
from tideline.workspace.bundle import Bundle, load_bundle
from tideline.workspace.bundle.deploy import deploy_locally, destroy_locally
from tideline.workspace.bundle.namespaces import computed_fields
from tideline.workspace.jobs import JobRun, RunStore, run_job
from tideline.workspace.jobs.events import Event, Listener
from tideline.workspace.layout import Layout
from tideline.workspace.notebook.pool import KernelPool
from tideline.workspace.server import ServerAddress
from tideline.workspace.tracking import tracking_environment
from utils import releases
from utils.pseudonyms import pseudonym_of
from utils.settings import Settings

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]

START, SCALE, SECRET = date(2023, 6, 1), 0.05, "a secret of the tests"
LAYERS = ("raw", "bronze", "silver", "gold")


@dataclass(frozen=True)
class Seen:
    """What a run may change outside `ops`: versions of tables, files of releases (written when, holding what), versions of
    the model in the registry, runs of MLflow.
    """

    tables: dict[str, int]
    releases: dict[str, tuple[int, str]]
    models: list[int]
    trained: set[str]


@dataclass(frozen=True)
class Place:
    """The project's bundle in a home of its own, deployed over a service."""

    bundle: Bundle
    store: RunStore
    pool: KernelPool
    spark: Any
    service: Service
    settings: Settings
    tracking: mlflow.MlflowClient

    def run(self, job: str, day: int, on_event: Listener = lambda event: None) -> JobRun:
        given = {"as_of": str(START.replace(day=day))}
        return run_job(self.bundle, job, parameters=given, pool=lambda: self.pool, store=self.store, on_event=on_event)

    def write_day(self, day: int) -> None:
        with psycopg.connect(self.service.owner.dsn) as connection:
            write_day(connection, sample(7, SCALE, START), day)

    @property
    def serving(self) -> Path:
        return serving.folder_of(self.settings)

    @property
    def model(self) -> str:
        """The model's name in the registry."""
        return str(computed_fields("registered_models", self.bundle.resources["registered_models"]["recommender"])["full_name"])

    def seen(self) -> Seen:
        files = sorted(path for path in self.serving.rglob("*") if path.is_file())
        experiments = [each.experiment_id for each in self.tracking.search_experiments()]
        return Seen(
            {table: self.version(table) for table in self.tables()},
            {str(path.relative_to(self.serving)): (path.stat().st_mtime_ns, _sum(path)) for path in files},
            sorted(int(each.version) for each in self.tracking.search_model_versions(f"name = '{self.model}'")),
            {run.info.run_id for run in self.tracking.search_runs(experiments)},
        )

    def tables(self) -> list[str]:
        """All of them as layer.name, whoever made them; views have no versions."""
        found = []
        for layer in LAYERS:
            views = {row["viewName"] for row in self.rows(f"SHOW VIEWS IN {self.settings.schema(layer)}")}
            names = {row["tableName"] for row in self.rows(f"SHOW TABLES IN {self.settings.schema(layer)}")}
            found += [f"{layer}.{name}" for name in sorted(names - views)]
        return found

    def version(self, table: str) -> int:
        return int(self.rows(f"DESCRIBE HISTORY {self.settings.name_of(table)} LIMIT 1")[0]["version"])

    def rows(self, query: str) -> list[Any]:
        return list(self.spark.sql(query).collect())

    def recommended(self) -> list[Any]:
        return self.rows(f"SELECT * FROM {self.settings.name_of('gold.recommendations')} ORDER BY client, rank")


def _sum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def states(run: JobRun) -> dict[str, str]:
    return {key: task.state for key, task in run.tasks.items()}


@pytest.fixture(scope="module")
def place(
    spark: Any, spark_server: ServerAddress, tmp_path_factory: pytest.TempPathFactory, repository: Path
) -> Iterator[Place]:
    """The first day's payments at the source, and the companies fetched, as the weekly job does."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch, payments_service() as service:
        patch.setenv("TIDELINE_HOME", str(home))
        secrets = {"payments_url": service.served.url, "payments_token": service.served.token, "pseudonym_key": SECRET}
        (home / "secrets.json").write_text(json.dumps({"tideline": secrets}))
        layout, prefix = Layout(repository), f"t{uuid.uuid4().hex[:8]}_"
        bundle = load_bundle(repository, environment={}, variables={"schema_prefix": prefix})
        store = tracking_environment(layout)["MLFLOW_TRACKING_URI"]
        settings = Settings("payments", START, schema_prefix=prefix, volume_root=str(layout.volumes))
        models = mlflow.MlflowClient(tracking_uri=store, registry_uri=store)
        deploy_locally(bundle, layout, spark)
        try:
            with KernelPool(spark_server, layout, repository, size=2) as pool:
                place = Place(bundle, RunStore(layout.runs), pool, spark, service, settings, models)
                place.write_day(1)
                assert place.run("payments_companies", 1).state == "SUCCESS"
                yield place
        finally:
            destroy_locally(bundle, layout, spark)


@pytest.fixture(scope="module")
def first(place: Place) -> JobRun:
    return place.run("payments_recommendations", 1)


@pytest.fixture(scope="module")
def second(place: Place, first: JobRun) -> tuple[Seen, JobRun, Seen]:
    """Nothing changed at the source: what was there, the run, what is there."""
    return place.seen(), place.run("payments_recommendations", 1), place.seen()


@pytest.fixture(scope="module")
def refused(place: Place, second: tuple[Seen, JobRun, Seen]) -> tuple[Seen, JobRun, Seen]:
    """A day's payments more, and an index that loses half of its companies between training and validation."""
    place.write_day(2)

    def damage(event: Event) -> None:
        if (event.kind, event.task, event.state) == ("task", "train", "SUCCESS"):
            newest = max(Layout(place.bundle.root).models.rglob(INDEX), key=lambda path: path.stat().st_mtime_ns)
            index = CompanyIndex.load(newest)
            index.graph.remove(np.asarray(index.graph.keys)[::2])
            index.save(newest)

    return place.seen(), place.run("payments_recommendations", 2, damage), place.seen()


def test_the_first_run_trains_validates_and_publishes(place: Place, first: JobRun) -> None:
    assert (first.state, set(states(first).values())) == ("SUCCESS", {"SUCCESS"}), states(first)
    assert first.tasks["is_due"].outcome == "true"
    seen = place.seen()
    assert (seen.models, len(seen.trained)) == ([1], 1)
    champion = place.tracking.get_model_version_by_alias(place.model, serving.ALIAS)
    assert (int(champion.version), champion.run_id) == (1, *seen.trained)
    assert releases.current(place.serving) == "v1"
    releases.refuse_other_files(place.serving / "v1")
    n_clients = len({row["client"] for row in place.recommended()})
    assert n_clients == serving.facts_now(place.serving)["n_clients"] > 1_000


def test_the_api_answers_from_the_release_what_the_table_says(place: Place, first: JobRun) -> None:
    world, table = sample(7, SCALE, START).world, place.recommended()
    known = {row["client"] for row in table}
    client = next(id_ for id_ in map(world.client_id, range(world.n_clients)) if pseudonym_of(SECRET, id_) in known)
    expected = [row["company_id"] for row in table if row["client"] == pseudonym_of(SECRET, client)]
    with api(place.serving, TIDELINE_PSEUDONYM_KEY=SECRET) as found:
        answer = found.post("/recommend_companies", {"client_id": client, "num_recommendations": 20}).json()
    assert (answer["model_version"], answer["fallback"]) == ("v1", None)
    assert [each["company_id"] for each in answer["recommended_companies"]] == expected


def test_what_was_compared_is_logged_with_its_figures(place: Place, first: JobRun) -> None:
    run = place.tracking.get_run(place.tracking.get_model_version(place.model, "1").run_id)
    judgements = json.loads((place.serving / "v1" / "facts.json").read_text())["judgements"]
    assert run.data.metrics[f"{SERVED.replace(' ', '_')}.recall"] == judgements[SERVED]["recall"] > 0
    assert run.data.params["winner"] in judgements
    logged = {each.path for each in place.tracking.list_artifacts(run.info.run_id)}
    assert {"rankings.png", "coverage.png", "how_often_named.png", "inputs.json"} <= logged


def test_a_second_run_learns_nothing_and_commits_nothing(second: tuple[Seen, JobRun, Seen]) -> None:
    before, run, after = second
    assert run.state == "SUCCESS"
    assert {key for key, state in states(run).items() if state != "SUCCESS"} == {"validate", "publish"}
    assert states(run)["validate"] == states(run)["publish"] == "EXCLUDED"
    assert "nothing to do" in str(run.tasks["train"].attempts[0].exit_value)
    assert len(before.tables) >= 10 and len(before.releases) >= 8
    assert after == before


def test_a_candidate_that_fails_its_validation_leaves_what_is_served(refused: tuple[Seen, JobRun, Seen]) -> None:
    before, run, after = refused
    assert (run.state, states(run)["validate"], states(run)["publish"]) == ("FAILED", "FAILED", "UPSTREAM_FAILED")
    error = run.tasks["validate"].error
    assert error is not None and "companies in the index" in error.message
    assert "Nothing was published: the one before it is served." in error.message
    assert len(after.trained - before.trained) == 1
    assert (after.releases, after.models) == (before.releases, before.models)
    assert after.tables["gold.recommendations"] == before.tables["gold.recommendations"]
    assert after.tables["silver.client_company"] > before.tables["silver.client_company"], "there was something to learn"


def test_the_next_run_serves_what_the_failed_one_could_not(place: Place, refused: tuple[Seen, JobRun, Seen]) -> None:
    run = place.run("payments_recommendations", 2)
    assert (run.state, set(states(run).values())) == ("SUCCESS", {"SUCCESS"}), states(run)
    assert place.seen().models == [1, 2]
    assert releases.current(place.serving) == "v2"
    assert len({row["client"] for row in place.recommended()}) == serving.facts_now(place.serving)["n_clients"]
