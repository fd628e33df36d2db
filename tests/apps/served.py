"""The project's apps as processes of their own, over what a test made."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from systems.payments import serving
from systems.payments.training import Trained, train
from tests.systems.payments.tastes import SECRET, taste_of
from tideline.samples.payments.world import World

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Api:
    url: str
    process: subprocess.Popen[bytes]

    def post(self, path: str, body: object, **headers: str) -> requests.Response:
        return requests.post(f"{self.url}{path}", json=body, headers=headers, timeout=30)

    def get(self, path: str, **headers: str) -> requests.Response:
        return requests.get(f"{self.url}{path}", headers=headers, timeout=30)


@contextmanager
def api(folder: Path, **variables: str) -> Iterator[Api]:
    """The API over the releases in `folder`, ended afterwards."""
    port = free_port()
    env = environment(folder) | {"TIDELINE_API_PORT": str(port)} | variables
    with _running("apps.api", port, "/health", env) as found:
        yield found


@contextmanager
def web(warehouse: Path, **variables: str) -> Iterator[str]:
    """The address of the web app over the tables in `warehouse`; it is ended afterwards."""
    port = free_port()
    env = environment(warehouse.parent) | {
        "TIDELINE_GOLD": str(warehouse), "TIDELINE_WEB_PORT": str(port), "TIDELINE_WEB_REFRESH_SECONDS": "0.3",
    }  # fmt: skip
    with _running("apps.ab_results", port, "/_stcore/health", env | variables) as found:
        yield found.url


@contextmanager
def _running(module: str, port: int, health: str, env: Mapping[str, str]) -> Iterator[Api]:
    process = subprocess.Popen([sys.executable, "-m", module], cwd=ROOT, env=env)
    found = Api(f"http://127.0.0.1:{port}", process)
    try:
        wait_until_it_answers(found, health)
        yield found
    finally:
        process.terminate()
        process.wait(20)


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def environment(folder: Path) -> dict[str, str]:
    return {
        **_without_workspace(os.environ),
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
        "TIDELINE_SERVING": str(folder),
        "TIDELINE_GOLD": str(folder / "warehouse"),
        "TIDELINE_PSEUDONYM_KEY": SECRET,
        "TIDELINE_RECOMMENDATIONS_JOB_ID": "1",
        "TIDELINE_API_REFRESH_SECONDS": "0.1",
    }


def _without_workspace(variables: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if not name.startswith("DATABRICKS_")}


def wait_until_it_answers(found: Api, health: str = "/health") -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert found.process.poll() is None, "the app ended"
        try:
            requests.get(f"{found.url}{health}", timeout=5)
        except requests.ConnectionError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the app does not answer")


def trained_on(world: World, n_payments: int) -> Trained:
    taste, popular = taste_of(world, n_payments)
    return train(taste, popular, say=lambda _: None)


def release(folder: Path, trained: Trained, version: str) -> None:
    """Publish a recommender as the job does."""
    files = folder.parent / f"files of {version}"
    trained.recommender.save(files, trained.facts() | {"as_of": "2024-05-01"})
    serving.publish(folder, version, files)
