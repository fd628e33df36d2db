"""The API of the A/B tests over real Delta files that are written without Spark, from counts that are judged as in gold."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pandas as pd
import pyarrow as pa
import pytest
import schemathesis
from deltalake import write_deltalake
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from systems.ab_testing.config import EVENT_NAMES
from systems.ab_testing.verdicts import judge_family
from tests.apps.served import Api, api

PERIODS = {"2021-08-01 23": "hour", "2021-08-01": "day", "whole": "whole"}
# Experiment -> variant -> participants, buyers.
COUNTED = {
    "search/order": {"7": (1000, 100), "8": (1000, 160)},
    "oldPrice": {"DEFAULT": (900, 90), "7": (900, 92)},
    "a/b/ünïcode %": {"1": (500, 50)},
}
ONLY_WHOLE = "oldPrice"


def counts(period: str, rule: str) -> pd.DataFrame:
    rows = [
        {
            "experiment": experiment, "variant": variant, "day": period, "period": PERIODS[period], "attribution": rule,
            "attribution_window_hours": 48, "n_participants": n, "n_buyers": b if rule == "later_purchase" else b // 2,
            "n_purchases": b + 1, "conversion_rate": b / n, "conversion_low": b / n / 2, "conversion_high": b / n * 2,
            "n_participants_all": n + 1, "n_buyers_all": b, "n_purchases_all": b + 1,
            "n_users": sum(each for each, _ in variants.values()) + 1,
        }
        for experiment, variants in COUNTED.items() if period == "whole" or experiment != ONLY_WHOLE
        for variant, (n, b) in variants.items()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def funnels(period: str) -> pd.DataFrame:
    rows = counts(period, "later_purchase")
    steps = pd.DataFrame({"step_number": range(1, 7), "step": EVENT_NAMES, "n_users": [10, 400, 300, 200, 150, 90]})
    found = rows[["experiment", "variant", "day", "n_participants"]].merge(steps, how="cross")
    return found.assign(share=found["n_users"] / found["n_participants"])


def write(warehouse: Path) -> None:
    """Tables as the layers leave them; rows in an order of their own."""
    judged = [judge_family(counts(period, rule)) for period in PERIODS for rule in ("later_purchase", "same_item")]
    tables = {
        "experiment_results": pa.Table.from_pylist(pd.concat(judged).sample(frac=1, random_state=1).to_dict("records")),
        "experiment_funnel": pa.Table.from_pandas(
            pd.concat([funnels(period) for period in PERIODS]).sample(frac=1, random_state=2), preserve_index=False
        ),
    }
    for name, table in tables.items():
        write_deltalake(warehouse / "ab_testing_gold.db" / name, table, mode="overwrite", schema_mode="overwrite")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("serving")
    write(folder / "warehouse")
    with api(folder) as found:
        yield found


def test_the_result_of_an_experiment_names_winner_verdict_and_every_variant(served: Api) -> None:
    answer = served.get("/experiment/search/order/result?day=2021-08-01").json()
    assert answer["data_version"] == "ab_testing_gold.experiment_results@0, ab_testing_gold.experiment_funnel@0"
    assert answer["as_of"] == "2021-08-01"
    found = answer["results"]
    assert (found["exp_name"], found["day"], found["winner"], found["verdict"]) == ("search/order", "2021-08-01", "8", "winner")
    assert (found["number_of_participants"], found["number_of_contaminated"]) == (2000, 1)
    assert [(each["id"], each["number_of_purchases"], each["number_of_buyers"]) for each in found["variants"]] == [
        ("7", 101, 100), ("8", 161, 160)]  # fmt: skip
    assert found["variants"][1]["probability_best"] > 0.99 and found["variants"][0]["difference"] is None


@pytest.mark.parametrize("written", ["search/order", "search|order", "search%2Forder", "search%7Corder"])
def test_a_name_with_a_slash_is_taken_in_every_form_and_repeated_as_it_was_written(written: str, served: Api) -> None:
    found = served.get(f"/experiment/{written}/result?day=whole").json()["results"]
    assert found["winner"] == "8" and found["exp_name"] == written.replace("%2F", "/").replace("%7C", "|")


def test_names_in_any_script_and_with_percent_signs_are_found(served: Api) -> None:
    name = "a/b/ünïcode %"
    assert served.get(f"/experiment/{quote(name)}/result?day=whole").json()["results"]["verdict"] == "single variant"
    assert served.get("/experiments").json()["experiments"] == sorted(COUNTED)


def test_default_is_a_variant_like_any_other(served: Api) -> None:
    found = served.get("/experiment/oldPrice/result?day=whole").json()["results"]
    assert [each["id"] for each in found["variants"]] == ["7", "DEFAULT"]
    assert (found["control"], found["winner"], found["verdict"]) == ("DEFAULT", None, "no evidence")
    steps = served.get("/experiment/oldPrice/funnel?day=whole&variant=DEFAULT").json()["variants"]
    assert [each["id"] for each in steps] == ["DEFAULT"]


def test_an_unknown_experiment_and_a_day_without_data_are_told_apart(served: Api) -> None:
    unknown = served.get("/experiment/no|such/result?day=2021-08-01")
    assert (unknown.status_code, unknown.json()["detail"]) == (404, "Unknown experiment 'no|such'")
    for route in ("result", "variants", "funnel"):
        empty = served.get(f"/experiment/oldPrice/{route}?day=2021-08-01")
        assert empty.status_code == 404
        assert empty.json()["detail"] == "No data found for experiment 'oldPrice' on day '2021-08-01'"
    absent = served.get("/experiment/oldPrice/funnel?day=whole&variant=9")
    assert (absent.status_code, absent.json()["detail"][:29]) == (404, "No data found for variant '9'")


NO_DAYS = ["", "2021-8-1", "2021-02-30", "2021-08-01 24", "２０２１-08-01", "yesterday", "2021-08-01T23", "2021-08-01 23:00"]


@pytest.mark.parametrize("day", NO_DAYS)
def test_what_is_no_day_is_refused_by_name(day: str, served: Api) -> None:
    for route in ("result", "variants", "funnel"):
        answer = served.get(f"/experiment/search|order/{route}?day={quote(day)}")
        assert answer.status_code == 422 and answer.json()["detail"][0]["loc"] == ["query", "day"]


def test_an_hour_answers_like_a_day(served: Api) -> None:
    found = served.get("/experiment/search/order/variants?day=2021-08-01 23").json()
    assert [(each["id"], each["number_of_participants"]) for each in found["variants"]] == [("7", 1000), ("8", 1000)]


def test_the_rule_of_attribution_is_chosen_and_named(served: Api) -> None:
    found = served.get("/experiment/search/order/result?day=whole&attribution=same_item").json()["results"]
    assert found["attribution"] == "same_item" and found["variants"][0]["number_of_buyers"] == 50
    assert served.get("/experiment/search/order/result?day=whole&attribution=any").status_code == 422


def test_a_funnel_has_six_steps_in_their_order_and_not_by_size(served: Api) -> None:
    answer = served.get("/experiment/search/order/funnel?day=whole").json()
    found = answer["variants"]
    assert answer["attribution"] == "later_purchase"
    assert [each["id"] for each in found] == ["7", "8"]
    for each in found:
        assert [step["step"] for step in each["steps"]] == list(EVENT_NAMES)
        assert each["steps"][0]["number_of_users"] < each["steps"][1]["number_of_users"]


def test_before_anything_is_loaded_the_answer_says_what_to_run(tmp_path: Path) -> None:
    with api(tmp_path) as found:
        answer = found.get("/experiments")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
        assert "run the job ab_testing" in answer.json()["detail"]


ROUTES = [f"/experiment/{{experiment}}/{name}" for name in ("result", "variants", "funnel")]
POSITIVE, NEGATIVE = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE


@pytest.mark.parametrize(
    ("route", "mode"), [("/experiments", POSITIVE), *[(route, mode) for route in ROUTES for mode in (POSITIVE, NEGATIVE)]]
)
def test_whatever_is_asked_is_answered_as_documented(route: str, mode: schemathesis.GenerationMode, served: Api) -> None:
    operation = schemathesis.openapi.from_url(f"{served.url}/openapi.json")[route]["GET"]
    asked: set[int] = set()

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
    @given(operation.as_strategy(generation_mode=mode), st.sampled_from([None, *COUNTED]), st.sampled_from([*PERIODS]))
    def ask(case: schemathesis.Case, name: str | None, day: str) -> None:
        if name and mode is POSITIVE and route in ROUTES:  # names at random are known to nobody
            case.path_parameters["experiment"] = name
            case.query |= {"day": day}
            case.query.pop("variant", None)
        response = case.call(base_url=served.url)
        asked.add(response.status_code)
        case.validate_response(response)

    ask()
    assert max(asked) < 500
    assert mode is NEGATIVE or 200 in asked
    assert mode is NEGATIVE or route not in ROUTES or 404 in asked


def test_an_answer_is_of_one_version_while_gold_is_rewritten(tmp_path: Path) -> None:
    """Every commit holds another number of participants; each answer has that of the commit that it names."""
    write(tmp_path / "warehouse")
    table = tmp_path / "warehouse" / "ab_testing_gold.db" / "experiment_results"
    rows = judge_family(counts("whole", "later_purchase"))
    seen: set[int] = set()
    with api(tmp_path, TIDELINE_API_REFRESH_SECONDS="0.05") as found:
        for commit in range(1, 8):
            for variants in rows["variants"]:
                for each in variants:
                    each["n_participants_all"] = each["n_purchases"] = commit
            write_deltalake(table, pa.Table.from_pylist(rows.assign(n_contaminated=commit).to_dict("records")), mode="overwrite")
            until = time.monotonic() + 20
            while commit not in seen and time.monotonic() < until:
                answer = found.get("/experiment/search|order/result?day=whole").json()
                named = int(answer["data_version"].partition("experiment_results@")[2].partition(",")[0])
                purchases = [each["number_of_purchases"] for each in answer["results"]["variants"]]
                told = {answer["results"]["number_of_contaminated"], *purchases}
                assert named == 0 or told == {named}
                seen.add(named)
    assert {1, 2, 3, 4, 5, 6, 7} <= seen


def test_a_version_that_cannot_be_read_is_not_taken_over_and_readiness_says_why(tmp_path: Path) -> None:
    write(tmp_path / "warehouse")
    table = tmp_path / "warehouse" / "ab_testing_gold.db" / "experiment_results"
    with api(tmp_path) as found:
        before = found.get("/experiment/search|order/result?day=whole").json()
        write_deltalake(table, pa.table({"experiment": ["search/order"]}), mode="overwrite", schema_mode="overwrite")
        until = time.monotonic() + 20
        while "errors" not in (ready := found.get("/ready").json()) or not ready["errors"]:
            assert time.monotonic() < until
            time.sleep(0.05)
        assert list(ready["errors"]) == ["experiments"] and ready["experiments"] == before["data_version"]
        assert found.get("/experiment/search|order/result?day=whole").json() == before
        write(tmp_path / "warehouse")
        while found.get("/experiments").json()["data_version"] == before["data_version"]:
            assert time.monotonic() < until
            time.sleep(0.05)
        assert found.get("/ready").json()["errors"] == {}
