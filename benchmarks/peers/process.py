"""What a peer's process does: a classic Spark session on the project's jars, the cases, and a line of JSON per result."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from benchmarks.cases import Harness, Variant

# The jars of Delta and the sizes to measure, as the process that starts this one says them.
JARS, SIZES = "TIDELINE_BENCH_JARS", "TIDELINE_BENCH_SIZES"
RESULT = "result: "


def open_classic(folder: Path) -> tuple[Any, psutil.Process]:
    """A session on two cores and 4 GB of heap, and its JVM."""
    from pyspark.sql import SparkSession

    settings = {
        "spark.jars": os.environ[JARS],
        "spark.driver.memory": "4g",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.databricks.delta.snapshotPartitions": "2",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    }
    builder = SparkSession.builder.master("local[2]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    jvms = [child for child in psutil.Process().children(recursive=True) if "java" in child.name()]
    return spark, jvms[0]


def main(packages: Sequence[str], variants: Sequence[Variant]) -> None:
    """Measure `variants` at the sizes asked for."""
    with tempfile.TemporaryDirectory(prefix="tideline-bench-peer-") as name:
        spark, jvm = open_classic(Path(name))
        tell(versions=", ".join(f"{package} {version(package)}" for package in (*packages, "pyspark", "delta-spark")))
        harness = Harness(spark, Path(name), jvm, variants)
        for n in sizes():
            for case, seen in harness.measure(n):
                tell(n=n, case=case.name, seen={name: asdict(one) for name, one in seen.items()})
        spark.stop()


def sizes() -> list[int]:
    return [int(each) for each in os.environ[SIZES].split(",")]


def tell(**facts: Any) -> None:
    sys.stdout.write(RESULT + json.dumps(facts) + "\n")
    sys.stdout.flush()
