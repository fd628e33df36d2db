"""The real event log through all layers, against DuckDB: every participant, buyer and purchase of every variant.

`make test-all` takes all events of one user in twelve, `make test-deep` the whole log.
Set TIDELINE_REAL_DATA to the folder that holds `ab_testing/events.csv.gz`.
"""

from __future__ import annotations

import gzip
import os
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import duckdb
import pytest

from tests.apps.served import Api, api
from tests.systems.ab_testing.events_reckoning import FUNNEL, RESULTS, USERS, reckon
from tests.systems.deployment import Deployment, deployed
from tideline.workspace.layout import Layout

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
TWO_RULES = """
    SELECT attribution, sum(n_participants), sum(n_buyers), sum(n_purchases), min(attribution_window_hours)
    FROM {gold.variant_results} WHERE day = 'whole' GROUP BY 1 ORDER BY 1"""


@pytest.fixture(scope="module")
def whole_file() -> Path:
    folder = os.environ.get("TIDELINE_REAL_DATA", "")
    file = Path(folder) / "ab_testing" / "events.csv.gz"
    if not folder or not file.is_file():
        pytest.skip(f"THE REAL EVENT LOG IS NOT HERE: set TIDELINE_REAL_DATA (now `{folder}`)")
    return file


@pytest.fixture(scope="module", params=[12, pytest.param(1, marks=pytest.mark.deep)], ids=["a twelfth", "all"])
def one_in(request: pytest.FixtureRequest) -> int:
    """One user in so many is taken, with all events."""
    return int(request.param)


@pytest.fixture(scope="module")
def events_file(whole_file: Path, one_in: int, tmp_path_factory: pytest.TempPathFactory) -> Path:
    header, *lines = gzip.decompress(whole_file.read_bytes()).splitlines(keepends=True)
    taken = [line for line in lines if zlib.crc32(line.strip().rsplit(b",", 1)[1]) % one_in == 0]
    file = tmp_path_factory.mktemp("events") / whole_file.name
    file.write_bytes(gzip.compress(b"".join([header, *taken])))
    return file


