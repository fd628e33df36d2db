"""laktory's merge of type 1 with `order_by`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from laktory import models

from benchmarks.cases import PLAIN, Case, Variant, read_delta
from benchmarks.peers.process import main


def merge(spark: Any, path: Path, batch: Path, case: Case) -> None:
    sink = models.FileDataSink(
        path=str(path),
        format="DELTA",
        mode="MERGE",
        merge_cdc_options={"scd_type": 1, "primary_keys": ["id"], "order_by": "_sequence"},
    )
    sink.write(read_delta(spark, batch))


VARIANTS = (PLAIN, Variant("laktory, order_by", merge))

if __name__ == "__main__":
    main(["laktory"], VARIANTS)
