"""What operations read through Spark: the profile of a table against DuckDB, the logs as a run left them, and the bill."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import SparkSession

from engine.catalog import SchemaChange
from engine.outcomes import CheckResult, Counts, Outcome, Outcomes
from engine.quarantine import ensure_quarantine
from engine.run import Run
from engine.run_log import RunLog
from operations import profile as profiles
from operations import profile_figures, profile_tables, run_figures
from operations.cost import read_cost
from operations.profile import Profile, profile_of
from operations.run_history import read_history
from operations.subject import subject_of
from tests import drawn_figures
from utils.errors import SettingsError
from utils.settings import Settings

SECRET = "5f00d0dd"  # begins every personal value
NOW = datetime(2024, 3, 4, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def settings(spark: SparkSession) -> Iterator[Settings]:
    prefix = f"t{uuid.uuid4().hex[:8]}_"
    for schema in ("community_silver", "community_gold", "community_raw", "ops", "billing"):
        spark.sql(f"CREATE SCHEMA {prefix}{schema}").collect()
    yield Settings("", date(2024, 1, 1), schema_prefix=prefix)
    for row in spark.sql(f"SHOW SCHEMAS LIKE '{prefix}*'").collect():
        spark.sql(f"DROP SCHEMA `{row[0]}` CASCADE").collect()


@pytest.fixture(scope="module")
def votes(spark: SparkSession, settings: Settings) -> pd.DataFrame:
    """Rows as `silver.votes` has them: some without country, one far too heavy, one three times; and a field that is new."""
    draws, n = np.random.default_rng(2), 400
    rows = pd.DataFrame(
        {
            "vote_id": [f"v{min(k, n - 3)}" for k in range(n)],
            "option_index": draws.integers(0, 3, n).astype("int32"),
            "weight": draws.poisson(38, n),
            "user_id": [SECRET + "x" * int(k) for k in draws.poisson(30, n)],
            "created_at": [NOW - timedelta(hours=int(h)) for h in draws.integers(0, 24 * 60, n)],
            "country": draws.choice(["US", "TR", None], n),
            "has_post": draws.random(n) < 0.9,
            "new_field": [f"{SECRET}{k % 5}" for k in range(n)],
        }
    )
    rows.loc[7, "weight"], rows.loc[n - 3 :, "option_index"] = 900, 1
    types = (
        "vote_id string, option_index int, weight bigint, user_id string, created_at timestamp, country string, "
        "has_post boolean, new_field string"
    )
    spark.createDataFrame(rows, types).write.saveAsTable(replace(settings, system_name="community").name_of("silver.votes"))
    return rows


@pytest.fixture(scope="module")
def profile(spark: SparkSession, settings: Settings, votes: pd.DataFrame) -> Profile:
    return profile_of(spark, subject_of(settings, "silver.votes"))


def asked(rows: pd.DataFrame, query: str) -> list[tuple[Any, ...]]:
    return drawn_figures.asked({"rows": rows}, query)


def test_nulls_distinct_values_and_limits_are_those_of_duckdb(profile: Profile, votes: pd.DataFrame) -> None:
    found = profile.columns.set_index("column")
    assert list(found.index) == list(votes.columns) and profile.n_rows == 400 and not profile.is_estimated
    for name in votes.columns:
        n_null, n_distinct = asked(votes, f"SELECT count_if({name} IS NULL), count(DISTINCT {name}) FROM rows")[0]
        assert (found.at[name, "n_null"], found.at[name, "n_distinct"]) == (n_null, n_distinct)
    limits = asked(votes, "SELECT min(weight)::VARCHAR, max(country), strftime(max(created_at), '%Y-%m-%d %H:%M:%S') FROM rows")
    assert limits == [(found.at["weight", "least"], found.at["country", "greatest"], found.at["created_at", "greatest"])]


def test_quartiles_and_outliers_are_by_tukey_s_fences(profile: Profile, votes: pd.DataFrame) -> None:
    found = profile.columns.set_index("column")
    for name, size in {"weight": "weight", "user_id": "length(user_id)", "created_at": "epoch(created_at)"}.items():
        quartiles = [found.at[name, part] for part in ("first_quartile", "median", "third_quartile")]
        ordered = [row[0] for row in asked(votes, f"SELECT {size} AS size FROM rows ORDER BY size")]
        assert quartiles == [ordered[99], ordered[199], ordered[299]], "of 400 rows"
        reach = 1.5 * (quartiles[2] - quartiles[0])
        low, high = quartiles[0] - reach, quartiles[2] + reach
        outside = f"SELECT count_if({size} < {low} OR {size} > {high}) FROM rows"
        assert asked(votes, outside) == [(found.at[name, "n_outliers"],)]
    assert found.at["weight", "n_outliers"] >= 1
    assert pd.isna(found.at["country", "n_outliers"]), "both quartiles are one length: nothing is judged"


def test_every_row_with_a_value_is_in_one_class(profile: Profile, votes: pd.DataFrame) -> None:
    by_column = profile.classes.groupby("column")["n_rows"].sum()
    found = profile.columns.set_index("column")
    assert set(by_column.index) == set(votes.columns)
    for name in by_column.index:
        assert by_column[name] == 400 - found.at[name, "n_null"]
    for name in ("country", "option_index"):
        counts = profile.classes[profile.classes["column"] == name].set_index("value")["n_rows"].to_dict()
        assert counts == dict(asked(votes, f"SELECT {name}::VARCHAR, count(*) FROM rows WHERE {name} IS NOT NULL GROUP BY 1"))
    for row in profile.classes[profile.classes["column"] == "weight"].itertuples():
        inside = f"weight >= {row.low} AND (weight < {row.high} OR {row.high} >= (SELECT max(weight) FROM rows))"
        assert asked(votes, f"SELECT count_if({inside}) FROM rows") == [(row.n_rows,)]


def test_duplicates_correlations_and_rows_over_time_are_those_of_duckdb(profile: Profile, votes: pd.DataFrame) -> None:
    assert profile.repeats == profiles.Repeats(("vote_id", "option_index"), 398, 1, 2)
    expected = asked(votes, "SELECT corr(option_index, weight) FROM rows")[0]
    assert profile.correlations["r"].tolist() == pytest.approx(list(expected))
    days = asked(votes, "SELECT strftime(created_at, '%Y-%m-%d'), count(*) FROM rows GROUP BY 1 ORDER BY 1")
    assert profile.unit == "day" and list(profile.periods.itertuples(index=False, name=None)) == days


def test_personal_and_undeclared_values_are_shown_nowhere(profile: Profile) -> None:
    tables = [profile.columns, profile.classes, profile_tables.column_table(profile), profile_tables.in_words(profile)]
    assert all(SECRET not in table.to_csv() for table in tables)
    assert profile.columns.set_index("column").loc[["user_id", "new_field"], ["least", "greatest"]].eq("masked").all().all()


def test_a_range_counts_its_days_and_their_rows_alone(spark: SparkSession, settings: Settings, votes: pd.DataFrame) -> None:
    subject = subject_of(settings, "community_silver.votes")
    found = profile_of(spark, subject, start=date(2024, 2, 1), end=date(2024, 2, 3), time_column="created_at")
    expected = asked(votes, "SELECT count(*) FROM rows WHERE created_at::DATE BETWEEN '2024-02-01' AND '2024-02-03'")
    assert [(found.n_rows,)] == expected and found.periods["n_rows"].sum() == found.n_rows > 0
    nothing = profile_of(spark, subject, start=date(2031, 1, 1))
    assert nothing.n_rows == 0 and nothing.classes.empty
    with pytest.raises(SettingsError, match="one of created_at"):
        profile_of(spark, subject, time_column="country")
    with pytest.raises(SettingsError, match="does not exist yet"):
        profile_of(spark, subject_of(settings, "community_silver.comments"))


def test_what_is_no_number_counts_as_missing_and_a_table_without_time_has_no_range(
    spark: SparkSession, settings: Settings
) -> None:
    name = replace(settings, system_name="community").name_of("gold.poll_results")
    rows = "('p', 0, 1.0D, 5, 9), ('p', 1, double('NaN'), 7, 9), ('q', 0, double('Infinity'), 6, 9), ('q', 1, 3.0D, 8, 9)"
    names = "post_id, option_index, vote_share, n_votes, total_weight"
    spark.sql(f"CREATE VIEW {name} AS SELECT * FROM VALUES {rows} AS t({names})").collect()
    subject = subject_of(settings, "gold.poll_results")
    found = profile_of(spark, subject)
    assert found.columns.set_index("column").loc["vote_share", ["n_null", "least", "greatest"]].tolist() == [2, "1", "3"]
    r = found.correlations.set_index(["column", "other"])["r"]
    assert r["vote_share", "n_votes"] == pytest.approx(1.0) and r["option_index", "n_votes"] == pytest.approx(0.894427191)
    assert pd.isna(r["n_votes", "total_weight"]), "a number that does not vary goes with nothing"
    with pytest.raises(SettingsError, match="has no time"):
        profile_of(spark, subject, end=date(2024, 1, 1))


def test_a_large_table_s_distinct_values_are_estimated_and_said_to_be(
    spark: SparkSession, settings: Settings, votes: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profiles, "LARGE", 100)
    found = profile_of(spark, subject_of(settings, "silver.votes"))
    assert found.is_estimated and "estimated" in profile_tables.in_words(found).to_csv()
    assert found.columns.set_index("column").at["vote_id", "n_distinct"] == pytest.approx(398, rel=0.15)


def test_figures_of_a_profile_show_its_numbers(profile: Profile) -> None:
    axes = profile_figures.missing(profile).axes[0]
    assert [patch.get_width() for patch in axes.patches] == profile.columns["null_share"].tolist()
    judged = profile.columns.dropna(subset=["n_outliers"])["n_outliers"].tolist()
    assert [patch.get_width() for patch in profile_figures.outliers(profile).axes[0].patches] == judged
    heights = [patch.get_height() for patch in profile_figures.over_time(profile).axes[0].patches]
    assert sum(heights) == 400 and len(heights) >= len(profile.periods)
    panels = {axes.get_title(loc="left"): axes for axes in profile_figures.distributions(profile).axes if axes.get_visible()}
    for name, panel in panels.items():
        expected = profile.classes.loc[profile.classes["column"] == name, "n_rows"].tolist()
        assert [patch.get_height() for patch in panel.patches] == expected
    assert "country" in panels and "user_id" in panels


def test_the_logs_are_read_as_runs_left_them(spark: SparkSession, settings: Settings) -> None:
    assert read_history(spark, settings, "all", 14).runs.empty, "nothing ran yet"
    own = replace(settings, system_name="community", run_id="r1")
    start = datetime.now(UTC) - timedelta(hours=2)
    written = Outcome(
        "bronze.users", "written", "sliced", "", start, start + timedelta(seconds=9), Counts(read=7, inserted=5, updated=2),
        checks=(CheckResult("the id is there", "quarantine", 3), CheckResult("never broken", "warn", 0)),
        drifts=(SchemaChange("new", "added", "string", ""),),
    )  # fmt: skip
    failed = Outcome("bronze.votes", "failed", "full", "", start, start + timedelta(seconds=1), error="it broke")
    outcomes = Outcomes("community", "bronze", (written, failed))
    RunLog(spark, own).append(outcomes)
    held = ensure_quarantine(Run(spark, own, own.system))
    spark.sql(
        f"INSERT INTO {held} (quarantine_id, table_name, check_name, status) "
        "VALUES ('q', 'bronze.users', 'the id is there', 'open')"
    ).collect()
    history = read_history(spark, settings, "community", 1)
    assert history.runs[["table_name", "status", "inserted", "updated", "seconds"]].values.tolist() == [
        ["bronze.users", "written", 5, 2, 9.0], ["bronze.votes", "failed", 0, 0, 1.0],
    ]  # fmt: skip
    assert abs(history.runs["started_at"][0] - start) < timedelta(milliseconds=1)
    assert history.broken[["table_name", "check_name", "broken"]].values.tolist() == [["bronze.users", "the id is there", 3]]
    assert history.changes["column_name"].tolist() == ["new"]
    assert history.held.values.tolist() == [["community", "bronze.users", "the id is there", "open", 1]]
    hours = run_figures.freshness_table(history).set_index("table_name")["hours_since_success"]
    assert hours["bronze.users"] == pytest.approx(2.0, abs=0.1) and hours.drop("bronze.users").isna().all()
    assert {"raw.users", "gold.daily_poll_votes"} <= set(hours.index)
    assert read_history(spark, settings, "funnel", 1).runs.empty
    assert read_history(spark, settings, "all", 1, now=start - timedelta(hours=1)).runs.empty


def test_cost_is_usage_times_the_list_price_of_its_time(spark: SparkSession, settings: Settings) -> None:
    billing = f"{settings.schema_prefix}billing"
    used = (
        ("2024-03-01", 5, 2.0, "tideline community"), ("2024-03-01", 15, 1.0, "tideline community"),
        ("2024-03-01", 15, -1.0, "[dev ada] tideline funnel"), ("2024-03-01", 5, 9.0, "somebody else"),
        ("2024-02-01", 5, 9.0, "tideline community"),
    )  # fmt: skip
    usage = ", ".join(
        f"(date'{day}', timestamp'{day} {hour:02d}:00:00Z', 'JOBS', 'AWS', 'DBU', {quantity}, named_struct('job_name', '{job}'))"
        for day, hour, quantity, job in used
    )
    names = "usage_date, usage_start_time, sku_name, cloud, usage_unit, usage_quantity, usage_metadata"
    spark.sql(f"CREATE VIEW {billing}.usage AS SELECT * FROM VALUES {usage} AS u({names})").collect()
    noon = "timestamp'2024-03-01 12:00:00Z'"
    prices = ", ".join(
        f"('JOBS', 'AWS', 'DBU', '{currency}', {start}, {end}, "
        f"named_struct('effective_list', named_struct('default', '{price}')))"
        for currency, start, end, price in (
            ("USD", "timestamp'2020-01-01'", noon, "0.50"), ("USD", noon, "null", "0.70"), ("EUR", noon, "null", "9.00"))
    )  # fmt: skip
    names = "sku_name, cloud, usage_unit, currency_code, price_start_time, price_end_time, pricing"
    spark.sql(f"CREATE VIEW {billing}.list_prices AS SELECT * FROM VALUES {prices} AS p({names})").collect()
    found = read_cost(spark, datetime(2024, 2, 20), usage=f"{billing}.usage", prices=f"{billing}.list_prices")
    assert found is not None
    assert found[["day", "job", "quantity", "usd"]].values.tolist() == [
        ["2024-03-01", "[dev ada] tideline funnel", -1.0, pytest.approx(-0.7)],
        ["2024-03-01", "tideline community", 3.0, pytest.approx(1.7)],
    ]


def test_where_there_is_no_bill_the_cost_is_unknown(spark: SparkSession) -> None:
    assert read_cost(spark, NOW) is None
