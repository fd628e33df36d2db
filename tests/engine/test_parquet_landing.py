"""Parquet files to raw: values as delivered with their place, broken files set aside, and every drift of the schema told."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from engine.sources.spec import Files
from engine.sources.surveyed import said_by
from engine.spec import Column
from engine.system import System
from tests.engine.world import LONG_AGO, World, latest
from utils.errors import SpecError

COLUMNS = [
    Column("id", "string", "Key."), Column("at", "timestamp", "Sequence."),
    Column("count", "string", "A number as text."), Column("amount", "double", "An amount."),
]  # fmt: skip
SOURCE = Files("records", format="parquet", folder="drops", pattern="*.parquet", columns=COLUMNS)
NOON = datetime(2024, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)
SCHEMA = pa.schema([("id", pa.string()), ("at", pa.timestamp("us", "UTC")), ("count", pa.string()), ("amount", pa.float64())])
N_LARGE = 7_000


def things(records: DataFrame) -> DataFrame:
    return records.withColumn("count", F.col("count").try_cast("double").cast("int"))


THINGS = latest(things, [COLUMNS[0], COLUMNS[1], Column("count", "int", "A number."), COLUMNS[3]])


def rows(*ids: str, **columns: pa.Array) -> pa.Table:
    """A row per id, with `columns` instead of those of the schema, or beside them."""
    n = len(ids)
    table = pa.table([list(ids), [NOON] * n, ["3.0"] * n, [2640.0] * n], schema=SCHEMA)
    for name, values in columns.items():
        place = table.schema.get_field_index(name)
        table = table.set_column(place, name, values) if place >= 0 else table.append_column(name, values)
    return table


def content(table: pa.Table, **options: Any) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, **options)
    return bytes(sink.getvalue())


PLAIN = rows("plain 1", "plain 2", "plain 3")
LARGE = rows(*[f"large {n}" for n in range(N_LARGE)])
DROP: dict[str, bytes] = {
    "plain.parquet": content(PLAIN),
    "same rows.parquet": content(PLAIN.select(["amount", "id", "at", "count"]), compression="zstd", row_group_size=1),
    "large.parquet": content(LARGE, row_group_size=1_000),
    "odd name {1} [2] 100%.parquet": content(rows("odd name")),
    "nulls.parquet": content(rows("nulls", count=pa.array([""]), amount=pa.array([None], pa.float64()))),
    "local times.parquet": content(rows("local", at=pa.array([NOON.replace(tzinfo=None)], pa.timestamp("us")))),
    "number for text.parquet": content(rows("number", count=pa.array([3.0]))),
    "text for number.parquet": content(rows("fits", "does not", "none", amount=pa.array(["30.5", "thirty", None]))),
    "list for number.parquet": content(rows("list", amount=pa.array([[1.0]]))),
    "one more.parquet": content(rows("more", channel=pa.array(["app"]))),
    "one less.parquet": content(rows("less").drop_columns(["count"])),
    "no row.parquet": content(rows()),
    "truncated.parquet": content(LARGE)[:-100],
    "damaged.parquet": content(LARGE)[:200] + b"\xff" * 1_000 + content(LARGE)[1_200:],
    "text.parquet": b"id,at,count,amount\n1,2,3,4\n",
    "empty.parquet": b"",
    "stranger.csv": b"who takes this?",
}


@pytest.fixture(scope="module")
def world(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> World:
    made = World(spark, tmp_path_factory.mktemp("landing"), [THINGS])
    made.system = System(name="demo", question="?", time_zone="UTC", sources=[SOURCE], tables=[THINGS])
    for name, bytes_ in DROP.items():
        made.deliver(name, bytes_)
    growing = made.deliver("growing.parquet", content(LARGE)[:-8])
    os.utime(growing, (time.time() + 3600,) * 2)  # it has not settled
    return made


@pytest.fixture(scope="module")
def landed(world: World) -> dict[str, Any]:
    return {"outcomes": world.run("raw", "bronze"), "files": _files(world), "raw": _raw(world)}


def _files(world: World) -> dict[str, tuple[str, int, str]]:
    """File -> what became of it, records, note."""
    found = world.sql("SELECT file, status, records, coalesce(note, '') AS note FROM {ops.files}")
    return {row["file"].removeprefix("drops/"): (row["status"], row["records"], row["note"]) for row in found}


def _raw(world: World) -> dict[str, list[tuple[Any, ...]]]:
    found: dict[str, list[tuple[Any, ...]]] = {}
    for row in world.sql("SELECT _source, _position, id, at, count, amount, text FROM {raw.records} ORDER BY _source, _position"):
        found.setdefault(row["_source"].removeprefix("drops/"), []).append(tuple(row)[1:])
    return found


@pytest.mark.parametrize(
    ("name", "status", "records", "said"),
    [
        ("plain.parquet", "landed", 3, ""),
        ("large.parquet", "landed", N_LARGE, ""),
        ("odd name {1} [2] 100%.parquet", "landed", 1, ""),
        ("number for text.parquet", "landed", 1, "count is double, declared string"),
        ("text for number.parquet", "landed", 3, "amount is string, declared double"),
        ("list for number.parquet", "landed", 1, "amount is array<double>, declared double"),
        ("one more.parquet", "landed", 1, "not declared and not kept: channel"),
        ("one less.parquet", "unreadable", 0, "no column count among id, at, amount"),
        ("no row.parquet", "empty", 0, "no record"),
        ("empty.parquet", "empty", 0, "no bytes"),
        ("truncated.parquet", "unreadable", 0, "Parquet"),
        ("damaged.parquet", "unreadable", 0, "damaged.parquet"),
        ("text.parquet", "unreadable", 0, "Parquet"),
        ("growing.parquet", "waiting", 0, "changed within a minute"),
        ("stranger.csv", "unmatched", 0, "no source takes this name"),
    ],
)
def test_every_file_is_decided_and_told(landed: dict[str, Any], name: str, status: str, records: int, said: str) -> None:
    found = landed["files"][name]
    assert found[:2] == (status, records)
    assert said in found[2] and bool(said) == bool(found[2])


def test_one_broken_file_does_not_keep_its_neighbours_from_landing(landed: dict[str, Any]) -> None:
    outcome = landed["outcomes"]["raw.records"]
    assert outcome.status == "written"
    assert outcome.counts.inserted == sum(records for _, records, _ in landed["files"].values()) > N_LARGE
    assert len(outcome.notes) > 0 and all(".parquet: " in note for note in outcome.notes if "no source" not in note)


def test_values_stay_as_delivered_with_their_place_in_the_file(landed: dict[str, Any]) -> None:
    raw, noon = landed["raw"], NOON.replace(tzinfo=None)
    assert raw["plain.parquet"] == [(n, f"plain {n + 1}", noon, "3.0", 2640.0, None) for n in range(3)]
    assert [row[:2] for row in raw["large.parquet"]] == [(n, f"large {n}") for n in range(N_LARGE)]
    assert raw["nulls.parquet"] == [(0, "nulls", noon, "", None, None)]


def test_the_same_rows_in_another_form_of_file_land_once(landed: dict[str, Any]) -> None:
    """Other columns' order, compression and row groups are no other content."""
    files = landed["files"]
    assert [files[name][0] for name in ("plain.parquet", "same rows.parquet")] == ["landed", "repeated"]


