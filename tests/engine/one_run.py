"""Layers of a deployment run in a process of its own, for tests that kill it or let two of them meet.

    python -m tests.engine.one_run PREFIX FOLDER LAYERS [die EFFECT PASSED | wait FILE]

`die` ends the process with SIGKILL before a side effect, once PASSED of that name were let through; `wait` begins when
FILE is there. The server is that of SPARK_REMOTE.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import engine
from tests.engine.world import World

ROOT = Path(__file__).resolve().parents[2]
SOURCE = Path(engine.__path__[0]).parent  # of this process: a changed copy is also what the other process runs


def start(world: World, server: Any, *more: str, layers: Sequence[str] = ("bronze",)) -> subprocess.Popen[bytes]:
    """Run `layers` of a deployment in a process; what it prints goes to a file beside the landing folder."""
    folder = Path(world.settings.volume_root)
    command = [sys.executable, "-m", "tests.engine.one_run", world.settings.schema_prefix, str(folder), ",".join(layers), *more]
    environment = os.environ | server.env() | {"SPARK_REMOTE": server.remote, "PYTHONPATH": f"{SOURCE}:{ROOT}"}
    with (folder / "one_run.log").open("ab") as log:
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)


def _die_at(effect: str, passed: int) -> None:
    from tests.engine.drawn import MODULES

    left = [passed]

    def about_to(name: str) -> None:
        if name == effect:
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    for module in MODULES:
        sys.modules[f"engine.{module}"].about_to = about_to


def main() -> None:
    prefix, folder, layers, *how = sys.argv[1:]
    os.environ["SPARK_CONNECT_MODE_ENABLED"] = "1"
    from pyspark.sql import SparkSession

    from tests.engine.drawn import TABLES

    spark = SparkSession.builder.remote(os.environ["SPARK_REMOTE"]).create()
    world = World(spark, Path(folder), TABLES, prefix=prefix)
    spark.sql("SELECT 1").collect()
    if how and how[0] == "die":
        _die_at(how[1], int(how[2]))
    if how and how[0] == "wait":
        Path(f"{how[1]}.{os.getpid()}").touch()
        while not Path(how[1]).exists():
            time.sleep(0.01)
    world.run(*layers.split(","))


if __name__ == "__main__":
    main()
