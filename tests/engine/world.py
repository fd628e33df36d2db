"""A small system of its own for engine tests: records go in as documents, tables come out as plain rows."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from engine.outcomes import Outcome, Outcomes
from engine.pipeline import run_layer
from engine.sources.spec import Files
from engine.spec import Column, Latest
from engine.system import System
from utils.settings import Settings

SOURCE = Files("records", format="json", folder="drops", pattern="*.json")
SCHEMAS = ("demo_raw", "demo_bronze", "demo_silver", "demo_gold", "ops")
LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC).timestamp()


def latest(build: Any, columns: Sequence[Column], **options: Any) -> Latest:
    return Latest(
        build=build,
        source="raw.records",
        key=options.pop("key", ["id"]),
        sequence="at",
        grain="one row per id",
        columns=columns,
        **options,
    )


class World:
    """One deployment (schemas with a prefix of its own) of one system, on real Delta."""

    def __init__(self, spark: Any, folder: Path, tables: Sequence[Any], prefix: str = "") -> None:
        """A new deployment, or the one that another process made with `prefix`."""
        self.spark = spark
        self.system = System(
            name="demo", question="Does it hold?", time_zone="UTC", sources=[SOURCE], tables=tables
        )
        self.settings = Settings(
            system_name="demo",
            as_of=date(2024, 6, 30),
            schema_prefix=prefix or f"t{uuid.uuid4().hex[:8]}_",
            volume_root=str(folder),
            secret=lambda _: "a secret of the tests",
        )
        self.landing = Path(self.settings.landing) / "drops"
        if not prefix:
            for schema in SCHEMAS:
                spark.sql(f"CREATE SCHEMA {self.settings.schema_prefix}{schema}").collect()
            self.landing.mkdir(parents=True)

    def drop(self) -> None:
        for schema in SCHEMAS:
            self.spark.sql(f"DROP SCHEMA {self.settings.schema_prefix}{schema} CASCADE").collect()

    def with_tables(self, *tables: Any, **settings: Any) -> World:
        """The same deployment with other declarations."""
        other = object.__new__(World)
        other.__dict__ = dict(self.__dict__)
        other.system = System(
            name="demo", question="Does it hold?", time_zone="UTC", sources=[SOURCE], tables=tables
        )
        other.settings = replace(self.settings, **settings)
        return other

    def deliver(self, name: str, records: Sequence[Mapping[str, Any]] | str | bytes) -> Path:
        """A file in the landing folder, old enough to be complete: documents one per line, or text as it is."""
        path = self.landing / name
        content = (
            records
            if isinstance(records, str | bytes)
            else "".join(json.dumps(record) + "\n" for record in records)
        )
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        os.utime(path, (LONG_AGO, LONG_AGO + len(list(self.landing.iterdir()))))
        return path

    def run(self, *layers: str, **settings: Any) -> dict[str, Outcome]:
        """Run layers (raw and bronze by default) as one run; table path -> outcome."""
        done: dict[str, Outcome] = {}
        for layer in layers or ("raw", "bronze"):
            outcomes = self.run_one(layer, **settings)
            done |= {outcome.table: outcome for outcome in outcomes.all}
        return done

    def run_one(self, layer: str, **settings: Any) -> Outcomes:
        fresh = replace(self.settings, run_id=uuid.uuid4().hex, **settings)
        return run_layer(self.spark, self.system, layer, fresh)

    def rows(self, path: str, *columns: str) -> list[tuple[Any, ...]]:
        """The table's declared columns (or `columns`), sorted, tombstones left out."""
        frame = self.spark.table(self.settings.name_of(path))
        if "_is_deleted" in frame.columns:
            frame = frame.where("NOT _is_deleted")
        names = columns or self.system.table(path).column_names
        plain = [
            f"to_json({name}) AS {name}" if dict(frame.dtypes)[name] == "variant" else name for name in names
        ]
        found = [tuple(row) for row in frame.selectExpr(*plain).collect()]
        return sorted(found, key=lambda row: [(value is None, str(value)) for value in row])

    def sql(self, query: str) -> list[Any]:
        """Rows of a query in which `{layer.table}` stands for a table's full name."""
        for path in sorted({part.split("}")[0] for part in query.split("{")[1:]}):
            query = query.replace("{" + path + "}", self.settings.name_of(path))
        return self.spark.sql(query).collect()

    def version(self, path: str) -> int:
        return int(self.sql(f"DESCRIBE HISTORY {{{path}}} LIMIT 1")[0]["version"])

    def versions(self) -> dict[str, int]:
        """Version of every table of the system; `ops` is left out."""
        paths = [source.path for source in self.system.sources] + [table.path for table in self.system.tables]
        paths = [path for path in paths if self.spark.catalog.tableExists(self.settings.name_of(path))]
        return {path: self.version(path) for path in paths}
