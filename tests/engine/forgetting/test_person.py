"""A person is declared with places that the system has; nothing else is let through."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.catalog import statistics_of
from engine.parts import Column
from engine.person import Mentions, Person, Through
from engine.sources.spec import Files
from engine.system import System
from tests.engine.forgetting.people import PERSON, TABLES
from tests.engine.world import SOURCE
from utils.errors import SpecError

LINES = Files("lines", format="csv", folder="lines", pattern="*", columns=[Column("who", "string", "Whose.", personal=True)])
PARQUET = replace(LINES, name="rows", format="parquet")
ASKED = {"name": "demo", "question": "Does it hold?", "time_zone": "UTC", "sources": [SOURCE, LINES, PARQUET], "tables": TABLES}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"sources": {}}, "no source names a person"),
        ({"sources": {"recordz": Mentions("who")}}, "source `recordz`; expected records, lines, rows"),
        ({"sources": {"lines": Mentions("user_id")}}, "`user_id` and parts in source `lines`; expected one of who"),
        ({"sources": {"lines": Mentions("who", parts={"a": "b"})}}, "parts in source `lines`"),
        ({"sources": {"rows": Mentions("who")}}, "source `rows` is of Parquet files"),
        ({"published": {"gold.summaries": Through("id", "bronze.posts", on="id", owner="who")}}, "`gold.summaries` has no"),
        ({"published": {"gold.summaries": Through("post_id", "bronze.p", on="id", owner="who")}}, "`bronze.p` has no"),
        ({"looks_like": "["}, "is no regular expression"),
    ],
)
def test_a_place_that_the_system_has_not_is_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError) as refused:
        System(**ASKED, person=replace(PERSON, **wrong))
    assert said in str(refused.value)


def test_what_the_system_has_is_taken() -> None:
    both = Person(noun="user", sources={"records": Mentions("a.b"), "lines": Mentions("who")})
    assert System(**ASKED, person=both).person == both


def test_columns_that_tell_of_persons_have_no_statistics() -> None:
    columns = [
        Column("id", "string", "Id.", personal=True), Column("name", "string", "Stands for one.", pseudonym=True),
        Column("said", "string", "Words.", quotes=True), Column("n", "decimal(10,2)", "Number."),
        Column("is_new", "boolean", "Flag."), Column("at", "timestamp", "When."), Column("tags", "array<string>", "Tags."),
    ]  # fmt: skip
    assert statistics_of(columns) == {"delta.dataSkippingStatsColumns": "n, at"}
    assert statistics_of(columns, ["id"]) == {"delta.dataSkippingStatsColumns": "id, n, at"}
    assert statistics_of(columns[:3]) == {"delta.dataSkippingNumIndexedCols": "0"}
    assert statistics_of(columns[3:]) == {}
