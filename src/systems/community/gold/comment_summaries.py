"""What readers say below a post, in a few sentences: published by the notebook that asks a model, or quotes key comments.

Authors, ids and addresses do not get here: they are taken out of the texts before anything is made of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from engine.checks import Check
from engine.spec import Column, Published

KEY = ["post_id", "language"]
REQUESTS = "array<struct<request: string, n_comments: int>>"


def comment_summaries(stored: Sequence[dict[str, Any]], made: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """All rows of the table: what is stored, but where `made` has a row of the same post and language."""
    rows = {tuple(row[name] for name in KEY): row for row in [*stored, *made]}
    return pd.DataFrame([rows[key] for key in sorted(rows)], columns=COMMENT_SUMMARIES.column_names)


COMMENT_SUMMARIES = Published(
    build=comment_summaries,
    inputs=["silver.comments", "silver.posts_english"],
    key=KEY,
    grain="one row per post and language in which its comments were summarised",
    columns=[
        Column("post_id", "string", "Post."),
        Column("language", "string", "Language that was asked for; key comments are quoted in their own languages."),
        Column("title", "string", "Title of the post; unknown without one."),
        Column("n_comments", "int", "Comments with any text, all of which were read."),
        Column("content_hash", "string", "Changes with any text that was read: the same one is not summarised again."),
        Column("method", "string", "model: by a language model; extractive: key comments, quoted."),
        Column("reason", "string", "Why the method is extractive; empty for a model."),
        Column("model", "string", "Model that answered, or the method's name."),
        Column("prompt_version", "string", "Version of the prompts, or of the method: another one is made anew."),
        Column("summary", "string", "What most comments say, or the key comments, one per line.", quotes=True),
        Column("keywords", "array<string>", "Words or short phrases, the most frequent first."),
        Column("sentiment", "string", "positive, negative, neutral or mixed; unknown for extractive."),
        Column("requests", REQUESTS, "What comments ask for, and how many do; empty for extractive."),
        Column("cost_usd", "double", "What the answers cost that the summary is made from, USD; 0 for extractive."),
        Column("tokens_in", "bigint", "Tokens that were sent for it, as the endpoint counted."),
        Column("tokens_out", "bigint", "Tokens that it answered with."),
        Column("summarised_at", "date", "The day that counted as now when it was made."),
    ],
    checks=[
        Check("comments were read", "n_comments > 0", "fail"),
        Check("the method is a known one", "method IN ('model', 'extractive')", "fail"),
        Check("a stand-in says why", "(method = 'extractive') = (reason <> '')", "fail"),
        Check("a stand-in costs nothing", "method = 'model' OR cost_usd = 0", "fail"),
        Check("a request has no more comments than the post", "forall(requests, each -> each.n_comments <= n_comments)", "fail"),
    ],
)
