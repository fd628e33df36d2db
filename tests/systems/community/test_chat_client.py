"""Calls to an endpoint that fails in every way it can, over real HTTP on loopback."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from systems.community.summaries.answers import BadAnswer, usable
from systems.community.summaries.costs import Budget, BudgetReached, Usage
from systems.community.summaries.endpoints import MODEL, Endpoint, price_of
from systems.community.summaries.failures import Refused
from systems.community.summaries.map_reduce import summarised
from systems.community.summaries.pace import Pace
from systems.community.summaries.prompts import map_prompt
from tests.systems.community.chat_server import chat_server, told
from tests.systems.community.chats import client_of, thread_of, wishes
from utils.errors import SettingsError, SourceError

SMALL = thread_of(12)
PROMPT = map_prompt("a title", ['[1, "please add maps"]'], "en")


def counts(part: Any) -> dict[str, int]:
    return {each.request: each.n_comments for each in part.answer.requests}


@pytest.mark.parametrize("kind", ["429", "429:0", "500", "slow:3", "cut", "page", "text"])
def test_what_passes_is_asked_again_and_the_answer_is_whole(kind: str) -> None:
    with chat_server(broken=[kind, kind]) as server, client_of(server, timeout_seconds=2) as client:
        part = summarised(client, SMALL, "en")
        assert counts(part) == wishes(SMALL)
        assert len(server.calls) == 3
        assert part.usage.n_calls == 1 and client.budget.used == part.usage
        assert (client.budget.lost > 0) == (kind in ("slow:3", "cut", "page", "text"))


@pytest.mark.parametrize(
    "kind", ["text", "raw:[]", 'raw:"x"', "raw:{}", 'raw:{"error": {"message": "no"}}', 'raw:{"choices": []}',
             'raw:{"choices": [{"index": 0}]}', 'raw:{"choices": [{"message": {"content": [1]}}]}'],
)  # fmt: skip
def test_an_address_that_does_not_speak_the_protocol_is_a_sentence(kind: str) -> None:
    with (
        chat_server(broken=[kind] * 9) as server, client_of(server, max_attempts=2) as client,
        pytest.raises(SourceError, match=r"outside the protocol \(2 attempts\).*`base_url`"),
    ):  # fmt: skip
        client.ask(PROMPT)


def test_parameters_that_a_model_does_not_know_are_left_out_from_then_on() -> None:
    with chat_server(broken=["reasoning"] * 9) as server, client_of(server) as client:
        assert client.ask(PROMPT).is_whole and client.ask(PROMPT).is_whole
        assert len(server.calls) == 4 and server.calls[2].body["max_completion_tokens"] == client.endpoint.answer_tokens
        assert "response_format" in server.calls[3].body and "max_tokens" not in server.calls[3].body


def test_half_a_count_of_tokens_is_completed_by_the_bound() -> None:
    told = json.dumps({"choices": [{"message": {"content": "{}"}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 7}})
    with chat_server(broken=[f"raw:{told}"]) as server, client_of(server) as client:
        usage = client.ask(PROMPT).usage
        assert (usage.tokens_in, usage.tokens_out) == (7, client.endpoint.answer_tokens)


@pytest.mark.parametrize("kind", ["500", "cut", "slow:2"])
def test_an_endpoint_that_keeps_failing_is_left_after_the_last_attempt(kind: str) -> None:
    with chat_server(broken=[kind] * 9) as server, client_of(server, timeout_seconds=1, max_attempts=3) as client:
        with pytest.raises(SourceError, match=r"model `m` at http://127.*\(3 attempts\).*expected an answer"):
            client.ask(PROMPT)
        assert len(server.calls) == 3
        with pytest.raises(SourceError):
            client.ask(PROMPT)
        assert len(server.calls) == 3


def test_a_wrong_key_is_said_at_once_and_the_key_is_not() -> None:
    with chat_server() as server, client_of(server, key="another-key") as client:
        with pytest.raises(SourceError, match=r"status 401 \(1 attempt\).*llm_api_key") as raised:
            client.ask(PROMPT)
        assert len(server.calls) == 1 and "another-key" not in str(raised.value)
        assert client.budget.used == Usage() and client.budget.lost == 0


def test_a_prompt_that_is_refused_does_not_stop_the_others() -> None:
    with chat_server(broken=["400"]) as server, client_of(server) as client:
        with pytest.raises(Refused, match="status 400: no"):
            client.ask(PROMPT)
        assert client.ask(PROMPT).is_whole and len(server.calls) == 2


def test_retry_after_is_kept_to_by_every_call() -> None:
    with chat_server(broken=["429:5"]) as server, client_of(server, chunk_tokens=4_200) as client:
        part = summarised(client, thread_of(400), "en")
    _, *others = sorted(call.at - server.calls[0].at for call in server.calls)
    rested = [at for at in others if at > 2.0]  # the rest were on their way
    assert len(rested) >= 2 and min(rested) >= 5.0
    assert part.n_comments == 400


def test_retry_after_may_be_a_date() -> None:
    due = datetime.now(UTC) + timedelta(seconds=3)
    with chat_server(broken=[f"429:{format_datetime(due, usegmt=True)}"]) as server, client_of(server) as client:
        client.ask(PROMPT)
        assert datetime.now(UTC) >= due.replace(microsecond=0) and len(server.calls) == 2


def test_an_endpoint_that_asks_for_an_hour_is_not_waited_for() -> None:
    with chat_server(broken=["429:3600"]) as server, client_of(server) as client:
        started = time.monotonic()
        with pytest.raises(SourceError, match=r"asks to wait 3600 s.*requests_per_minute"):
            client.ask(PROMPT)
        assert time.monotonic() - started < 60 and len(server.calls) == 1


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("not json", "not valid JSON"), ("truncated", "cut off"), ("shape", "a field that was not asked for"),
        ("many", "more comments than there can be: 12"), ("empty", "JSON"),
    ],
)  # fmt: skip
def test_an_unusable_answer_is_shown_to_the_model_with_its_error_once(kind: str, said: str) -> None:
    with chat_server(broken=[kind]) as server, client_of(server) as client:
        part = summarised(client, SMALL, "en")
        assert counts(part) == wishes(SMALL) and part.usage.n_calls == 2
        again = server.calls[1].messages
        assert again[:2] == server.calls[0].messages and [message["role"] for message in again[2:]] == ["assistant", "user"]
        assert said in again[3]["content"] and told(again) == told(server.calls[0].messages)
    with chat_server(broken=[kind, kind]) as server, client_of(server) as client:
        with pytest.raises(BadAnswer):
            summarised(client, SMALL, "en")
        assert len(server.calls) == 2


def test_an_answer_in_a_fence_is_read() -> None:
    fenced = '```json\n{"summary": "s", "keywords": [], "sentiment": "neutral", "requests": []}\n```'
    with chat_server(lambda messages: fenced) as server, client_of(server) as client:
        assert summarised(client, SMALL, "en").answer.summary == "s"
        assert len(server.calls) == 1


def test_calls_at_once_and_in_a_period_stay_within_the_limits() -> None:
    with chat_server(latency=0.05) as server:
        pace, began = Pace(10, seconds=1.0), time.monotonic()
        with client_of(server, pace=pace, max_concurrent=3, chunk_tokens=4_200) as client:
            client.ask(PROMPT)  # the first call takes longer to the server than all others
            summarised(client, thread_of(2_500), "en")
        assert len(server.calls) > 25
        assert time.monotonic() - began >= (len(server.calls) - 1) // 10
        assert 2 <= server.peak <= 3
        assert server.most_within(0.9) >= 5 and server.most_within(0.5) <= 10  # on their way, calls may come closer together


def test_a_minute_holds_as_many_calls_as_the_endpoint_allows() -> None:
    pace = Pace(3, seconds=0.4)
    starts = []
    for _ in range(9):
        pace.wait()
        starts.append(time.monotonic())
    assert all(last - first >= 0.4 for first, last in zip(starts, starts[3:], strict=False))
    assert starts[-1] - starts[0] < 3


def test_an_endpoint_s_limit_is_that_of_its_calls_in_a_minute() -> None:
    with chat_server() as server, client_of(server, requests_per_minute=3) as client:

        def ask() -> None:
            with suppress(Exception):  # two of them wait for a minute: when they go on, nobody is there any more
                client.ask(PROMPT)

        for _ in range(5):
            threading.Thread(target=ask, daemon=True).start()
        time.sleep(2)
        assert len(server.calls) == 3


def test_the_budget_stops_a_run_in_the_middle_and_is_never_passed() -> None:
    thread = thread_of(600)
    with chat_server() as server, client_of(server, usd=1.0, chunk_tokens=4_200) as client:
        whole = summarised(client, thread, "en").usage.usd
        n_calls = len(server.calls)
    most = Endpoint().usd(6_000, Endpoint().answer_tokens)
    with chat_server() as server, client_of(server, usd=whole / 2 + most, chunk_tokens=4_200) as client:
        with pytest.raises(BudgetReached, match="USD are spent"):
            summarised(client, thread, "en")
        assert 0 < len(server.calls) < n_calls
        assert 0 < client.budget.used.usd <= client.budget.usd


def test_a_budget_below_one_call_makes_none() -> None:
    with chat_server() as server, client_of(server, usd=1e-6) as client:
        with pytest.raises(BudgetReached):
            client.ask(PROMPT)
        assert server.calls == []


def test_a_call_waits_for_what_others_hold_and_may_give_back() -> None:
    with chat_server(latency=0.1) as server:
        most = Endpoint().usd(PROMPT.most_tokens, 1_000)
        with client_of(server, usd=1.5 * most, chunk_tokens=4_200, answer_tokens=1_000) as client:
            thread = thread_of(20)
            for _ in range(2):
                summarised(client, thread, "en")
        assert len(server.calls) == 2


def test_usage_that_the_endpoint_does_not_tell_counts_as_the_most_that_it_can_be() -> None:
    with chat_server(broken=["no usage"]) as server, client_of(server) as client:
        reply = client.ask(PROMPT)
        assert (reply.usage.tokens_in, reply.usage.tokens_out) == (PROMPT.most_tokens, client.endpoint.answer_tokens)


def test_true_cost_is_tokens_by_price() -> None:
    with chat_server() as server, client_of(server, input_price=2.0, output_price=8.0) as client:
        used = summarised(client, thread_of(600), "en").usage
        assert used.n_calls == len(server.calls) > 1
        sent = sum(sum(len(m["content"]) for m in call.messages) // 4 for call in server.calls)
        assert used.tokens_in == sent
        assert used.usd == pytest.approx((2 * used.tokens_in + 8 * used.tokens_out) / 1e6)


def test_calls_in_many_threads_never_spend_more_than_there_is() -> None:
    budget = Budget(10.0)
    budget.hold(6.0)
    budget.settle(6.0, Usage(1, 1, 4.0, 1))
    budget.hold(5.0)
    budget.settle(5.0, None, is_lost=True)
    assert (budget.used.usd, budget.lost) == (4.0, 5.0)
    with pytest.raises(BudgetReached):
        budget.hold(1.1)
    budget.hold(1.0)


@pytest.mark.parametrize("sign", ["a", "я", "ก", "中"])
def test_an_answer_as_long_as_the_prompt_allows_is_used_in_every_alphabet(sign: str) -> None:
    """Instructions: 700 characters, 8 keywords of 40, 8 requests of 140; a letter has up to three bytes."""
    requests = [{"request": sign * 140, "n_comments": 12}] * 8
    text = json.dumps({"summary": sign * 700, "keywords": [sign * 40] * 8, "sentiment": "mixed", "requests": requests})
    assert usable(text, PROMPT, n_comments=12, most_count=12, most_tokens=Endpoint().part_tokens).summary == sign * 700


def test_another_model_needs_its_price_as_the_budget_is_counted_by_it() -> None:
    assert price_of(MODEL, "input_price", None) == 0.15 and price_of("m", "input_price", 0.0) == 0.0
    with pytest.raises(SettingsError, match="widget `input_price`: no price of `m`"):
        price_of("m", "input_price", None)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"base_url": "http://models.example.com/v1"}, "an https address"), ({"base_url": "models"}, "an https address"),
        ({"model": " "}, "the name"), ({"max_concurrent": 0}, "at least 1"), ({"input_price": -1.0}, "below zero"),
        ({"chunk_tokens": 100}, "chunk_tokens"),
    ],
)  # fmt: skip
def test_an_endpoint_that_cannot_be_meant_is_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        Endpoint(**wrong)


def test_many_threads_share_a_budget_to_its_last_part_and_none_waits_for_ever() -> None:
    budget, spent = Budget(1.0), []

    def work(_: int) -> None:
        try:
            budget.hold(0.1)
        except BudgetReached:
            return
        time.sleep(0.001)
        budget.settle(0.1, Usage(1, 1, 0.07, 1))
        spent.append(0.07)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(100)))
    assert budget.used.usd == pytest.approx(sum(spent)) and budget.used.n_calls == len(spent) == 13
