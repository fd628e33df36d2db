"""Several threads to summaries: what is stored is kept, what is new is estimated and asked, and all of it has one shape."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date

from systems.community.summaries.answers import BadAnswer
from systems.community.summaries.client import Client
from systems.community.summaries.costs import BudgetReached
from systems.community.summaries.endpoints import Endpoint
from systems.community.summaries.extractive import method_version
from systems.community.summaries.failures import Refused
from systems.community.summaries.map_reduce import Part, summarised
from systems.community.summaries.prompts import prompt_version
from systems.community.summaries.rows import MODEL_METHOD, Row, extracted, row_of
from systems.community.summaries.threads import Thread
from utils.errors import SourceError


@dataclass(frozen=True)
class Done:
    """What a run made: rows for the table, what was kept, and why some threads have none."""

    rows: list[Row] = field(default_factory=list)
    kept: list[Row] = field(default_factory=list)
    without: dict[str, str] = field(default_factory=dict)
    failure: SourceError | None = None

    @property
    def shown(self) -> list[Row]:
        """New and kept rows, by number of comments."""
        return sorted([*self.rows, *self.kept], key=lambda row: (-row["n_comments"], row["post_id"]))

    def raise_if_failed(self) -> None:
        """Raise what the endpoint failed with, once what was made before is safe."""
        if self.failure:
            raise self.failure


def is_current(row: Row | None, thread: Thread, endpoint: Endpoint | None) -> bool:
    """Whether a stored row says what would be said now: the same comments, by the same prompts and model.

    Without an endpoint (no key) a model's summary of the same comments is better than what could be made now.
    """
    if row is None or row["content_hash"] != thread.content_hash:
        return False
    if row["method"] == MODEL_METHOD:
        return endpoint is None or (row["model"], row["prompt_version"]) == (endpoint.model, prompt_version())
    return endpoint is None and row["prompt_version"] == method_version()


def outdated(threads: Sequence[Thread], stored: Sequence[Row], language: str, endpoint: Endpoint | None) -> list[Thread]:
    """The threads for which something has to be made."""
    rows = _by_post(stored, language)
    return [thread for thread in threads if not is_current(rows.get(thread.post_id), thread, endpoint)]


def summarise(
    threads: Sequence[Thread], stored: Sequence[Row], language: str, as_of: date, *, client: Client | None,
    say: Callable[[str], None] = lambda text: None,
) -> Done:  # fmt: skip
    """Rows for all threads that are not stored as they are; by the model, or extractively where `client` is None.

    A thread for which the model gives nothing usable is answered extractively, and its row says why. One that the budget does
    not reach has no row. When the endpoint fails for good, what was made before is still given.
    """
    rows = _by_post(stored, language)
    due = outdated(threads, stored, language, client.endpoint if client else None)
    names = {thread.post_id for thread in due}
    done = Done(kept=[rows[thread.post_id] for thread in threads if thread.post_id not in names])
    if client is None:
        made = [extracted(thread, language, as_of, "no key") for thread in due]
        return Done(made, done.kept)
    return _asked(client, due, language, as_of, done, say)


def _asked(
    client: Client, due: Sequence[Thread], language: str, as_of: date, done: Done, say: Callable[[str], None]
) -> Done:
    made: dict[str, Row] = {}
    failures: list[SourceError] = []
    lock = threading.Lock()

    def one(thread: Thread) -> None:
        said = ""
        try:
            row = _from_model(client, thread, language, as_of)
            made[thread.post_id] = row
            said = f"{thread.n_comments:,} comments, {row['method']}"
        except BudgetReached as error:
            done.without[thread.post_id] = said = f"the budget is reached: {error}"
        except SourceError as error:
            done.without[thread.post_id] = said = "the endpoint failed"
            failures.append(error)
        with lock:
            say(f"{thread.title}: {said}; {client.budget.used.usd:.4f} USD so far")

    if due:
        with ThreadPoolExecutor(min(len(due), client.endpoint.max_concurrent)) as pool:
            list(pool.map(one, due))
    rows = [made[thread.post_id] for thread in due if thread.post_id in made]
    return Done(rows, done.kept, done.without, next(iter(failures), None))


def _from_model(client: Client, thread: Thread, language: str, as_of: date) -> Row:
    try:
        part = summarised(client, thread, language)
    except (BadAnswer, Refused) as error:
        return extracted(thread, language, as_of, f"the model's answer cannot be used: {error}")
    return _of_model(client.endpoint, thread, language, as_of, part)


def _of_model(endpoint: Endpoint, thread: Thread, language: str, as_of: date, part: Part) -> Row:
    return row_of(
        thread, language, as_of, part.usage, method=MODEL_METHOD, reason="", model=endpoint.model,
        prompt_version=prompt_version(), **part.answer.model_dump(),
    )  # fmt: skip


def _by_post(stored: Sequence[Row], language: str) -> dict[str, Row]:
    return {row["post_id"]: row for row in stored if row["language"] == language}
