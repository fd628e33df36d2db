"""What a run will cost, before any call: a likely amount, and a bound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from systems.community.summaries.chunks import chunked
from systems.community.summaries.endpoints import Endpoint
from systems.community.summaries.map_reduce import lines_of
from systems.community.summaries.prompts import map_prompt, reduce_prompt
from systems.community.summaries.threads import Thread
from utils.errors import SettingsError

# Tokens of an answer of some sentences, and bytes of its line: what is likely, not what is allowed.
LIKELY_ANSWER, LIKELY_LINE = 250, 900


@dataclass(frozen=True)
class Estimate:
    """Calls and USD: as is likely, and if every answer is as long as allowed, is repaired, and joins only two parts."""

    n_threads: int = 0
    n_comments: int = 0
    n_calls: int = 0
    likely_usd: float = 0.0
    most_usd: float = 0.0

    def __add__(self, other: Estimate) -> Estimate:
        return Estimate(*(mine + yours for mine, yours in zip(vars(self).values(), vars(other).values(), strict=True)))


def estimated(threads: Sequence[Thread], language: str, endpoint: Endpoint) -> Estimate:
    """All threads together, summarised in a language that the prompts know."""
    return sum((_of_thread(thread, language, endpoint) for thread in threads), Estimate())


def refuse_above(budget_usd: float, estimate: Estimate) -> None:
    """Raise SettingsError where a run that goes as is likely costs more than the budget."""
    if estimate.likely_usd > budget_usd:
        raise SettingsError(
            "widget `budget_usd`", f"{budget_usd:.4f} USD for about {estimate.likely_usd:.4f} USD of work",
            expected=f"at least {estimate.likely_usd:.4f}", hint="Raise it, or choose fewer posts (`n_posts`, `post_id`).",
        )  # fmt: skip


def estimate_said(estimate: Estimate, budget_usd: float, has_key: bool) -> dict[str, str]:
    """What is ahead, before anything is spent."""
    if not has_key:
        return {"method": "extractive: there is no secret `llm_api_key`", "cost": "nothing"}
    return {
        "posts to summarise": f"{estimate.n_threads:,}", "comments": f"{estimate.n_comments:,}",
        "calls": f"about {estimate.n_calls:,}", "cost": f"about {estimate.likely_usd:.4f} USD, at most {estimate.most_usd:.4f}",
        "budget": f"{budget_usd:.4f} USD",
    }  # fmt: skip


def _of_thread(thread: Thread, language: str, endpoint: Endpoint) -> Estimate:
    prompts = [map_prompt(thread.title, chunk, language) for chunk in chunked(lines_of(thread), endpoint.chunk_tokens)]
    around = reduce_prompt([], language, thread.n_comments)
    n_likely, n_most = _joins(len(prompts), endpoint.chunk_tokens // LIKELY_LINE), len(prompts) - 1
    likely_in = sum(each.likely_tokens for each in prompts)
    likely_in += n_likely * around.likely_tokens + (len(prompts) + n_likely) * LIKELY_ANSWER * bool(n_likely)
    most_in = sum(each.most_tokens for each in prompts) + n_most * (around.most_tokens + endpoint.chunk_tokens)
    n_calls = len(prompts) + n_likely
    likely = endpoint.usd(likely_in, n_calls * LIKELY_ANSWER)
    most = endpoint.usd(most_in, (len(prompts) + n_most) * endpoint.answer_tokens)
    repair = endpoint.usd(most_in + (len(prompts) + n_most) * REPAIR_BYTES, (len(prompts) + n_most) * endpoint.answer_tokens)
    return Estimate(1, thread.n_comments, n_calls, likely, most + repair)


def _joins(n_parts: int, at_once: int) -> int:
    """Calls that join parts, so many at once, until one is left."""
    n_calls = 0
    while n_parts > 1:
        n_parts = -(-n_parts // max(2, at_once))
        n_calls += n_parts
    return n_calls


# What a repair adds to a prompt: the answer that cannot be used, the reason and the question.
REPAIR_BYTES = 8_000
