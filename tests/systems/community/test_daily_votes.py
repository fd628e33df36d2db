"""The two daily tables of votes: what every day was voted for, and by whom, from the same chosen options."""

from __future__ import annotations

from datetime import date
from typing import Any

from pyspark.sql import SparkSession

from systems.community.gold.daily_activity import daily_activity
from systems.community.gold.daily_poll_votes import daily_poll_votes

VOTES = """
    ('v1', 0, 1L, 'p1', timestamp'2024-02-03 00:00:00', 'BR', 'patron', true),
    ('v1', 1, 20L, 'p1', timestamp'2024-02-03 00:00:00', 'BR', 'patron', true),
    ('v2', 0, 4L, 'p1', timestamp'2024-02-03 23:59:59', 'US', 'none', true),
    ('v3', 0, 1L, 'p1', timestamp'2024-02-04 00:00:00', 'US', 'none', true),
    ('v4', 7, 300L, 'p1', timestamp'2024-02-04 00:00:00', 'unknown', 'unknown', false),
    ('v5', 0, 1L, 'gone', timestamp'2024-02-04 00:00:00', 'BR', 'patron', false),
    ('v6', 0, 1L, 'p1', null, 'BR', 'patron', true)
"""


def rows_of(spark: SparkSession, built: str) -> list[tuple[Any, ...]]:
    names = "vote_id, option_index, weight, post_id, created_at, country, patron_status, has_option"
    votes = spark.sql(f"SELECT * FROM VALUES {VOTES} AS votes({names})")
    comments = votes.select("created_at", "country", "patron_status").limit(0)
    table = daily_poll_votes(votes) if built == "polls" else daily_activity(comments, votes)
    return sorted(tuple(row) for row in table.collect())


def test_every_day_poll_and_option_has_its_choices_and_orphans_are_flagged(spark: SparkSession) -> None:
    first, second = date(2024, 2, 3), date(2024, 2, 4)
    assert rows_of(spark, "polls") == [
        (first, "p1", 0, True, 2, 5, 1),
        (first, "p1", 1, True, 1, 20, 1),
        (second, "gone", 0, False, 1, 1, 1),
        (second, "p1", 0, True, 1, 1, 0),
        (second, "p1", 7, False, 1, 300, 0),
    ]


def test_both_tables_count_the_same_choices_and_weights_of_a_day(spark: SparkSession) -> None:
    sums: list[dict[date, tuple[int, int]]] = []
    for built, at in (("polls", 4), ("activity", 4)):
        days: dict[date, tuple[int, int]] = {}
        for row in rows_of(spark, built):
            options, weight = days.get(row[0], (0, 0))
            days[row[0]] = (options + row[at], weight + row[at + 1])
        sums.append(days)
    assert sums[0] == sums[1] == {date(2024, 2, 3): (3, 25), date(2024, 2, 4): (3, 302)}
