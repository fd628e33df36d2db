"""SIGKILL of the runner, the kernels and the Spark server in the middle of a run: the next run makes the same tables."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

pytestmark = [pytest.mark.deep, pytest.mark.timeout(1500)]
TIDELINE = Path(sys.executable).with_name("tideline")
KERNEL = "tideline.workspace.notebook.kernel"
TABLES = {
    "raw.events": "text",
    "bronze.events": "* EXCEPT (_run_id)",
    "silver.exposures": "*",
    "silver.purchases": "*",
    "gold.variant_results": "*",
}


class Place:
    """A home of its own for the project's bundle; `prefix` keeps deployments in it apart."""

    def __init__(self, repository: Path, home: Path) -> None:
        self.repository, self.home = repository, home
        self.env = os.environ | {"TIDELINE_HOME": str(home), "NO_COLOR": "1"}

    def tideline(self, *arguments: str) -> str:
        done = subprocess.run(
            [TIDELINE, *arguments], cwd=self.repository, env=self.env, capture_output=True, text=True, check=False)  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, prefix: str, *, day: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [TIDELINE, *_run(prefix, day)], cwd=self.repository, env=self.env,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)  # fmt: skip

    def run(self, prefix: str, *, day: int) -> None:
        self.tideline(*_run(prefix, day))

    def deliver(self, prefix: str, day: int) -> None:
        from tideline.samples import write_day

        schema = f"{prefix}ab_testing_raw"
        landing = self.home / "volumes" / "spark_catalog" / schema / "landing" / "events"
        landing.mkdir(parents=True, exist_ok=True)
        write_day("ab_testing", landing, day, scale=0.05, seed=5)

    def wait_for(self, task: str, runner: subprocess.Popen[bytes], *, since: float) -> None:
        """Until `task` of a run that started after `since` runs, and a little longer, so that Spark is at work."""
        while runner.poll() is None:
            for events in self.home.glob("runs/*/events.jsonl"):
                for line in events.read_text().splitlines():
                    event = json.loads(line)
                    if event["at"] > since and (event["kind"], event["task"], event["state"]) == ("task", task, "RUNNING"):
                        time.sleep(1.5)
                        return
            time.sleep(0.1)
        raise AssertionError(f"the run ended before {task} started")

    def contents(self, prefix: str) -> dict[str, Any]:
        found = {}
        for table, columns in TABLES.items():
            layer, name = table.split(".")
            query = (
                f"SELECT count(*) AS n, sum(CAST(xxhash64(to_json(struct({columns}))) AS decimal(38,0))) AS h "
                f"FROM {prefix}ab_testing_{layer}.{name}"
            )
            found[table] = json.loads(self.tideline("sql", query, "--format", "json"))
        return found


def _run(prefix: str, day: int) -> list[str]:
    only = "raw,bronze,silver,gold"
    return ["run", "ab_testing", "--only", only, "--var", f"schema_prefix={prefix}", "--param", f"as_of=2023-06-{day:02d}"]


@pytest.fixture(scope="module")
def place(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    place = Place(repository, tmp_path_factory.mktemp("home"))
    yield place
    place.tideline("stop")


def _kernels(runner: subprocess.Popen[bytes]) -> list[psutil.Process]:
    return [child for child in psutil.Process(runner.pid).children(recursive=True) if KERNEL in " ".join(child.cmdline())]


def test_what_was_killed_leaves_the_tables_that_an_undisturbed_run_makes(place: Place) -> None:
    for day in (1, 2):
        place.deliver("calm_", day)
        place.run("calm_", day=day)

    place.deliver("hurt_", 1)
    for task in ("raw", "bronze", "gold"):
        began = time.time()
        runner = place.start("hurt_", day=1)
        place.wait_for(task, runner, since=began)
        runner.kill()
        runner.wait()
    place.run("hurt_", day=1)

    place.deliver("hurt_", 2)
    began = time.time()
    runner = place.start("hurt_", day=2)
    place.wait_for("silver", runner, since=began)
    kernels = _kernels(runner)
    for kernel in kernels:
        kernel.kill()
    after_kernels = runner.wait()

    began = time.time()
    place.deliver("hurt_", 3)
    runner = place.start("hurt_", day=3)
    place.wait_for("bronze", runner, since=began)
    server = psutil.Process(json.loads((place.home / "server" / "server.json").read_text())["pid"])
    server.kill()
    runner.wait()
    place.run("hurt_", day=3)

    place.deliver("calm_", 3)
    place.run("calm_", day=3)
    assert kernels
    assert after_kernels == 0  # the tasks tried again
    assert place.contents("hurt_") == place.contents("calm_")
