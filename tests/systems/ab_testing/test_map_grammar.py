"""The text map of experiments: what it reads as, and every way in which it can be broken."""

from __future__ import annotations

from typing import Any

import pytest

from systems.ab_testing.bronze import events

GOOD = {
    "{a/b=1, c=DEFAULT}": {"a/b": "1", "c": "DEFAULT"},
    "{ a = 1 ,b=2 }": {"a": "1", "b": "2"},
    "{a=1, a=1}": {"a": "1"},
    "{}": {},
}
BROKEN = {
    "no braces": "a=1", "no equals sign": "{a}", "no name": "{=1}", "no variant": "{a=}", "two equals signs": "{a=1=2}",
    "an empty entry": "{a=1,,b=2}", "a trailing comma": "{a=1,}", "a map in a map": "{a={1}}", "unclosed": "{a=1",
    "prose": "nonsense", "two variants of one experiment": "{a=1, a=2}",
}
FIELDS = ("event_name", "item_id", "timestamp", "site", "experiments", "user_id", "_record_hash")
RECORD = ", ".join(f"{name} string" for name in FIELDS)


@pytest.fixture(scope="module")
def read(spark: Any) -> dict[str, Any]:
    texts = [*GOOD, *BROKEN.values()]
    rows = [("BUY", "1", "2023-06-01T23:30:00.000-0400", "SHP", text, "7", str(at)) for at, text in enumerate(texts)]
    built = events(spark.createDataFrame(rows, RECORD)).select("experiments", "is_map", "experiment_variants", "local_day")
    return {row["experiments"]: row for row in built.collect()}


@pytest.mark.parametrize("text", GOOD)
def test_a_map_is_read_with_names_and_variants_trimmed(read: dict[str, Any], text: str) -> None:
    assert (read[text]["is_map"], read[text]["experiment_variants"]) == (True, GOOD[text])


@pytest.mark.parametrize("way", BROKEN)
def test_a_broken_map_is_told_apart_and_stops_nothing(read: dict[str, Any], way: str) -> None:
    assert (read[BROKEN[way]]["is_map"], read[BROKEN[way]]["experiment_variants"]) == (False, None)


def test_an_event_before_midnight_belongs_to_its_own_local_day(read: dict[str, Any]) -> None:
    assert str(read["{}"]["local_day"]) == "2023-06-01"
