"""A real system deployed for a test: schemas with a prefix of their own, a landing folder, layers run one by one."""

from __future__ import annotations

import importlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from engine.outcomes import Outcome
from engine.pipeline import run_layer
from engine.spec import Published
from utils.settings import Settings


class Deployment:
    """One system on real Delta; `landing` is the folder of its source."""

    def __init__(self, spark: Any, folder: Path, system: str, source: str) -> None:
        self.spark, self.system = spark, importlib.import_module(f"systems.{system}.system").SYSTEM
        self.settings = Settings(
            system_name=system, as_of=date(2024, 1, 1), schema_prefix=f"t{uuid.uuid4().hex[:8]}_", volume_root=str(folder),
            secret=lambda _: "a secret of the tests",
        )
        self.schemas = [f"{self.settings.schema_prefix}{name}" for name in
                        (*(f"{system}_{layer}" for layer in ("raw", "bronze", "silver", "gold")), "ops")]
        for schema in self.schemas:
            spark.sql(f"CREATE SCHEMA {schema}").collect()
        self.landing = Path(self.settings.landing) / source
        self.landing.mkdir(parents=True)

    def run(self, *layers: str, rebuild: bool = False) -> dict[str, Outcome]:
        """Run layers as one run each; table path -> outcome."""
        done: dict[str, Outcome] = {}
        for layer in layers:
            fresh = replace(self.settings, run_id=uuid.uuid4().hex, rebuild=rebuild)
            done |= {outcome.table: outcome for outcome in run_layer(self.spark, self.system, layer, fresh).all}
        return done

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of a query in which `{layer.table}` stands for a table's full name."""
        for path in sorted({part.split("}")[0] for part in query.split("{")[1:]}):
            query = query.replace("{" + path + "}", self.settings.name_of(path))
        return [tuple(row) for row in self.spark.sql(query).collect()]

    def fingerprint(self, layer: str) -> dict[str, tuple[Any, ...]]:
        """Rows and an order-free hash of all columns, the run's id aside, of every table that a layer's run writes."""
        found = {}
        for table in self.system.tables:
            if table.layer == layer and not isinstance(table, Published):
                frame = self.spark.table(self.settings.name_of(table.path))
                names = ", ".join(_hashable(name, kind) for name, kind in frame.dtypes if name != "_run_id")
                hashed = f"sum(cast(xxhash64({names}) AS decimal(38,0)))"
                found[table.path] = self.sql(f"SELECT count(*), {hashed} FROM {{{table.path}}}")[0]
        return found


def _hashable(name: str, kind: str) -> str:
    """A column as SQL can hash it: variants by their JSON text, maps by their entries in order."""
    if kind == "variant":
        return f"to_json(`{name}`)"
    return f"array_sort(map_entries(`{name}`))" if kind.startswith("map") else f"`{name}`"


@contextmanager
def deployed(spark: Any, folder: Path, system: str, source: str) -> Iterator[Deployment]:
    """A deployment whose schemas are dropped at the end."""
    deployment = Deployment(spark, folder, system, source)
    try:
        yield deployment
    finally:
        for schema in deployment.schemas:
            spark.sql(f"DROP SCHEMA IF EXISTS {schema} CASCADE").collect()
