"""Wall times of the `tideline` command, as a user sees them.

State lives in a temporary folder; nothing of the repository's own state is touched. The real event set is measured where
TIDELINE_REAL_DATA names its folder.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.memory import memory_of, process_of
from tideline.samples import big_votes

ROOT = Path(__file__).resolve().parents[1]
EMPTY_TASKS = 8
INTRODUCTION = ("## Commands", "", "Wall times of one run, in seconds.")


@dataclass(frozen=True)
class Row:
    """One measurement; `target` and `seconds` in seconds."""

    what: str
    seconds: float
    target: str
    note: str = ""


class Bench:
    """Commands against a state folder of their own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.env = os.environ | {"TIDELINE_HOME": str(home), "NO_COLOR": "1"}

    def tideline(self, *arguments: str) -> str:
        """Standard output of a command; SystemExit with its errors if it fails."""
        command = [str(Path(sys.executable).with_name("tideline")), *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(
                f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
            )
        return done.stdout

    def timed(self, *arguments: str) -> tuple[float, str]:
        started = time.monotonic()
        out = self.tideline(*arguments)
        return time.monotonic() - started, out

    def landing(self, system: str, folder: str) -> Path:
        path = self.home / "volumes" / "spark_catalog" / f"{system}_raw" / "landing" / folder
        path.mkdir(parents=True, exist_ok=True)
        return path


def setup(bench: Bench) -> list[Row]:
    """A clone of the last commit; what was downloaded before is in the caches of pip and of the jars' client."""
    clone = bench.home / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    seconds = []
    for _ in range(2):
        started = time.monotonic()
        subprocess.run(
            ["make", "setup"], cwd=clone, env=_without_make(), check=True, stdout=subprocess.DEVNULL
        )
        seconds.append(time.monotonic() - started)
    return [
        Row("set-up of a fresh clone, downloads cached", seconds[0], ""),
        Row("set-up again: nothing to do", seconds[1], ""),
    ]


def _without_make() -> dict[str, str]:
    """The environment without what an outer make leaves in it."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}


def overhead(bench: Bench) -> list[Row]:
    """A bundle whose notebooks do nothing: what is left is the runner's own time."""
    bundle = bench.home / "empty"
    bundle.mkdir()
    (bundle / "nothing.py").write_text("# Databricks notebook source\n1\n")
    tasks = [
        {
            "task_key": f"t{number}",
            "notebook_task": {"notebook_path": "nothing.py"},
            "depends_on": [{"task_key": f"t{number - 1}"}] if number else [],
        }
        for number in range(EMPTY_TASKS)
    ]
    job = {"name": "empty", "tasks": tasks}
    (bundle / "databricks.yml").write_text(
        json.dumps(
            {
                "bundle": {"name": "empty"},
                "targets": {"dev": {"default": True}},
                "resources": {"jobs": {"empty": job}},
            }
        )
    )
    bench.tideline("--root", str(bundle), "run", "empty")
    seconds, _ = bench.timed("--root", str(bundle), "run", "empty")
    note = f"{EMPTY_TASKS} tasks one after the other, the command's own start included"
    return [Row("overhead per notebook task, warm server", seconds / EMPTY_TASKS, "1.5", note)]


def demo(bench: Bench) -> list[Row]:
    cold, _ = bench.timed("demo")
    warm, _ = bench.timed("demo", "--fresh")
    return [
        Row("demo, a server started for it: both systems, two deliveries each", cold, ""),
        Row("demo, warm server: the same again from nothing (`tideline demo --fresh`)", warm, "180"),
    ]


def nothing_new(bench: Bench) -> list[Row]:
    rows = []
    for system in ("community", "ab_testing"):
        bench.tideline("run", system)
        seconds, _ = bench.timed("run", system)
        rows.append(Row(f"{system}: a run with nothing new, dashboards included", seconds, "20"))
    return rows


def real_events(bench: Bench) -> list[Row]:
    folder = os.environ.get("TIDELINE_REAL_DATA")
    if not folder:
        return []
    bench.tideline("deliver", "ab_testing", str(Path(folder) / "ab_testing" / "events.csv.gz"))
    seconds, _ = bench.timed("run", "ab_testing", "--only", "raw,bronze,silver,gold")
    return [Row("ab_testing: 140,698 real events, raw to gold", seconds, "60")]


def big_export(bench: Bench) -> list[Row]:
    big_votes(bench.landing("community", "exports"), 1.0)
    seconds, _ = bench.timed("run", "community", "--only", "raw,bronze")
    return [
        Row(
            "community: a 1 GB export of votes lands and merges, 4 GB heap",
            seconds,
            "ends",
            memory_of(process_of(bench.home)),
        )
    ]


MEASUREMENTS: tuple[Callable[[Bench], list[Row]], ...] = (
    setup,
    demo,
    nothing_new,
    overhead,
    real_events,
    big_export,
)


def run(home: Path) -> list[str]:
    """Measure everything, and give the table's lines."""
    bench = Bench(home)
    rows: list[Row] = []
    try:
        for measure in MEASUREMENTS:
            print(f"bench: {measure.__name__} ...", flush=True)
            found = measure(bench)
            for row in found:
                print(f"bench:   {row.what}: {row.seconds:.1f} s", flush=True)
            rows += found
    finally:
        bench.tideline("stop")
    return lines(rows)


def lines(rows: list[Row]) -> list[str]:
    head = ["| what | seconds | target | note |", "| --- | --- | --- | --- |"]
    return head + [f"| {row.what} | {row.seconds:.1f} | {row.target} | {row.note} |" for row in rows]
