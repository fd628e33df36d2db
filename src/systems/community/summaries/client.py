"""One question to the endpoint: within its limits and the budget, asked again where that may help."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import openai

from systems.community.summaries.costs import Budget, Usage
from systems.community.summaries.endpoints import Endpoint
from systems.community.summaries.failures import OF_PROMPT, Failure, Refused, failure_of
from systems.community.summaries.pace import Pace
from systems.community.summaries.prompts import Prompt
from systems.community.summaries.protocol import Completion, Counted, completion_of
from utils.errors import SourceError

JITTER = 0.5  # a wait is shortened by up to this share, so that calls that failed together do not come together again


@dataclass(frozen=True)
class Reply:
    """What the model wrote, whether it came to its end, and what it cost."""

    text: str
    is_whole: bool
    usage: Usage


class Client:
    """Asks an endpoint from many threads. The library's own retries are off: every attempt passes the pace and the budget."""

    def __init__(self, endpoint: Endpoint, key: str, budget: Budget, pace: Pace | None = None) -> None:
        self.endpoint, self.budget = endpoint, budget
        self._pace = pace or Pace(endpoint.requests_per_minute)
        self._slots = threading.BoundedSemaphore(endpoint.max_concurrent)
        self._openai = openai.OpenAI(
            api_key=key, base_url=endpoint.base_url, timeout=endpoint.timeout_seconds, max_retries=0
        )
        self._fatal: SourceError | None = None
        self._unknown: set[str] = set()  # parameters that the model does not know

    def close(self) -> None:
        """End its connections."""
        self._openai.close()

    def ask(self, prompt: Prompt) -> Reply:
        """The model's reply. Raises BudgetReached before a call that could pass the budget; Refused where the endpoint does
        not want this prompt; SourceError where it refuses all or keeps failing, and from then on at once, whoever asks.
        """
        for attempt in range(1, self.endpoint.max_attempts + 1):
            if self._fatal:
                raise self._fatal
            found = self._attempt(prompt)
            if isinstance(found, Reply):
                return found
            if attempt == self.endpoint.max_attempts or not self._is_worth_waiting(found):
                raise self._ended(found, attempt)
            if found.refuses:
                self._unknown.add(found.refuses)
            else:
                self._rest(found, attempt)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _attempt(self, prompt: Prompt) -> Reply | Failure:
        with self._slots, self._held(prompt) as call:
            self._pace.wait()
            try:
                answer = completion_of(self._openai.chat.completions.create(**self._request(prompt)))
            except Exception as error:  # whatever the library raises is sorted in `failures.py`
                failure = failure_of(error)
                call.is_lost = failure.may_be_billed
                return failure
            call.used = self._usage(answer, prompt)
            return _reply(answer, call.used)

    @contextmanager
    def _held(self, prompt: Prompt) -> Iterator[_Call]:
        most = self.endpoint.usd(prompt.most_tokens, self.endpoint.answer_tokens)
        self.budget.hold(most)
        call = _Call()
        try:
            yield call
        finally:
            self.budget.settle(most, call.used, is_lost=call.is_lost)

    def _request(self, prompt: Prompt) -> dict[str, Any]:
        """Reasoning models know `max_tokens` by another name and no temperature: what they refuse is not sent again."""
        wanted: dict[str, Any] = {"temperature": 0, "max_tokens": self.endpoint.answer_tokens}
        if self.endpoint.is_json_asked:
            wanted["response_format"] = {"type": "json_object"}
        sent = {name: value for name, value in wanted.items() if name not in self._unknown}
        if "max_tokens" in self._unknown:
            sent["max_completion_tokens"] = self.endpoint.answer_tokens
        return {**sent, "model": self.endpoint.model, "messages": [cast(Any, message) for message in prompt.messages]}

    def _usage(self, answer: Completion, prompt: Prompt) -> Usage:
        """As the endpoint says; what it does not say, the bound."""
        told = answer.usage or Counted()
        tokens_in = prompt.most_tokens if told.prompt_tokens is None else told.prompt_tokens
        tokens_out = self.endpoint.answer_tokens if told.completion_tokens is None else told.completion_tokens
        return Usage(tokens_in, tokens_out, self.endpoint.usd(tokens_in, tokens_out), 1)

    def _is_worth_waiting(self, failure: Failure) -> bool:
        may_pass = failure.is_passing and (failure.retry_after or 0.0) <= self.endpoint.most_wait_seconds
        return may_pass or bool(failure.refuses)

    def _rest(self, failure: Failure, attempt: int) -> None:
        """An endpoint that says how long makes everybody wait; this thread waits in any case, longer every time."""
        if failure.retry_after is not None:
            self._pace.rest(failure.retry_after)
        longest = min(self.endpoint.backoff_seconds * 2 ** (attempt - 1), self.endpoint.most_wait_seconds)
        time.sleep(longest * (1 - JITTER * random.random()))

    def _ended(self, failure: Failure, attempt: int) -> Exception:
        if failure.status in OF_PROMPT:
            return Refused(failure.what)
        self._fatal = failure.error(self.endpoint, attempt)
        return self._fatal


def client_with(key: str | None, endpoint: Endpoint, budget_usd: float) -> Client | None:
    """A client where there is a key, else None: then key comments are quoted."""
    return Client(endpoint, key, Budget(budget_usd)) if key else None


def cost_said(client: Client | None) -> dict[str, str]:
    """What was spent, as the endpoint counted."""
    if client is None:
        return {"cost": "nothing: no endpoint was asked"}
    used, lost = client.budget.used, client.budget.lost
    unknown = {"calls without an answer": f"at most {lost:.4f} USD more, if they are billed"} if lost else {}
    return {
        "calls": f"{used.n_calls:,}", "tokens sent": f"{used.tokens_in:,}", "tokens received": f"{used.tokens_out:,}",
        "cost": f"{used.usd:.4f} USD", **unknown,
    }  # fmt: skip


@dataclass
class _Call:
    used: Usage | None = None
    is_lost: bool = False


def _reply(answer: Completion, usage: Usage) -> Reply:
    choice = answer.choices[0]
    return Reply(choice.message.content or "", choice.finish_reason == "stop", usage)