@pytest.fixture(scope="module")
def reckoned(events_file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with reckon(events_file) as connection:
        yield connection


@pytest.fixture(scope="module")
def events(spark: Any, events_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with deployed(spark, tmp_path_factory.mktemp("volumes"), "ab_testing", "events") as deployment:
        shutil.copy2(events_file, deployment.landing)
        deployment.run("raw", "bronze", "silver", "gold")
        yield deployment


def test_the_file_is_the_known_one(whole_file: Path) -> None:
    lines = f"read_csv('{whole_file}', all_varchar = true)"
    tags = f"SELECT unnest(string_split(trim(experiments, '{{}}'), ', ')) AS tag FROM {lines}"
    assert duckdb.sql(f"""
        SELECT count(*), count(DISTINCT user_id), count(*) FILTER (event_name = 'BUY'),
               count(DISTINCT user_id) FILTER (event_name = 'BUY') FROM {lines}""").fetchall() == [(140_698, 7_817, 1_081, 764)]
    assert duckdb.sql(f"""
        SELECT count(*), count(DISTINCT split_part(tag, '=', 1)), count(DISTINCT tag) FROM ({tags})
        WHERE tag <> ''""").fetchall() == [(1_328_951, 47, 76)]


def test_every_line_lands_and_none_is_set_aside(events: Deployment, reckoned: duckdb.DuckDBPyConnection) -> None:
    counts = events.sql("""
        SELECT (SELECT count(*) FROM {raw.events}), (SELECT count(*) FROM {bronze.events}),
               (SELECT sum(quarantined) FROM {ops.table_runs})""")
    assert counts == reckoned.execute("SELECT count(*), count(DISTINCT event_id), 0 FROM line").fetchall()
    assert counts[0][0] == counts[0][1] > 10_000


def test_events_explode_to_what_the_file_holds(events: Deployment, reckoned: duckdb.DuckDBPyConnection) -> None:
    tags = reckoned.execute("SELECT count(*), count(DISTINCT experiment), count(DISTINCT (experiment, variant)) FROM tagged")
    ((n_tags, n_experiments, n_variants),) = tags.fetchall()
    people = reckoned.execute("""
        SELECT count(DISTINCT user_id), count(*) FILTER (event_name = 'BUY'),
               count(DISTINCT user_id) FILTER (event_name = 'BUY') FROM line""").fetchall()
    assert events.sql("""
        SELECT sum(cardinality(experiment_variants)), count(DISTINCT user_id),
               count_if(event_name = 'BUY'), count(DISTINCT CASE WHEN event_name = 'BUY' THEN user_id END)
        FROM {bronze.events}""") == [(n_tags, *people[0])]
    assert events.sql("""
        SELECT sum(n_events), count(DISTINCT experiment), count(DISTINCT experiment, variant)
        FROM {silver.exposures}""") == [(n_tags, n_experiments, n_variants)]


def test_days_are_cut_at_the_offset_of_the_data(events: Deployment, reckoned: duckdb.DuckDBPyConnection) -> None:
    found = events.sql("SELECT string(local_day), count(*) FROM {bronze.events} GROUP BY 1 ORDER BY 1")
    assert found == reckoned.execute("SELECT local_day, count(*) FROM event GROUP BY 1 ORDER BY 1").fetchall()
    assert [day for day, _ in found] == ["2021-08-01", "2021-08-02"]


def test_purchases_merge_repeats_within_a_minute(events: Deployment, reckoned: duckdb.DuckDBPyConnection) -> None:
    found = events.sql("SELECT user_id, item_id, unix_micros(purchased_at) FROM {silver.purchases} ORDER BY 1, 2, 3")
    assert found == reckoned.execute("SELECT user_id, item_id, bought_at FROM purchase ORDER BY ALL").fetchall()
    assert 0 < len(found) < reckoned.execute("SELECT count(*) FROM event WHERE event_name = 'BUY'").fetchall()[0][0]


def test_every_variant_result_equals_the_reckoning(events: Deployment, reckoned: duckdb.DuckDBPyConnection) -> None:
    found = events.sql("""
        SELECT experiment, variant, day, attribution, n_participants, n_buyers, n_purchases,
               n_participants_all, n_buyers_all, n_purchases_all FROM {gold.variant_results}""")
    assert len(found) > 400
    assert sorted(found) == sorted(reckoned.execute(RESULTS).fetchall())


def test_users_of_an_experiment_are_counted_once_whatever_they_met(
    events: Deployment, reckoned: duckdb.DuckDBPyConnection
) -> None:
    found = events.sql("SELECT DISTINCT experiment, day, n_users FROM {gold.variant_results}")
    assert sorted(found) == sorted(reckoned.execute(USERS).fetchall())
    judged = events.sql("SELECT experiment, day, n_users FROM {gold.experiment_results} WHERE attribution = 'same_item'")
    assert sorted(judged) == sorted(found)


def test_every_step_of_every_funnel_equals_the_reckoning_in_the_order_of_the_steps(
    events: Deployment, reckoned: duckdb.DuckDBPyConnection
) -> None:
    found = events.sql("""
        SELECT experiment, variant, day, step_number, step, n_users, n_participants FROM {gold.experiment_funnel}""")
    assert sorted(found) == sorted(reckoned.execute(FUNNEL).fetchall())
    assert events.sql("""
        SELECT count(*) > 0, count_if(f.n_users <> n_buyers) FROM {gold.experiment_funnel} f
        JOIN {gold.variant_results} r USING (experiment, variant, day, attribution) WHERE step = 'BUY'""") == [(True, 0)]


@pytest.mark.parametrize(("rule", "flag"), [("later_purchase", "has_later_purchase"), ("same_item", "has_same_item_purchase")])
def test_flags_of_exposures_count_the_buyers_of_every_hour(events: Deployment, rule: str, flag: str) -> None:
    ((n_different, n_hours),) = events.sql(f"""
        WITH flagged AS (SELECT experiment, variant, date_format(local_hour, 'yyyy-MM-dd HH') AS day, count_if({flag}) AS n
                         FROM {{silver.exposures}} GROUP BY ALL)
        SELECT count_if(n <> n_buyers_all), count(*) FROM flagged JOIN {{gold.variant_results}} USING (experiment, variant, day)
        WHERE attribution = '{rule}'""")
    assert (n_different, n_hours > 100) == (0, True)


def test_the_two_rules_differ_and_name_themselves(events: Deployment) -> None:
    later, same = events.sql(TWO_RULES)
    assert (later[0], same[0], later[1], later[4], same[4]) == ("later_purchase", "same_item", same[1], 48, 48)
    assert later[2] > same[2] > 0 and later[3] > same[3] > 0


@pytest.fixture(scope="module")
def served(events: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The API over the gold that the layers wrote."""
    gold = {"TIDELINE_GOLD": str(Layout(Path(os.environ["TIDELINE_TEST_HOME"])).warehouse)}
    with api(tmp_path_factory.mktemp("serving"), TIDELINE_SCHEMA_PREFIX=events.settings.schema_prefix, **gold) as found:
        yield found


def asked_of(served: Api, reckoned: duckdb.DuckDBPyConnection, route: str, rule: str = "") -> dict[tuple[str, str], Any]:
    """(experiment, period) -> answer, for every experiment in every period that has data."""
    pairs = reckoned.execute("SELECT DISTINCT experiment, day FROM person").fetchall()
    answers = {}
    for experiment, day in pairs:
        found = served.get(f"/experiment/{quote(experiment, safe='')}/{route}?day={quote(day)}{rule}")
        assert found.status_code == 200, found.text
        answers[experiment, day] = found.json()
    return answers


@pytest.mark.parametrize("rule", ["later_purchase", "same_item"])
def test_the_api_answers_for_every_experiment_and_period_with_the_reckoned_counts(
    rule: str, served: Api, reckoned: duckdb.DuckDBPyConnection
) -> None:
    expected: dict[tuple[str, str], set[tuple[Any, ...]]] = {}
    for experiment, variant, day, attribution, *counts in reckoned.execute(RESULTS).fetchall():
        if attribution == rule:
            expected.setdefault((experiment, day), set()).add((variant, *counts[:3]))
    names = ("id", "number_of_participants", "number_of_buyers", "number_of_purchases")
    counted = asked_of(served, reckoned, "variants", f"&attribution={rule}")
    judged = asked_of(served, reckoned, "result", f"&attribution={rule}")
    assert len(counted) > 120
    for place, answer in counted.items():
        assert {tuple(each[name] for name in names) for each in answer["variants"]} == expected[place]
        result = judged[place]["results"]
        assert {tuple(each[name] for name in names) for each in result["variants"]} == expected[place]
        assert result["attribution"] == rule and result["verdict"]


def test_the_api_tells_every_funnel_in_the_order_of_its_steps(served: Api, reckoned: duckdb.DuckDBPyConnection) -> None:
    expected: dict[tuple[str, str], dict[str, list[tuple[str, int]]]] = {}
    for experiment, variant, day, _, step, users, _ in sorted(reckoned.execute(FUNNEL).fetchall()):
        expected.setdefault((experiment, day), {}).setdefault(variant, []).append((step, users))
    for place, answer in asked_of(served, reckoned, "funnel").items():
        steps = {each["id"]: [(step["step"], step["number_of_users"]) for step in each["steps"]] for each in answer["variants"]}
        assert steps == expected[place]


@pytest.mark.deep
@pytest.mark.parametrize("one_in", [1], indirect=True)
def test_of_the_whole_log_every_experiment_has_an_answer_on_every_day_that_has_data(
    served: Api, reckoned: duckdb.DuckDBPyConnection
) -> None:
    answered = asked_of(served, reckoned, "result")
    assert len([day for _, day in answered if len(day) == len("2021-08-01")]) == 92


@pytest.mark.deep
@pytest.mark.parametrize("one_in", [1], indirect=True)
def test_the_whole_log_gives_the_known_figures(events: Deployment) -> None:
    assert events.sql(TWO_RULES) == [
        ("later_purchase", 146_652, 16_567, 22_206, 48), ("same_item", 146_652, 13_241, 16_788, 48)]  # fmt: skip
    assert events.sql("SELECT string(local_day), count(*) FROM {bronze.events} GROUP BY 1 ORDER BY 1") == [
        ("2021-08-01", 31_094), ("2021-08-02", 109_604)]  # fmt: skip
    assert events.sql("SELECT count(*) FROM {gold.variant_results} WHERE period <> 'hour'") == [(450,)]
