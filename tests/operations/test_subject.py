"""Which table is meant: names of every kind, near ones in the error, and which columns show no values."""

from __future__ import annotations

from datetime import date

import pytest

from operations.subject import subject_of, table_names
from utils.errors import SettingsError
from utils.settings import Settings

SETTINGS = Settings("", date(2024, 1, 1), catalog="main", schema_prefix="dev_")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("gold.users_by_country", "community_gold.users_by_country"),
        ("silver.votes", "community_silver.votes"),
        ("community_gold.users_by_country", "community_gold.users_by_country"),
        ("dev_community_gold.users_by_country", "community_gold.users_by_country"),
        ("main.dev_community_gold.users_by_country", "community_gold.users_by_country"),
        ("`main`.`dev_ab_testing_raw`.`events`", "ab_testing_raw.events"),
        ("ops.table_runs", "ops.table_runs"),
        ("funnel_raw.quarantine", "funnel_raw.quarantine"),
    ],
)
def test_a_table_is_found_by_any_of_its_names(text: str, said: str) -> None:
    subject = subject_of(SETTINGS, text)
    assert subject.said == said
    assert subject.name == "`main`.`dev_" + said.replace(".", "`.`") + "`"


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("gold.user_by_country", "community_gold.users_by_country"),
        ("community_gold.daily_activty", "community_gold.daily_activity"),
        ("poll_result", "community_gold.poll_results"),
        ("bronze.users", "several tables; .* such as community_bronze.users, funnel_bronze.users"),
        ("other.dev_community_gold.users_by_country", "community_gold.users_by_country"),
        ("x`; DROP TABLE y", "no table of ours"),
        ("", "layer.table or a full name"),
    ],
)
def test_another_name_is_refused_with_near_ones(text: str, near: str) -> None:
    with pytest.raises(SettingsError, match=near):
        subject_of(SETTINGS, text)


def test_every_table_of_every_system_can_be_looked_at_gold_first() -> None:
    names = table_names(SETTINGS)
    assert len(names) == len(set(names)) > 80 and names[0].split(".")[0].endswith("_gold")
    assert {subject_of(SETTINGS, name).said for name in names} == set(names)


def test_personal_columns_and_delivered_records_show_no_values() -> None:
    comments = subject_of(SETTINGS, "community_silver.comments")
    assert not comments.shows("body") and not comments.shows("user_id") and comments.shows("country")
    assert not comments.shows("a_field_that_nobody_declared")
    assert not subject_of(SETTINGS, "community_raw.users").shows("document")
    assert not subject_of(SETTINGS, "community_raw.quarantine").shows("record")


def test_a_history_is_keyed_by_version_and_shows_the_rows_that_readers_see() -> None:
    history = subject_of(SETTINGS, "payments_bronze.payments_history")
    assert history.key[-1] == "valid_from" and history.rows == "_is_shown AND NOT _is_deleted"
    assert "_content_hash" in history.hidden and subject_of(SETTINGS, "raw.drops").key == ()
