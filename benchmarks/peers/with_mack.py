"""mack's merge of type 2 against a hand-written one, on a table of versions: which are right, and what they write."""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mack
from delta.tables import DeltaTable

from benchmarks.peers.process import open_classic, tell

ROWS, FILES, REPETITIONS = 100_000, 4, 3
# Sequences are days; every key has one version, from day 10 on; one key in a hundred has no name.
DAY = "timestamp'2024-01-{:02d} 00:00:00'"
STORED = (
    "id",
    "if(id % 100 = 0, null, concat('name ', id)) AS name",
    "true AS is_current",
    f"{DAY.format(10)} AS effective_time",
    "cast(null AS timestamp) AS end_time",
)
# Records of a batch: SQL over `id` for which keys, the value, and the day.
BATCHES = {
    "1,000 keys changed, 10 of them from null": ("id % 100 = 1 AND id >= 1000 OR id % 100 = 0 AND id < 1000", "'new'", 20),
    "99 late changes, before the current version": ("id % 1000 = 1 AND id > 1000", "'late'", 5),
}
HEAD = (
    "| case | variant | s | by hand s | wall | commits | result |",
    "| --- | --- | --- | --- | --- | --- | --- |",
)


def by_hand(spark: Any, path: Path, batch: Any) -> None:
    """Two rows per changed key, one to end the current version and one to insert, as the manuals show it; null-safe."""
    batch.createOrReplaceTempView("batch")
    current = f"SELECT * FROM delta.`{path}` WHERE is_current"
    spark.sql(
        f"MERGE INTO delta.`{path}` t USING ("
        "SELECT id AS merge_key, * FROM batch UNION ALL "
        f"SELECT null, b.* FROM batch b JOIN ({current}) c ON b.id = c.id WHERE NOT (b.name <=> c.name)"
        ") s ON t.id = s.merge_key "
        "WHEN MATCHED AND t.is_current AND NOT (t.name <=> s.name) "
        "THEN UPDATE SET t.is_current = false, t.end_time = s.effective_time "
        "WHEN NOT MATCHED THEN INSERT (id, name, is_current, effective_time, end_time) "
        "VALUES (s.id, s.name, true, s.effective_time, null)"
    ).collect()


def with_mack(spark: Any, path: Path, batch: Any) -> None:
    mack.type_2_scd_upsert(DeltaTable.forPath(spark, str(path)), batch, "id", ["name"])


VARIANTS: dict[str, Callable[[Any, Path, Any], None]] = {"by hand": by_hand, f"mack {version('mack')}": with_mack}


def template(spark: Any, path: Path) -> None:
    for part in range(FILES):
        rows = spark.range(ROWS * part // FILES, ROWS * (part + 1) // FILES, 1, 1)
        rows.selectExpr(*STORED).write.format("delta").mode("append").save(str(path))


def batch_of(spark: Any, name: str) -> Any:
    keys, value, day = BATCHES[name]
    return spark.range(ROWS).where(keys).selectExpr("id", f"{value} AS name", f"{DAY.format(day)} AS effective_time")


def judged(spark: Any, path: Path, name: str) -> str:
    """Every key's versions as they must be: the batch's and the stored one, each ending where the next begins."""
    keys, value, _ = BATCHES[name]
    rows = spark.read.format("delta").load(str(path))
    rows.createOrReplaceTempView("versions")
    touched = spark.sql(f"SELECT * FROM versions WHERE {keys}")
    wrong = spark.sql(
        "SELECT id FROM (SELECT *, lead(effective_time) OVER (PARTITION BY id ORDER BY effective_time) AS following"
        " FROM versions) WHERE NOT (end_time <=> following) OR is_current <> (following IS NULL)"
    )
    expected = 2 * batch_of(spark, name).count()
    ends, held = wrong.select("id").distinct().count(), touched.where(f"name = {value}").count()
    missing = expected - touched.count()
    faults = [f"{ends:,} keys overlap"] * bool(ends) + [f"{missing:,} versions missing"] * bool(missing)
    return "right" if not faults and held == expected // 2 else f"**wrong: {', '.join(faults) or 'values'}**"


def measure(spark: Any, folder: Path, name: str, *, twice: bool) -> list[str]:
    """A case's rows of the table; `twice` measures the second time that the same batch comes."""
    seconds: dict[str, list[float]] = {variant: [] for variant in VARIANTS}
    said: dict[str, tuple[int, str]] = {}
    batch = batch_of(spark, name)
    for repetition in range(REPETITIONS + 1):
        for variant, work in VARIANTS.items():
            path = folder / f"copy_{name[:2].strip()}_{twice}_{repetition}_{variant.replace(' ', '_')}"
            shutil.copytree(folder / "template", path)
            if twice:
                work(spark, path, batch)
            before, started = _commits(path), time.monotonic()
            work(spark, path, batch)
            if repetition:
                seconds[variant].append(time.monotonic() - started)
            said[variant] = _commits(path) - before, judged(spark, path, name)
            shutil.rmtree(path)
    base = statistics.median(seconds["by hand"])
    case = f"the same again: {name}" if twice else name
    return [
        f"| {case} | {variant} | {statistics.median(each):.2f} | {base:.2f} | {statistics.median(each) / base:.2f} | "
        f"{said[variant][0]} | {said[variant][1]} |"
        for variant, each in seconds.items()
    ]


def _commits(path: Path) -> int:
    return len(list(path.glob("_delta_log/*.json")))


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="tideline-bench-peer-") as name:
        spark, _ = open_classic(Path(name))
        tell(versions=", ".join(f"{package} {version(package)}" for package in ("mack", "pyspark", "delta-spark")))
        template(spark, Path(name) / "template")
        first, late = BATCHES
        rows = [
            *measure(spark, Path(name), first, twice=False),
            *measure(spark, Path(name), late, twice=False),
            *measure(spark, Path(name), first, twice=True),
        ]
        tell(lines=[f"{ROWS:,} current versions; history of type 2.", "", *HEAD, *rows])
        spark.stop()


if __name__ == "__main__":
    main()
