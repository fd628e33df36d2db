"""Threads to summaries and back to the table: nothing is lost in many calls, nothing is asked twice, nothing costs too much."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from systems.community.gold.comment_summaries import comment_summaries
from systems.community.summaries import prompts
from systems.community.summaries.chunks import chunked
from systems.community.summaries.costs import BudgetReached
from systems.community.summaries.endpoints import LEAST_CHUNK, Endpoint
from systems.community.summaries.estimates import estimated, refuse_above
from systems.community.summaries.map_reduce import lines_of, summarised
from systems.community.summaries.prompts import LANGUAGES, map_prompt, prompt_version, reduce_prompt
from systems.community.summaries.rows import Row
from systems.community.summaries.summarising import outdated, summarise
from systems.community.summaries.threads import MOST_CHARACTERS, Thread, cleaned, threads_of
from systems.community.summaries.tokens import likely_tokens, most_tokens
from tests.systems.community.chat_server import chat_server, counting, told
from tests.systems.community.chats import client_of, thread_of, wishes
from tideline.samples.community.remarks import remark
from tideline.samples.community.users import LANGUAGES as SAMPLED_LANGUAGES
from tideline.samples.draws import rng
from utils.errors import SettingsError, SourceError

DAY = date(2024, 1, 1)


def sampled(n: int) -> Thread:
    """Comments as the sampled exports have them, in fifteen languages."""
    bodies = [remark(rng(5, number), SAMPLED_LANGUAGES[number % 15]).body for number in range(n)]
    return Thread("p1", "A title", tuple(text for body in bodies if (text := cleaned(body))))


def requests(row: Row) -> dict[str, int]:
    return {each["request"]: each["n_comments"] for each in row["requests"]}


def test_a_thousand_comments_take_less_than_five_seconds_and_the_second_run_makes_no_call() -> None:
    thread = sampled(1_000)
    with chat_server(latency=0.3) as server, client_of(server) as client:
        started = time.monotonic()
        done = summarise([thread], [], "en", DAY, client=client)
        seconds = time.monotonic() - started
        n_calls = len(server.calls)
        again = summarise([thread], done.rows, "en", date(2024, 1, 2), client=client)
        assert len(server.calls) == n_calls > 5
    assert again.rows == [] and again.kept == done.rows
    assert seconds < 5 and server.peak <= Endpoint().max_concurrent
    (row,) = done.rows
    assert row["summary"] == f"{thread.n_comments} comments were read" and row["method"] == "model"


@pytest.mark.parametrize("n", [1, 40, 700])
def test_every_comment_reaches_the_model_once_and_counts_survive_all_joins(n: int) -> None:
    thread = thread_of(n)
    with chat_server() as server, client_of(server, chunk_tokens=LEAST_CHUNK) as client:
        (row,) = summarise([thread], [], "en", DAY, client=client).rows
    assert requests(row) == wishes(thread)
    lines = [line for call in server.calls for line in told(call.messages) if isinstance(line, list) and line[0]]
    assert sorted(lines) == [[number, body] for number, body in enumerate(thread.bodies, start=1)]


def test_summaries_that_do_not_fit_into_one_call_are_joined_in_several_rounds() -> None:
    def wordy(messages: list[dict[str, str]]) -> str:
        return json.dumps({**json.loads(counting(messages)), "keywords": [f"{n}" * 40 for n in range(8)], "summary": "x " * 440})

    thread = thread_of(1_200)
    with chat_server(wordy) as server, client_of(server, chunk_tokens=LEAST_CHUNK) as client:
        (row,) = summarise([thread], [], "en", DAY, client=client).rows
    joins = [told(call.messages) for call in server.calls if isinstance(told(call.messages)[0], dict)]
    assert len(joins) > 5 and all(2 <= len(parts) <= 3 for parts in joins)
    assert max(part["n_comments"] for parts in joins for part in parts) > 300  # a joined part was joined again
    assert requests(row) == wishes(thread)


def test_no_call_s_data_is_above_the_budget_of_tokens() -> None:
    thread = sampled(600)
    with chat_server() as server, client_of(server, chunk_tokens=LEAST_CHUNK) as client:
        summarised(client, thread, "ja")
    for call in server.calls:
        data = call.messages[1]["content"].split("\n")[1:-1]
        comments = [line for line in data if not line.startswith("[0,")]
        assert sum(most_tokens(line) + 1 for line in comments) <= LEAST_CHUNK


@given(st.lists(st.text(max_size=60), max_size=30), st.integers(250, 400))
def test_chunks_hold_every_line_in_order_within_the_budget(lines: list[str], budget: int) -> None:
    chunks = chunked(lines, budget)
    assert [line for chunk in chunks for line in chunk] == lines
    sizes = [sum(len(line.encode()) + 1 for line in chunk) for chunk in chunks]
    assert all(chunks) and all(size <= budget for size in sizes)
    for size, following in zip(sizes, chunks[1:], strict=False):
        assert size + len(following[0].encode()) + 1 > budget


@given(st.text(), st.randoms())
def test_the_bound_of_tokens_holds_however_bytes_are_joined(text: str, draw: Any) -> None:
    """A byte-level vocabulary cuts the bytes into pieces; whichever pieces, there are no more than the bound."""
    content, pieces = text.encode(), []
    while content:
        size = draw.randint(1, 4)
        pieces.append(content[:size])
        content = content[size:]
    assert len(pieces) <= most_tokens(text)
    assert 0 <= likely_tokens(text) <= most_tokens(text)


def test_the_longest_comment_fits_into_the_smallest_chunk() -> None:
    thread = Thread("p", "t", tuple(cleaned("\U0001f600" * 9_000) for _ in range(3)))
    assert {len(body) for body in thread.bodies} == {MOST_CHARACTERS}
    assert [len(chunk) for chunk in chunked(lines_of(thread), LEAST_CHUNK)] == [1, 1, 1]


def test_the_true_cost_lies_below_the_bound_and_near_the_estimate() -> None:
    threads = [thread_of(500), thread_of(30, "p2")]
    with chat_server() as server, client_of(server) as client:
        estimate = estimated(threads, "en", client.endpoint)
        summarise(threads, [], "en", DAY, client=client)
        used = client.budget.used
        assert (estimate.n_threads, estimate.n_comments) == (2, 530)
        assert estimate.n_calls == used.n_calls == len(server.calls)
        assert used.usd <= estimate.most_usd and used.usd / 2 < estimate.likely_usd < used.usd * 4


def test_a_budget_below_the_estimate_refuses_the_run_before_any_call() -> None:
    estimate = estimated([thread_of(5_000)], "en", Endpoint())
    refuse_above(estimate.likely_usd, estimate)
    with pytest.raises(SettingsError, match=r"widget `budget_usd`: 0.0001 USD for about 0.0\d+ USD of work.*fewer posts"):
        refuse_above(0.0001, estimate)


def test_a_budget_that_ends_in_the_middle_keeps_what_was_made() -> None:
    threads = [thread_of(9, f"p{number}") for number in range(30)]
    with chat_server() as server:
        with client_of(server) as client:
            whole = summarise(threads, [], "en", DAY, client=client)
            cost = client.budget.used.usd
        assert len(whole.rows) == 30
        room = Endpoint().usd(map_prompt("t", lines_of(threads[0]), "en").most_tokens, Endpoint().answer_tokens)
        with client_of(server, usd=cost / 2 + room) as client:
            done = summarise(threads, [], "en", DAY, client=client)
            assert client.budget.used.usd <= client.budget.usd
        assert 0 < len(done.rows) < 30 and len(done.rows) + len(done.without) == 30
        assert all("the budget is reached" in why for why in done.without.values())
        done.raise_if_failed()
        with client_of(server) as client:
            rest = summarise(threads, done.rows, "en", DAY, client=client)
            assert {row["post_id"] for row in rest.rows} == set(done.without)


def test_an_endpoint_that_fails_for_good_loses_nothing_that_was_paid_for() -> None:
    threads = [thread_of(9, "p1"), thread_of(9, "p2"), thread_of(9, "p3")]
    with chat_server(broken=["good", *["500"] * 9]) as server, client_of(server, max_concurrent=1, max_attempts=2) as client:
        done = summarise(threads, [], "en", DAY, client=client)
    assert len(done.rows) == 1 and len(done.without) == 2 and len(server.calls) == 3
    with pytest.raises(SourceError, match="status 500"):
        done.raise_if_failed()


def test_a_thread_with_unusable_answers_is_quoted_and_says_why_and_is_tried_again_next_time() -> None:
    threads = [thread_of(9, "p1"), thread_of(9, "p2")]
    with chat_server(broken=["shape", "shape"]) as server, client_of(server, max_concurrent=1) as client:
        done = summarise(threads, [], "en", DAY, client=client)
        first, second = done.rows
        assert (first["method"], second["method"]) == ("extractive", "model")
        assert first["reason"].startswith("the model's answer cannot be used: ") and first["cost_usd"] == 0
        again = summarise(threads, done.rows, "en", DAY, client=client)
        assert [(row["post_id"], row["method"]) for row in again.rows] == [("p1", "model")]
        assert again.kept == [second]


def test_what_is_stored_is_kept_unless_comments_prompts_or_the_model_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    thread, endpoint = thread_of(9), Endpoint(model="m")
    with chat_server() as server, client_of(server) as client:
        stored = summarise([thread], [], "en", DAY, client=client).rows
        quoted = summarise([thread], [], "en", DAY, client=None).rows
    edited = replace(thread, bodies=(*thread.bodies[:-1], "edited"))

    def due(thread: Thread, rows: list[Row], language: str = "en", endpoint: Endpoint | None = endpoint) -> bool:
        return bool(outdated([thread], rows, language, endpoint))

    assert not due(thread, stored) and not due(thread, stored, endpoint=None) and not due(thread, quoted, endpoint=None)
    assert due(edited, stored) and due(edited, stored, endpoint=None) and due(edited, quoted, endpoint=None)
    assert due(replace(thread, title="another"), stored) and due(thread, stored, "ja")
    assert due(thread, quoted) and due(thread, stored, endpoint=replace(endpoint, model="n"))
    monkeypatch.setattr("systems.community.summaries.summarising.prompt_version", lambda: "v2")
    assert due(thread, stored) and not due(thread, stored, endpoint=None)


def test_prompts_are_asked_in_the_language_of_the_widget_and_their_version_follows_their_text(tmp_path: Any) -> None:
    assert list(LANGUAGES) == list(SAMPLED_LANGUAGES)
    for language, name in LANGUAGES.items():
        for prompt in (map_prompt("t", [], language), reduce_prompt([], language, 3)):
            assert f"Answer in {name} with one JSON object" in prompt.messages[0]["content"]
            assert "$" not in prompt.messages[0]["content"]
    assert prompt_version().startswith("v1-")
    files = [tmp_path / path.name for path in (prompts.MAP, prompts.REDUCE, prompts.REPAIR)]
    for source, copy in zip((prompts.MAP, prompts.REDUCE, prompts.REPAIR), files, strict=True):
        copy.write_text(source.read_text())
    assert prompts.version_of("v1", files) == prompt_version()
    files[2].write_text("another question about $error")
    assert prompts.version_of("v1", files) != prompt_version()


def test_ids_and_addresses_never_reach_a_prompt_and_hidden_signs_do_not_either() -> None:
    user = "64f0c1d2e3a4b5c6d7e8f901"
    rows = pd.DataFrame([
        ("p1", "T", "c1", f"@{user} please add maps, ask {user.upper()} or me@mail.example.org", 1, user),
        ("p1", "T", "c2", "one\u2028two\r\n\x00three \u202eeruces\u202c <|im_start|>\U000e0041", 2, user),
        ("p1", "T", "c3", "   ", 3, user), ("p1", "T", "c4", None, 4, user), ("p2", None, "c5", "👩‍🚀 fine", 5, user),
    ], columns=["post_id", "title", "comment_id", "body", "created_at", "user_id"])  # fmt: skip
    threads = threads_of(rows.sample(frac=1, random_state=1))
    assert [(thread.post_id, thread.title, thread.bodies) for thread in threads] == [
        ("p1", "T", ("@[id] please add maps, ask [id] or [address]", "one two three eruces < |im_start| >")),
        ("p2", "unknown", ("👩‍🚀 fine",)),
    ]
    with chat_server() as server, client_of(server) as client:
        done = summarise(threads, [], "en", DAY, client=client)
        quoted = summarise(threads, [], "en", DAY, client=None)
    sent = json.dumps([call.body for call in server.calls])
    assert len(server.calls) == 2 and user not in sent.lower() and "mail.example" not in sent
    assert user not in str([done, quoted]).lower()


def test_progress_is_said_per_post() -> None:
    heard: list[str] = []
    with chat_server() as server, client_of(server) as client:
        summarise([thread_of(9, "p1"), thread_of(9, "p2")], [], "en", DAY, client=client, say=heard.append)
    assert sorted(heard)[0].startswith("Title of p1: 9 comments, model; 0.0") and len(heard) == 2


def test_new_rows_replace_those_of_the_same_post_and_language_and_others_stay() -> None:
    threads = [thread_of(9, "p1"), thread_of(9, "p2")]
    english, german = (summarise(threads, [], language, DAY, client=None).rows for language in ("en", "de"))
    newer = [{**english[0], "summary": "newer"}]
    table = comment_summaries([*english, *german], newer)
    assert list(zip(table["post_id"], table["language"], table["summary"] == "newer", strict=True)) == [
        ("p1", "de", False), ("p1", "en", True), ("p2", "de", False), ("p2", "en", False),
    ]  # fmt: skip
    assert comment_summaries([], []).empty


def test_budget_errors_are_not_swallowed_by_side_by_side_calls() -> None:
    with chat_server() as server, client_of(server, usd=1e-9) as client, pytest.raises(BudgetReached):
        summarised(client, thread_of(2_000), "en")
