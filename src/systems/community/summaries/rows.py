"""The row of a summary, whoever made it; and the stand-in's, which needs no model."""

from __future__ import annotations

from datetime import date
from typing import Any

from systems.community.config import UNKNOWN
from systems.community.summaries.costs import Usage
from systems.community.summaries.extractive import EXTRACTIVE, method_version, summary_of
from systems.community.summaries.threads import Thread

MODEL_METHOD, EXTRACTIVE_METHOD = "model", "extractive"
Row = dict[str, Any]


def row_of(thread: Thread, language: str, as_of: date, usage: Usage, **said: Any) -> Row:
    """A row of `gold.comment_summaries`; `said` is what the method found, and its name, version and reason."""
    what = {"post_id": thread.post_id, "language": language, "title": thread.title, "n_comments": thread.n_comments}
    cost = {"cost_usd": usage.usd, "tokens_in": usage.tokens_in, "tokens_out": usage.tokens_out}
    return {**what, "content_hash": thread.content_hash, **said, **cost, "summarised_at": as_of}


def extracted(thread: Thread, language: str, as_of: date, reason: str) -> Row:
    """The row of the stand-in: key comments in their own language, no sentiment and no requests, as it reads neither."""
    summary, words = summary_of(thread.bodies)
    return row_of(
        thread, language, as_of, Usage(), method=EXTRACTIVE_METHOD, reason=reason, model=EXTRACTIVE,
        prompt_version=method_version(), summary=summary, keywords=words, sentiment=UNKNOWN, requests=[],
    )  # fmt: skip
