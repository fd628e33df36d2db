"""A system of one source on a server: its raw layer is run, timed and forgotten. Shared by what measures sources."""

from __future__ import annotations

import os
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))
os.environ.setdefault("SPARK_CONNECT_MODE_ENABLED", "1")

from engine.outcomes import Outcome
from engine.pipeline import run_layer
from engine.run import Run
from engine.sources.spec import Marked
from engine.system import System
from utils.settings import Settings


@dataclass(frozen=True)
class Row:
    """A line of the results: what was measured, what came out, and the target with whether it was met, where there is one."""

    what: str
    found: str
    target: str = ""
    is_met: bool | None = None

    @property
    def cells(self) -> str:
        met = {None: "", True: "met", False: "**missed**"}[self.is_met]
        return f"| {self.what} | {self.found} | {self.target} | {met} |"


class Deployment:
    """The schemas of a system named `name`, whose secrets `<name>_url` and so on are given without their prefix."""

    def __init__(self, spark: Any, name: str, source: Marked, secrets: dict[str, str]) -> None:
        self.spark, self.source = spark, source
        self.system = System(name, "How long does it take?", "UTC", [source], [])
        known = {f"{name}_{key}": value for key, value in secrets.items()}
        self.settings = Settings(name, datetime.now(UTC).date(), secret=known.__getitem__)
        for schema in (f"{name}_raw", "ops"):
            spark.sql(f"CREATE SCHEMA IF NOT EXISTS {schema}").collect()

    @property
    def table(self) -> str:
        return self.settings.name_of(self.source.path)

    def layer_run(self) -> Run:
        return Run(self.spark, replace(self.settings, run_id=uuid.uuid4().hex), self.system)

    def run(self) -> tuple[float, Outcome]:
        """Seconds of the raw layer, its run log included, and what it did. Raises LayerFailed."""
        settings = replace(self.settings, run_id=uuid.uuid4().hex)
        seconds, done = timed(lambda: run_layer(self.spark, self.system, "raw", settings))
        return seconds, done.all[0]

    def forget(self) -> None:
        """As before the first run."""
        self.spark.sql(f"DROP TABLE IF EXISTS {self.table}").collect()


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and what it gave."""
    started = time.monotonic()
    given = work()
    return time.monotonic() - started, given
