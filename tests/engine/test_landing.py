"""Files to raw: every form of JSON and CSV, every kind of broken file; nothing is lost and nothing lands twice."""

from __future__ import annotations

import gzip
import json
import os
import time

import pytest
from pyspark.sql import DataFrame

from engine.sources.spec import Files
from engine.spec import Column
from engine.system import System
from tests.engine.world import SOURCE, World, latest

LINES = Files(
    "lines",
    format="csv",
    folder="drops",
    pattern="*.csv*",
    columns=[Column("a", "string", "A."), Column("b", "string", "B."), Column("c", "string", "C.")],
)


def things(records: DataFrame) -> DataFrame:
    return records


THINGS = latest(
    things, [Column("id", "string", "Key.", path="id"), Column("at", "timestamp", "Sequence.", path="at")]
)


def doc(id: str) -> dict[str, object]:
    return {
        "id": id,
        "at": "2024-01-01T00:00:00Z",
        "nested": {"list": [{"x": 1}, {"x": 2}], "text": "a, {b} [c]"},
    }


INDENTED = json.dumps([doc("indented 1"), doc("indented 2"), doc("indented 3")], indent=2)
DROP: dict[str, str | bytes] = {
    "indented.json": INDENTED,
    "tabs.json": json.dumps([doc("tabs 1"), doc("tabs 2")], indent="\t"),
    "windows.json": json.dumps([doc("crlf 1"), doc("crlf 2")], indent=2).replace("\n", "\r\n"),
    "exported.json": "[" + ",\n".join(json.dumps(doc(f"exported {i}"), indent="\t") for i in (1, 2)) + "]\n",
    "lines.json": "\n".join(json.dumps(doc(f"line {i}")) for i in (1, 2)) + "\nthis is no JSON\n42\n",
    "one-line.json": json.dumps([doc("one line 1"), doc("one line 2")]),
    "single.json": json.dumps(doc("single"), indent=2),
    "garbage.json": json.dumps([doc("before"), doc("after")], indent=2).replace(
        '},\n  {\n    "id": "after', '},\n  garbage here,\n  {\n    "id": "after'
    ),
    "truncated.json": json.dumps([doc("whole"), doc("cut")], indent=2)[:-90],
    "empty.json": "",
    "blank.json": "  \n\n",
    "nothing.json": "[]\n",
    "odd name {1} [2] 100%.json": json.dumps([doc("odd name")], indent=2),
    "later again.json": INDENTED,
    "events.csv": 'a,b,c\n1,"{x=1, y=2}",3\n4,,6\nshort,line\n7,"with ""quotes""",9\n',
    "reordered.csv": "c,a,b\nz,x,y\n",
    "events.csv.gz": gzip.compress(b"a,b,c\nzipped,1,2\n"),
    "cut.csv.gz": gzip.compress(b"a,b,c\n" + os.urandom(20_000).hex().encode())[:9_000],
    "header.csv": "a,b,c\n",
    "stranger.txt": "who takes this?",
}


@pytest.fixture(scope="module")
def world(spark, tmp_path_factory):
    made = World(spark, tmp_path_factory.mktemp("landing"), [THINGS])
    made.system = System(name="demo", question="?", time_zone="UTC", sources=[SOURCE, LINES], tables=[THINGS])
    for name, content in DROP.items():
        made.deliver(name, content)
    growing = made.deliver("growing.json", json.dumps([doc("growing")], indent=2)[:-4])
    os.utime(growing, (time.time() + 3600,) * 2)  # it has not settled
    made.run("raw")
    return made


@pytest.fixture(scope="module")
def ids(world):
    rows = world.sql(
        "SELECT _source, _position, try_variant_get(document, '$.id', 'string') AS id, text FROM {raw.records}"
    )
    found: dict[str, list[tuple[int, str | None, str | None]]] = {}
    for row in rows:
        found.setdefault(row["_source"].removeprefix("drops/"), []).append(
            (row["_position"], row["id"], row["text"])
        )
    return {
        name: sorted(records, key=lambda record: (record[0], record[1] is None))
        for name, records in found.items()
    }


@pytest.fixture(scope="module")
def statuses(world):
    return {
        row["file"].removeprefix("drops/"): row["status"]
        for row in world.sql("SELECT file, status FROM {ops.files}")
    }


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("indented.json", ["indented 1", "indented 2", "indented 3"]),
        ("tabs.json", ["tabs 1", "tabs 2"]),
        ("windows.json", ["crlf 1", "crlf 2"]),
        ("exported.json", ["exported 1", "exported 2"]),
        ("one-line.json", ["one line 1", "one line 2"]),
        ("single.json", ["single"]),
        ("odd name {1} [2] 100%.json", ["odd name"]),
    ],
)
def test_every_form_of_json_gives_its_documents_in_order(ids, name, expected):
    assert [id for _, id, _ in ids[name]] == expected
    assert [position for position, _, _ in ids[name]] == list(range(len(expected)))


def test_what_is_no_document_keeps_its_text(ids):
    assert [(id, text) for _, id, text in ids["lines.json"]] == [
        ("line 1", None),
        ("line 2", None),
        (None, "this is no JSON"),
        (None, "42"),
    ]


def test_garbage_between_elements_does_not_take_its_neighbours_along(ids):
    assert [(id, text) for _, id, text in ids["garbage.json"]] == [
        ("before", None),
        (None, "garbage here"),
        ("after", None),
    ]


def test_a_truncated_array_gives_its_whole_documents_and_the_text_of_the_rest(ids, statuses):
    whole, cut = ids["truncated.json"]
    assert (whole[1], cut[1], statuses["truncated.json"]) == ("whole", None, "truncated")
    assert '"id": "cut"' in cut[2]


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("indented.json", "landed"),
        ("empty.json", "empty"),
        ("blank.json", "empty"),
        ("nothing.json", "empty"),
        ("header.csv", "empty"),
        ("cut.csv.gz", "unreadable"),
        ("stranger.txt", "unmatched"),
        ("growing.json", "waiting"),
        ("events.csv", "landed"),
        ("events.csv.gz", "landed"),
    ],
)
def test_every_file_is_decided_and_told(statuses, name, status):
    assert statuses[name] in status


def test_the_same_content_under_two_names_lands_once(ids, statuses):
    assert (statuses["indented.json"], statuses["later again.json"]) == ("landed", "repeated")
    assert "later again.json" not in ids


def test_csv_fields_follow_the_header_and_a_bad_line_keeps_its_text(world):
    rows = world.sql(
        "SELECT a, b, c, text FROM {raw.lines} WHERE _source LIKE '%.csv' ORDER BY _source, _position"
    )
    assert [tuple(row) for row in rows] == [
        ("1", "{x=1, y=2}", "3", None),
        ("4", None, "6", None),
        (None, None, None, "short,line"),
        ("7", 'with "quotes"', "9", None),
        ("x", "y", "z", None),
    ]


def test_a_second_run_lands_nothing_and_new_content_under_an_old_name_lands(world):
    before = world.versions()
    assert {outcome.status for outcome in world.run("raw").values()} == {"nothing to do"}
    assert world.versions() == before
    world.deliver("single.json", json.dumps(doc("another"), indent=2) + "\n")
    world.deliver("growing.json", json.dumps([doc("grown")], indent=2))
    assert world.run("raw")["raw.records"].counts.inserted == 2
    found = {
        row["id"]
        for row in world.sql("SELECT try_variant_get(document, '$.id', 'string') AS id FROM {raw.records}")
    }
    assert {"single", "another", "grown"} <= found
