"""Recommendations over HTTP, from a process of its own: right, in order, from one version, and clear about mistakes."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from systems.payments.questions import recommend_companies
from systems.payments.training import Trained
from tests.apps.served import Api, api, environment, release, trained_on
from tests.systems.payments.tastes import SECRET
from tideline.samples.payments.world import World

UNKNOWN = "0" * 64


@pytest.fixture(scope="module")
def world() -> World:
    return World.of(7, companies=300, clients=1_000)


@pytest.fixture(scope="module")
def trained(world: World) -> Trained:
    return trained_on(world, 20_000)


@pytest.fixture(scope="module")
def serving(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("volume") / "serving"
    release(folder, trained, "v1")
    return folder


@pytest.fixture(scope="module")
def served(serving: Path) -> Iterator[Api]:
    with api(serving) as found:
        yield found


def client_of(world: World, trained: Trained) -> str:
    """The client with most companies."""
    return next(
        id_ for id_ in (world.client_id(int(row)) for row in world.activity.argsort()[::-1])
        if recommend_companies(trained.recommender, SECRET, id_, 1).fallback is None
    )  # fmt: skip


def test_a_client_gets_companies_in_the_order_of_their_rank(world: World, trained: Trained, served: Api) -> None:
    client = client_of(world, trained)
    answer = served.post("/recommend_companies", {"client_id": client, "num_recommendations": 7})
    assert answer.status_code == 200
    expected = recommend_companies(trained.recommender, SECRET, client, 7)
    body = answer.json()
    assert {**body, "recommended_companies": []} == {
        "client_id": client, "model_version": "v1", "as_of": "2024-05-01", "recommended_companies": [], "fallback": None,
    }  # fmt: skip
    assert [vars(each) for each in expected.recommended_companies] == body["recommended_companies"]
    assert len(served.post("/recommend_companies", {"client_id": client}).json()["recommended_companies"]) == 5


def test_an_unknown_client_gets_popular_companies_and_the_answer_says_so(served: Api, trained: Trained) -> None:
    body = served.post("/recommend_companies", {"client_id": UNKNOWN, "num_recommendations": 50}).json()
    assert body["fallback"] == "popular"
    ids = trained.recommender.companies["company_id"].to_numpy()[trained.recommender.popular[:50]]
    assert [each["company_id"] for each in body["recommended_companies"]] == ids.tolist()
    assert {each["score"] for each in body["recommended_companies"]} == {None}


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({}, "client_id"),
        ({"client_id": "short"}, "client_id"),
        ({"client_id": "G" * 64}, "client_id"),
        ({"client_id": UNKNOWN + "\n"}, "client_id"),
        ({"client_id": None}, "client_id"),
        ({"client_id": UNKNOWN, "num_recommendations": 0}, "num_recommendations"),
        ({"client_id": UNKNOWN, "num_recommendations": 51}, "num_recommendations"),
        ({"client_id": UNKNOWN, "num_recommendations": "5"}, "num_recommendations"),
        ({"client_id": UNKNOWN, "num_recommendation": 5}, "num_recommendation"),
    ],
)
def test_bad_input_is_422_and_names_the_field(served: Api, body: object, place: str) -> None:
    answer = served.post("/recommend_companies", body)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"][-1] == place


def test_the_api_starts_without_a_release_says_so_and_takes_the_first_one_over(trained: Trained, tmp_path: Path) -> None:
    with api(tmp_path / "serving") as found:
        answer = found.post("/recommend_companies", {"client_id": UNKNOWN})
        assert (answer.status_code, "POST /create_index" in answer.json()["detail"]) == (503, True)
        assert found.get("/health").status_code == 200
        assert found.get("/ready").status_code == 503
        release(tmp_path / "serving", trained, "v1")
        wait_for(found, "v1")
        assert found.post("/recommend_companies", {"client_id": UNKNOWN}).status_code == 200


def test_a_broken_release_is_not_taken_over_and_readiness_says_why(trained: Trained, tmp_path: Path) -> None:
    release(tmp_path / "serving", trained, "v1")
    with api(tmp_path / "serving") as found:
        release(tmp_path / "serving", trained, "v2")
        wait_for(found, "v2")
        (tmp_path / "serving" / "v3").mkdir()
        (tmp_path / "serving" / "v3" / "files.json").write_text('{"facts.json": "0"}')
        (tmp_path / "serving" / "current.json").write_text('{"version": "v3"}')
        until = time.monotonic() + 20
        while not found.get("/ready").json()["errors"] and time.monotonic() < until:
            time.sleep(0.05)
        ready = found.get("/ready")
        assert (ready.status_code, ready.json()["recommender"]) == (200, "v2")
        assert "v3/facts.json: is missing" in ready.json()["errors"]["recommender"]
        assert found.post("/recommend_companies", {"client_id": UNKNOWN}).json()["model_version"] == "v2"


def test_no_answer_fails_or_mixes_versions_while_releases_are_swapped(world: World, trained: Trained, tmp_path: Path) -> None:
    """Two recommenders that differ in every answer take turns; each answer is wholly of the version that it names."""
    other = trained_on(World.of(8, companies=300, clients=1_000), 20_000)
    by_parity = {0: trained, 1: other}
    client = client_of(world, trained)
    expected = {
        parity: [vars(each) for each in recommend_companies(made.recommender, SECRET, client, 5).recommended_companies]
        for parity, made in by_parity.items()
    }
    assert expected[0] != expected[1]
    release(tmp_path / "serving", trained, "v0")
    with api(tmp_path / "serving") as found:
        is_over = threading.Event()
        wrong: list[object] = []
        seen: set[str] = set()

        def ask() -> None:
            while not is_over.is_set():
                answer = found.post("/recommend_companies", {"client_id": client})
                body = answer.json()
                seen.add(body["model_version"])
                if answer.status_code != 200 or body["recommended_companies"] != expected[int(body["model_version"][1:]) % 2]:
                    wrong.append(body)

        askers = [threading.Thread(target=ask) for _ in range(3)]
        for asker in askers:
            asker.start()
        for number in range(1, 8):
            release(tmp_path / "serving", by_parity[number % 2], f"v{number}")
            wait_for(found, f"v{number}")
        is_over.set()
        for asker in askers:
            asker.join()
    assert wrong == []
    assert len(seen) >= 6


def test_a_token_guards_everything_but_health(serving: Path) -> None:
    with api(serving, TIDELINE_API_TOKEN="let me in") as found:
        assert found.get("/health").status_code == 200
        for header in ({}, {"Authorization": "Bearer let me out"}, {"Authorization": "Basic let me in"}):
            assert found.post("/recommend_companies", {"client_id": UNKNOWN}, **header).status_code == 401
        answer = found.post("/recommend_companies", {"client_id": UNKNOWN}, Authorization="Bearer let me in")
        assert answer.status_code == 200


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"TIDELINE_API_HOST": "0.0.0.0"}, "TIDELINE_API_HOST is `0.0.0.0`, which others reach: set TIDELINE_API_TOKEN"),
        ({"TIDELINE_API_RATE": "many"}, "the variable TIDELINE_API_RATE is `many`, expected something like 100/second"),
        ({"TIDELINE_GOLD": ""}, "the variable TIDELINE_WAREHOUSE_ID is missing"),
        ({"TIDELINE_PSEUDONYM_KEY": ""}, "the variable TIDELINE_PSEUDONYM_KEY is missing"),
        ({"TIDELINE_BUILD_PARAMETERS": "as_of"}, "TIDELINE_BUILD_PARAMETERS is `as_of`, expected a JSON object of texts"),
        ({"TIDELINE_API_PORT": "http"}, "the variable DATABRICKS_APP_PORT is `http`, expected a number"),
    ],
)
def test_a_wrong_environment_is_one_line(tmp_path: Path, variables: dict[str, str], said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "apps.api"], cwd=Path(__file__).resolve().parents[2], env=environment(tmp_path) | variables,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert said in done.stderr


def test_the_api_needs_no_spark(tmp_path: Path) -> None:
    code = "import sys, apps.api.main; print(sorted({'pyspark', 'mlflow', 'engine', 'jax', 'numpyro'} & sys.modules.keys()))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).resolve().parents[2], env=environment(tmp_path),
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"


def wait_for(found: Api, version: str) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if found.get("/ready").json()["recommender"] == version:
            return
        time.sleep(0.02)
    raise AssertionError(f"{version} was never taken over")
