"""A session that was opened in another zone cuts the same days, and reads the same times from text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from engine.spec import Column
from engine.times import moment_of, time_of
from tests.engine.world import World, latest


def moments(records: DataFrame) -> DataFrame:
    at = F.expr("try_variant_get(document, '$.at', 'string')")
    read = records.withColumn("id", at).withColumns({"at": time_of("id"), "with_offset": moment_of("id")})
    return read.withColumn("day", F.to_date("at"))


MOMENTS = latest(moments, [
    Column("id", "string", "As delivered."), Column("at", "timestamp", "When."),
    Column("with_offset", "timestamp", "When, if the text names its offset."), Column("day", "date", "Day, UTC."),
])  # fmt: skip


def test_days_are_utc_s_whatever_the_session_was_in(spark: Any, tmp_path: Path) -> None:
    spark.conf.set("spark.sql.session.timeZone", "America/Sao_Paulo")
    world = World(spark, tmp_path, [MOMENTS])
    world.deliver("a.json", [{"at": "2024-06-01T01:30:00.000-0000"}, {"at": "2024-06-02 00:15:00"}])
    world.run()
    found = spark.sql(f"SELECT id, string(at), string(day) FROM {world.settings.name_of('bronze.moments')} ORDER BY id").collect()
    world.drop()
    assert [tuple(row) for row in found] == [
        ("2024-06-01T01:30:00.000-0000", "2024-06-01 01:30:00", "2024-06-01"),
        ("2024-06-02 00:15:00", "2024-06-02 00:15:00", "2024-06-02"),
    ]


def test_what_does_not_say_its_day_is_no_time_and_a_moment_names_its_offset(spark: Any) -> None:
    whole = ["2021-08-02T23:55:38.966-0400", "2021-08-03 03:55:38Z", "2021-08-03T03:55:00+00:00"]
    local = ["2021-08-02T23:55:38.966", "2021-08-02"]
    none = ["12:30:00", "T12:30:00-0400", "2021", "2021-08", "2024-13-45T99:00:00.000-0400", "soon", ""]
    rows = spark.createDataFrame([(each,) for each in [*whole, *local, *none]], "text string")
    found = rows.select("text", time_of("text").alias("at"), moment_of("text").alias("moment")).collect()
    read = {row["text"]: row for row in found}
    assert {text for text, row in read.items() if row["at"] is not None} == {*whole, *local}
    assert {text for text, row in read.items() if row["moment"] is not None} == set(whole)