def test_a_time_without_a_zone_is_utc(landed: dict[str, Any]) -> None:
    assert landed["raw"]["local times.parquet"][0][2] == NOON.replace(tzinfo=None)


def test_a_changed_type_that_says_the_same_is_taken(landed: dict[str, Any]) -> None:
    assert landed["raw"]["number for text.parquet"][0][3] == "3.0"
    assert landed["raw"]["one more.parquet"][0][1] == "more"


def test_a_value_that_does_not_fit_is_set_aside_with_its_record_and_never_null(world: World, landed: dict[str, Any]) -> None:
    fits, lost, none = landed["raw"]["text for number.parquet"]
    assert (fits[4], fits[5]) == (30.5, None) and (none[1], none[4], none[5]) == ("none", None, None)
    assert lost[1:5] == (None, None, None, None) and '"amount":"thirty"' in lost[5] and '"id":"does not"' in lost[5]
    held = world.sql("SELECT source, reason, record FROM {raw.quarantine} ORDER BY source")
    assert [(row["source"], row["reason"]) for row in held] == [
        ("drops/list for number.parquet", "the record cannot be parsed"),
        ("drops/text for number.parquet", "the record cannot be parsed"),
    ]
    assert held[1]["record"] == lost[5]


def test_the_same_values_have_the_same_hash_wherever_they_stand(world: World, landed: dict[str, Any]) -> None:
    world.deliver("one more time.parquet", content(rows("plain 1", "plain 1")))
    world.run("raw")
    found = world.sql("SELECT count(DISTINCT _content_hash), count(*) FROM {raw.records} WHERE id = 'plain 1'")
    assert tuple(found[0]) == (1, 3)


def test_a_second_run_lands_nothing_and_new_content_under_an_old_name_lands(world: World, landed: dict[str, Any]) -> None:
    world.run("raw")
    before = world.versions()
    assert world.run("raw")["raw.records"].status == "nothing to do"
    assert world.versions() == before
    world.deliver("growing.parquet", content(rows("grown")))
    path = world.deliver("truncated.parquet", content(rows("whole now")))
    os.utime(path, (LONG_AGO, LONG_AGO + 500))
    assert world.run("raw")["raw.records"].counts.inserted == 2
    assert {"grown", "whole now"} <= {row["id"] for row in world.sql("SELECT id FROM {raw.records}")}


def test_a_source_without_columns_is_refused() -> None:
    with pytest.raises(SpecError, match="a parquet source without columns"):
        Files("records", format="parquet", folder="drops", pattern=str(Path("*.parquet")))


def test_why_a_file_cannot_be_read_is_said_whole_however_long_its_path_is() -> None:
    path = "file:" + "/a folder with a long name".replace(" ", "_") * 20 + "/cut.parquet"
    error = PySparkException(
        f"Job aborted: [FAILED_READ_FILE.NO_HINT] Encountered error while reading file {path}. \n\tat org.apache.Some(thing)\n"
        f"Caused by: java.lang.RuntimeException: {path} is not a Parquet file"
    )
    assert said_by(error) == (
        "[FAILED_READ_FILE.NO_HINT] Encountered error while reading file cut.parquet. "
        "Caused by: java.lang.RuntimeException: cut.parquet is not a Parquet file"
    )
