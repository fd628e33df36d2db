"""A deployment of a system whose sources are the sample payments API and its database; schemas of its own."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from engine.outcomes import Outcome
from engine.pipeline import run_layer
from engine.run import Run
from engine.sources.spec import Source
from engine.spec import Table
from engine.system import System
from utils.settings import Settings

SCHEMAS = ("demo_raw", "demo_bronze", "ops")


class SourcesWorld:
    """One deployment; `secrets` say how its sources are reached."""

    def __init__(self, spark: Any, sources: Sequence[Source], secrets: dict[str, str], tables: Sequence[Table] = ()) -> None:
        self.spark, self.secrets = spark, secrets
        self.system = System("demo", "Does it land?", "UTC", sources, tables)
        self.settings = Settings(
            system_name="demo", as_of=date(2023, 6, 1), schema_prefix=f"t{uuid.uuid4().hex[:8]}_", secret=secrets.__getitem__
        )
        for schema in SCHEMAS:
            spark.sql(f"CREATE SCHEMA {self.settings.schema_prefix}{schema}").collect()

    def run(self, layer: str = "raw") -> Outcome:
        """Run a layer; the outcome of its first table. Raises LayerFailed."""
        return run_layer(self.spark, self.system, layer, self._anew()).all[0]

    def layer_run(self) -> Run:
        return Run(self.spark, self._anew(), self.system)

    def _anew(self) -> Settings:
        return replace(self.settings, run_id=uuid.uuid4().hex)

    def raw(self, name: str) -> Any:
        return self.spark.table(self.settings.name_of(f"raw.{name}"))

    def version(self, path: str) -> int:
        history = self.spark.sql(f"DESCRIBE HISTORY {self.settings.name_of(path)} LIMIT 1")
        return int(history.collect()[0]["version"])

    def drop(self) -> None:
        for schema in SCHEMAS:
            self.spark.sql(f"DROP SCHEMA {self.settings.schema_prefix}{schema} CASCADE").collect()
