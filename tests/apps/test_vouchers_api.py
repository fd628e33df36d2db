"""The API of the vouchers over a real Delta table that is written without Spark."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import requests
import schemathesis
from deltalake import write_deltalake
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import positive_data_acceptance

from systems.vouchers.config import COUNTRIES, FREQUENCY, NONE, RECENCY, VOUCHER_TIME
from tests.apps.served import Api, api

AS_OF = date(2023, 6, 2)
ROUTE = "/voucher_segment_selector"
ASKED = {
    "customer_id": 123, "country_code": "Peru", "last_order_ts": "2023-05-30 00:00:00",
    "first_order_ts": "2021-05-03 00:00:00", "total_orders": 15, "segment_name": "frequent_segment",
}  # fmt: skip
NUMBER = pa.schema([
    ("country", pa.string()), ("segment_type", pa.string()), ("reference", pa.string()), ("segment", pa.string()),
    ("voucher_amount", pa.float64()), ("uses", pa.int64()), ("total_amount", pa.float64()), ("share", pa.float64()),
    ("rank", pa.int32()), ("as_of", pa.date32()),
])  # fmt: skip
WITHOUT_DATA = "121-180"


def rows(commit: int = 0) -> list[dict[str, Any]]:
    """Two vouchers of every segment but one, in an order of their own; the first number of uses says which commit it is."""
    found = []
    for kind, reference in ((FREQUENCY, NONE), (RECENCY, VOUCHER_TIME)):
        for place, segment in enumerate(kind.names):
            if segment == WITHOUT_DATA:
                continue
            for rank, (amount, uses) in enumerate(((2640.0 + place, 70 + commit), (3520.0, 30)), start=1):
                found.append({
                    "country": "Peru", "segment_type": kind.name, "reference": reference, "segment": segment,
                    "voucher_amount": amount, "uses": uses, "total_amount": amount * uses, "share": uses / (100 + commit),
                    "rank": rank, "as_of": AS_OF + timedelta(days=commit),
                })  # fmt: skip
    return found[::-1]


def write(warehouse: Path, found: list[dict[str, Any]]) -> None:
    table = warehouse / "vouchers_gold.db" / "segment_vouchers"
    write_deltalake(table, pa.Table.from_pylist(found, schema=NUMBER), mode="overwrite")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("serving")
    write(folder / "warehouse", rows())
    with api(folder) as found:
        yield found


def ask(served: Api, **fields: Any) -> requests.Response:
    return served.post(ROUTE, ASKED | fields)


def ask_text(served: Api, text: str | bytes, content_type: str = "application/json") -> requests.Response:
    return requests.post(f"{served.url}{ROUTE}", data=text, headers={"Content-Type": content_type}, timeout=30)


def test_the_status_is_active(served: Api) -> None:
    answer = served.get("/check_status")
    assert (answer.status_code, answer.text) == (200, "Active!")


def test_an_answer_names_amount_segment_confidence_version_and_day(served: Api) -> None:
    answer = ask(served, total_orders=10)
    assert answer.status_code == 200
    assert answer.json() == {
        "voucher_amount": 2641.0, "segment": "5-13", "uses": 70, "share": 0.7, "reference": "none",
        "data_version": "vouchers_gold.segment_vouchers@0", "as_of": "2023-06-02",
    }  # fmt: skip


ORDERS = {0: "0-4", 4: "0-4", 5: "5-13", 13: "5-13", 14: "14-37", 37: "14-37", 38: "38+", 900: "38+"}


@pytest.mark.parametrize("orders", ORDERS)
def test_both_ends_of_every_segment_of_orders_are_in_it_and_the_best_customers_are_answered(
    orders: int, served: Api
) -> None:
    assert ask(served, total_orders=orders).json()["segment"] == ORDERS[orders]
    assert ask(served, total_orders=float(orders)).json()["segment"] == ORDERS[orders]  # JSON has one kind of number


DAYS = {
    0: "0-29", 29: "0-29", 30: "30-60", 60: "30-60", 61: "61-90", 90: "61-90", 91: "91-120", 120: "91-120", 181: "180+",
}  # fmt: skip


@pytest.mark.parametrize("days", DAYS)
def test_recency_is_measured_from_the_day_of_the_tables_and_not_from_the_wall_clock(days: int, served: Api) -> None:
    last = datetime.combine(AS_OF - timedelta(days=days), datetime.min.time())
    assert (date.today() - AS_OF).days > 181, "the wall clock would say 180+ to everybody"
    answer = ask(served, last_order_ts=f"{last:%Y-%m-%d} 23:59:59", segment_name="recency_segment").json()
    assert (answer["segment"], answer["reference"], answer["as_of"]) == (DAYS[days], "voucher_time", "2023-06-02")


def test_a_question_without_an_answer_is_a_404_with_the_reason(served: Api) -> None:
    answer = ask(served, last_order_ts="2023-01-10 00:00:00", segment_name="recency_segment")
    assert answer.status_code == 404
    assert answer.json()["detail"] == "no voucher was used in Peru by the recency_segment 121-180 until 2023-06-02"


def test_a_country_that_is_not_of_interest_is_refused_with_the_list(served: Api) -> None:
    answer = ask(served, country_code="Latvia")
    wrong = answer.json()["detail"][0]
    assert (answer.status_code, wrong["loc"]) == (422, ["body", "country_code"])
    assert wrong["msg"].endswith(", ".join(COUNTRIES))


NO_TIMES = [
    "2023-05-30", "2023-05-30T00:00:00", "2023-02-30 00:00:00", "2023-05-30 24:00:00", "２０２３-05-30 00:00:00", "", "now",
    "2023-05-30 00:00:00+00:00", "0000-01-01 00:00:00", None, 5,
]  # fmt: skip
NO_COUNTS = [True, False, "15", 15.5, -1, 2**31, 10**40, None, [1], {}]
WRONG = [
    *[("last_order_ts", value) for value in NO_TIMES],
    *[("first_order_ts", value) for value in NO_TIMES],
    *[("total_orders", value) for value in NO_COUNTS],
    *[("customer_id", value) for value in [True, "123", 1.5, -1, 2**63, None]],
    *[("segment_name", value) for value in ["", "frequent", None, 1, "frequent_segment' OR 1=1 --"]],
    *[("country_code", value) for value in ["", "peru", None, 1, "Peru' OR '1'='1", "\ud800"]],
    ("unknown_field", 1),
]


@pytest.mark.parametrize(("field", "value"), WRONG)
def test_what_is_wrong_is_refused_with_its_field_named(field: str, value: Any, served: Api) -> None:
    answer = ask_text(served, json.dumps(ASKED | {field: value}))
    assert answer.status_code == 422
    assert [wrong["loc"] for wrong in answer.json()["detail"]] == [["body", field]]


def test_an_error_is_never_answered_with_201_or_another_success(served: Api) -> None:
    answers = [ask_text(served, json.dumps(ASKED | {field: value})) for field, value in WRONG]
    answers += [ask_text(served, text) for text in ("{", "[]")]
    answers += [ask(served, segment_name="recency_segment", last_order_ts="2023-01-10 00:00:00")]
    assert {answer.status_code for answer in answers} == {404, 415, 422}


def test_a_missing_field_is_named(served: Api) -> None:
    for field in ASKED:
        answer = served.post(ROUTE, {name: value for name, value in ASKED.items() if name != field})
        assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["body", field])


def test_a_last_order_before_the_first_one_is_refused(served: Api) -> None:
    answer = ask(served, first_order_ts="2023-05-30 00:00:01")
    assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["body", "last_order_ts"])
    assert ask(served, first_order_ts=ASKED["last_order_ts"]).status_code == 200


def test_a_last_order_after_the_day_of_the_tables_has_no_recency_and_still_a_frequency(served: Api) -> None:
    later = {"last_order_ts": "2023-06-03 00:00:00"}
    refused = ask(served, segment_name="recency_segment", **later)
    assert (refused.status_code, refused.json()["detail"][0]["loc"]) == (422, ["body", "last_order_ts"])
    assert ask(served, **later).status_code == 200


def test_a_name_that_is_no_text_is_refused_like_any_other(served: Api) -> None:
    for name in ("\ud800", "ünïcode"):
        assert ask_text(served, json.dumps(ASKED | {name: 1})).status_code == 422
        twice = json.dumps(ASKED)[:-1] + f", {json.dumps(name)}: 1, {json.dumps(name)}: 2}}"
        assert ask_text(served, twice).json()["detail"][0]["type"] == "duplicate_field"


def test_a_name_that_is_given_twice_is_refused(served: Api) -> None:
    text = json.dumps(ASKED)[:-1] + ', "total_orders": 3}'
    answer = ask_text(served, text)
    assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["body", "total_orders"])


def test_very_many_wrong_names_cost_neither_time_nor_a_long_answer(served: Api) -> None:
    """A body of names that are all other, one of them twice, as large as bodies may be; then each of them unknown."""
    names = ", ".join(f'"a{number}": 1' for number in range(5_500))
    began = time.monotonic()
    twice = ask_text(served, f'{{{names}, "a0": 2}}')
    assert twice.json()["detail"][0]["loc"] == ["body", "a0"] and time.monotonic() - began < 1
    unknown = ask_text(served, f"{{{names}}}")
    assert unknown.status_code == 422 and len(unknown.content) < 10_000


NO_JSON = ["", "{", "country_code=Peru", '{"total_orders": NaN}', b"\xff\xfe", "[" * 30_000, json.dumps(ASKED) + "x"]


@pytest.mark.parametrize("text", NO_JSON, ids=range(len(NO_JSON)))
def test_what_is_no_json_is_a_415(text: str | bytes, served: Api) -> None:
    answer = ask_text(served, text)
    assert (answer.status_code, answer.json()["detail"]) == (415, "the body is no JSON")


def test_json_must_be_said_to_be_json(served: Api) -> None:
    for content_type in ("text/plain", "application/x-www-form-urlencoded", ""):
        assert ask_text(served, json.dumps(ASKED), content_type).status_code == 415
    assert ask_text(served, json.dumps(ASKED), "Application/JSON; charset=utf-8").status_code == 200


@pytest.mark.parametrize("text", ["[]", "1", "null", '"Peru"', "1" * 5000])
def test_json_that_is_no_object_is_refused(text: str, served: Api) -> None:
    answer = ask_text(served, text)
    assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["body"])


def test_before_anything_is_loaded_and_over_an_empty_table_the_answer_says_so(tmp_path: Path) -> None:
    with api(tmp_path) as found:
        answer = ask(found)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
        write(tmp_path / "warehouse", [])
        until = time.monotonic() + 20
        while ask(found).status_code == 503 and time.monotonic() < until:
            time.sleep(0.05)
        answer = ask(found)
        assert (answer.status_code, answer.json()["detail"]) == (404, "no use of a voucher has been counted yet")


POSITIVE, NEGATIVE = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE


@pytest.mark.parametrize(
    ("method", "route", "mode"), [("GET", "/check_status", POSITIVE), ("POST", ROUTE, POSITIVE), ("POST", ROUTE, NEGATIVE)]
)
def test_whatever_is_asked_is_answered_as_documented(
    method: str, route: str, mode: schemathesis.GenerationMode, served: Api
) -> None:
    operation = schemathesis.openapi.from_url(f"{served.url}/openapi.json")[route][method]
    seen: set[int] = set()

    @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
    @given(operation.as_strategy(generation_mode=mode))
    def try_one(case: schemathesis.Case) -> None:
        response = case.call(base_url=served.url)
        seen.add(response.status_code)
        # A schema cannot say that the last order comes after the first one.
        case.validate_response(response, excluded_checks=[positive_data_acceptance])

    try_one()
    assert max(seen) < 500
    assert mode is NEGATIVE or 200 in seen


def test_an_answer_is_of_one_version_while_gold_is_rewritten(tmp_path: Path) -> None:
    """Every commit holds another number of uses and another day; each answer has those of the commit that it names."""
    write(tmp_path / "warehouse", rows())
    seen: set[int] = set()
    with api(tmp_path, TIDELINE_API_REFRESH_SECONDS="0.05") as found:
        for commit in range(1, 8):
            write(tmp_path / "warehouse", rows(commit))
            until = time.monotonic() + 20
            while commit not in seen and time.monotonic() < until:
                answer = ask(found).json()
                named = int(answer["data_version"].partition("@")[2])
                assert (answer["uses"], answer["as_of"]) == (70 + named, str(AS_OF + timedelta(days=named)))
                seen.add(named)
    assert set(range(1, 8)) <= seen
