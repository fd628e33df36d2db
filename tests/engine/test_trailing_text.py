"""Text that stands behind a document is not part of it, and must not vanish: Spark's JSON parser would ignore it."""

from __future__ import annotations

import pytest

from engine.spec import Column
from tests.engine.world import World, latest

ARRAY = '[\n  {\n    "id": "a",\n    "at": 1\n  },\n  pasted by hand,\n  {\n    "id": "b",\n    "at": 1\n  },\n  the end\n]\n'
LINES = '{"id": "c", "at": 1}\n{"id": "d", "at": 1} tail\n{"id": "e", "at": 1}{"id": "f", "at": 1}\n{"id": "g", "at": 1}\n'


def things(records):
    return records


@pytest.fixture(scope="module")
def landed(spark, tmp_path_factory):
    world = World(
        spark,
        tmp_path_factory.mktemp("trailing"),
        [
            latest(
                things,
                [
                    Column("id", "string", "Key.", path="id"),
                    Column("at", "timestamp", "Sequence.", path="at"),
                ],
            )
        ],
    )
    world.deliver("1.json", ARRAY)
    world.deliver("2.json", LINES)
    world.run("raw")
    rows = world.sql("SELECT try_variant_get(document, '$.id', 'string') AS id, text FROM {raw.records}")
    return sorted(row["id"] for row in rows if row["id"]), sorted(row["text"] for row in rows if row["text"])


def test_documents_around_garbage_are_kept(landed):
    assert landed[0] == ["a", "b", "c", "g"]


def test_garbage_keeps_its_text(landed):
    texts = [text.strip() for text in landed[1]]
    assert texts == sorted(
        ["pasted by hand", "the end", '{"id": "d", "at": 1} tail', '{"id": "e", "at": 1}{"id": "f", "at": 1}']
    )
