"""The sampled event log: native shape, dirt, determinism, and the effect that it hides."""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tideline.samples.ab_testing import TRUE_EFFECT, write_day
from tideline.samples.ab_testing.experiments import EXPERIMENTS
from tideline.samples.delivery import Delivery

START = date(2024, 6, 3)
HEADER = ["event_name", "item_id", "timestamp", "site", "experiments", "user_id"]
BAD_TIMES = ("bad_timestamp", "time_without_offset", "time_without_date", "year_alone")
MAP = re.compile(r"\{[^=,{}]+=[^=,{}]+(, [^=,{}]+=[^=,{}]+)*\}|\{\}")


def deliver(landing: Path, day: int, *, scale: float = 0.02) -> Delivery:
    return write_day(landing, day, scale=scale, seed=7, start=START)


def rows_of(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


@pytest.fixture(scope="module")
def deliveries(tmp_path_factory: pytest.TempPathFactory) -> list[Delivery]:
    landing = tmp_path_factory.mktemp("events")
    return [deliver(landing, day) for day in (1, 2, 3)]


def test_the_same_seed_gives_the_same_bytes_whatever_was_written_before(
    deliveries: list[Delivery], tmp_path: Path
) -> None:
    alone = deliver(tmp_path, 3)
    assert [path.name for path in alone.files] == [path.name for path in deliveries[2].files]
    assert [path.read_bytes() for path in alone.files] == [path.read_bytes() for path in deliveries[2].files]
    assert alone.dirt == deliveries[2].dirt


def test_a_file_has_the_header_of_the_log_and_local_times_with_their_offset(
    deliveries: list[Delivery],
) -> None:
    header, *rows = rows_of(deliveries[0].files[0])
    assert header == HEADER
    tagged = [row for row in rows if len(row) == 6 and MAP.fullmatch(row[4])]
    good = [row for row in tagged if re.fullmatch(r"2024-06-03T\d\d:\d\d:\d\d\.\d{3}-0400", row[2])]
    assert len(good) == len(tagged) - len(BAD_TIMES) and len(good) > 0.98 * len(rows)
    assert all((row[1] == "") == (row[0] == "SEARCH") for row in good)


def test_a_file_is_as_old_as_the_night_that_brought_it(deliveries: list[Delivery]) -> None:
    for delivery in deliveries:
        for path in delivery.files:
            assert datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(minute=0).isoformat() == (
                f"2024-06-{delivery.date.day + 1:02d}T04:00:00+00:00"
            )
            assert path.match("events-*.csv")


def test_every_kind_of_dirt_is_in_a_delivery(deliveries: list[Delivery]) -> None:
    expected = {
        "map_without_braces",
        "map_without_equals_sign",
        "map_with_empty_name",
        "map_with_empty_variant",
        "map_with_two_equals_signs",
        "map_with_empty_entry",
        "map_in_map",
        "map_with_two_variants",
        "map_unclosed",
        "bad_timestamp",
        "time_without_offset",
        "time_without_date",
        "year_alone",
        "unknown_event_name",
        "user_id_missing",
        "short_line",
        "exact_duplicate_in_file",
        "buy_repeated_within_a_minute",
        "late_event",
        "exact_duplicate_in_two_files",
    }
    assert set(deliveries[1].dirt) == expected
    assert all(count > 0 for count in deliveries[1].dirt.values())


def test_the_manifest_counts_what_the_files_hold(deliveries: list[Delivery]) -> None:
    today = deliveries[1].files[0].read_text(encoding="utf-8").splitlines()[1:]
    late = deliveries[1].files[1].read_text(encoding="utf-8").splitlines()[1:]
    yesterday = set(deliveries[0].files[0].read_text(encoding="utf-8").splitlines()[1:])
    dirt = deliveries[1].dirt
    assert dirt["exact_duplicate_in_file"] == len(today) - len(set(today))
    assert dirt["exact_duplicate_in_two_files"] == sum(line in yesterday for line in late)
    assert dirt["late_event"] == sum(line not in yesterday for line in late)


def test_there_are_as_many_experiments_and_variants_as_in_the_shop() -> None:
    assert len(EXPERIMENTS) == len({experiment.name for experiment in EXPERIMENTS}) == 47
    assert sum(len(experiment.variants) for experiment in EXPERIMENTS) == 76
    assert any("/" not in experiment.name for experiment in EXPERIMENTS)
    assert any(len(experiment.variants) == 1 for experiment in EXPERIMENTS)
    assert any("DEFAULT" in experiment.variants for experiment in EXPERIMENTS)
    assert sum("BUY" in experiment.tagged for experiment in EXPERIMENTS) == 3


def test_steps_become_rarer_towards_the_purchase_in_the_shop_s_proportions(tmp_path: Path) -> None:
    rows = [row for row in rows_of(deliver(tmp_path, 1, scale=0.5).files[0]) if len(row) == 6]
    shares = {step: n / len(rows) for step, n in Counter(row[0] for row in rows).items()}
    assert 0.50 < shares["SEARCH"] < 0.66 and 0.32 < shares["PRODUCT"] < 0.45
    assert 0.01 > shares["CHECKOUT_3"] > shares["BUY"] > 0.004
    assert 0.02 > shares["CHECKOUT_1"] > shares["CHECKOUT_2"] > shares["CHECKOUT_3"]


def test_the_true_effect_can_be_seen_in_who_buys(tmp_path: Path) -> None:
    rows = [row for row in rows_of(deliver(tmp_path, 1, scale=1.0).files[0]) if len(row) == 6]
    buyers = {row[5] for row in rows if row[0] == "BUY"}
    seen = defaultdict(set)
    for row in rows:
        if found := re.search(rf"{TRUE_EFFECT.experiment}=(\w+)", row[4]):
            seen[found[1]].add(row[5])
    rate = {variant: len(users & buyers) / len(users) for variant, users in seen.items()}
    assert rate[TRUE_EFFECT.better] > 1.5 * rate[TRUE_EFFECT.worse]
