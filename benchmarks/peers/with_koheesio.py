"""koheesio's DeltaTableWriter in mode MERGEALL, without and with a hand-written condition of order."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from koheesio.spark.writers import BatchOutputMode
from koheesio.spark.writers.delta import DeltaTableWriter

from benchmarks.cases import PLAIN, Case, Variant, read_delta
from benchmarks.peers.process import main


def register(spark: Any, path: Path) -> None:
    """koheesio writes to tables by name."""
    spark.sql(f"CREATE TABLE default.{path.name} USING DELTA LOCATION '{path}'").collect()
    spark.sql(f"SELECT count(*) FROM default.{path.name} WHERE id < 0").collect()


def merge_all(spark: Any, path: Path, batch: Path, case: Case, *, newer: str | None) -> None:
    conditions = {"merge_cond": "target.id = source.id"} | ({"update_cond": newer} if newer else {})
    DeltaTableWriter(
        table=f"default.{path.name}",
        output_mode=BatchOutputMode.MERGEALL,
        output_mode_params=conditions,
        df=read_delta(spark, batch),
    ).execute()


NEWER = "source._sequence > target._sequence"
VARIANTS = (
    PLAIN,
    Variant("koheesio MERGEALL", partial(merge_all, newer=None), open=register),
    Variant("koheesio MERGEALL, update_cond", partial(merge_all, newer=NEWER), open=register),
)

if __name__ == "__main__":
    main(["koheesio"], VARIANTS)
