"""The limit of one node without Spark: delta-rs on the same Delta files, DuckDB on a table of its own.

Their processor seconds are this process's, not the JVM's. DuckDB's time includes a checkpoint, delta-rs's opening the table.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import duckdb
from deltalake import DeltaTable

from benchmarks.cases import COLUMNS, PLAIN, Case, Variant, create_plain, fill_delta
from benchmarks.peers.process import main

NEWER = "s._sequence > t._sequence OR (s._sequence = t._sequence AND s._content_hash > t._content_hash)"


def delta_rs(spark: Any, path: Path, batch: Path, case: Case, *, newer: str | None) -> None:
    merge = DeltaTable(path).merge(
        DeltaTable(batch).to_pyarrow_table(), predicate="t.id = s.id", source_alias="s", target_alias="t"
    )
    merge.when_matched_update_all(predicate=newer).when_not_matched_insert_all().execute()


def create_duckdb(spark: Any, path: Path) -> None:
    path.mkdir()
    listed = ", ".join(f"{name} {kind.replace('string', 'varchar')}" for name, kind in COLUMNS.items())
    with _database(path) as database:
        database.execute(f"CREATE TABLE t ({listed})")


def fill_duckdb(spark: Any, path: Path, n: int) -> None:
    create_plain(spark, path / "rows")
    fill_delta(spark, path / "rows", n)
    with _database(path) as database:
        database.execute(f"INSERT INTO t SELECT * FROM read_parquet('{path}/rows/*.parquet')")


def merge_duckdb(spark: Any, path: Path, batch: Path, case: Case, *, newer: str) -> None:
    with _database(path) as database:
        database.execute(
            f"MERGE INTO t USING (SELECT * FROM read_parquet('{batch}/*.parquet')) s ON t.id = s.id "
            f"WHEN MATCHED{newer} THEN UPDATE WHEN NOT MATCHED THEN INSERT"
        )
        database.execute("CHECKPOINT")


def read_duckdb(spark: Any, path: Path) -> Any:
    with _database(path) as database:
        database.execute(f"COPY (SELECT id, _sequence FROM t) TO '{path}/seen.parquet' (FORMAT parquet)")
    return spark.read.parquet(f"{path}/seen.parquet")


def _database(path: Path) -> duckdb.DuckDBPyConnection:
    database = duckdb.connect(str(path / "t.duckdb"), config={"threads": 2})
    database.execute("SET TimeZone = 'UTC'")
    return database


def nothing(spark: Any, path: Path) -> None:
    """Both open their tables under the clock."""


DUCKDB: dict[str, Any] = {"create": create_duckdb, "fill": fill_duckdb, "read": read_duckdb, "open": nothing, "here": True}
VARIANTS = (
    PLAIN,
    Variant("delta-rs", partial(delta_rs, newer=None), open=nothing, here=True),
    Variant("delta-rs, ordered", partial(delta_rs, newer=NEWER), open=nothing, here=True),
    Variant("DuckDB", partial(merge_duckdb, newer=""), **DUCKDB),
    Variant("DuckDB, ordered", partial(merge_duckdb, newer=f" AND ({NEWER})"), **DUCKDB),
)

if __name__ == "__main__":
    main(["deltalake", "duckdb"], VARIANTS)
