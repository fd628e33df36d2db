"""A thread of any length through calls of bounded size: chunks side by side, then summaries of summaries until one is left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from systems.community.summaries.answers import Answer, BadAnswer, usable
from systems.community.summaries.chunks import chunked
from systems.community.summaries.client import Client, Reply
from systems.community.summaries.costs import Usage
from systems.community.summaries.prompts import Prompt, line_of, map_prompt, reduce_prompt
from systems.community.summaries.threads import Thread

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Part:
    """The summary of some of a thread's comments, and what it cost, with all below it."""

    n_comments: int
    answer: Answer
    usage: Usage

    @property
    def line(self) -> str:
        return self.answer.line(self.n_comments)


def summarised(client: Client, thread: Thread, language: str) -> Part:
    """One part for all comments. Raises BadAnswer where an answer is unusable twice, and what `Client.ask` raises."""
    chunks = chunked(lines_of(thread), client.endpoint.chunk_tokens)
    parts = _side_by_side(client, lambda chunk: _mapped(client, thread.title, chunk, language), chunks)
    while len(parts) > 1:
        batches = _batches(parts, client.endpoint.chunk_tokens)
        parts = _side_by_side(client, lambda batch: _reduced(client, batch, language), batches)
    return parts[0]


def _batches(parts: Sequence[Part], budget: int) -> list[list[Part]]:
    """Parts, in order, as many at once as fit; two always do."""
    in_order = iter(parts)
    return [[next(in_order) for _ in lines] for lines in chunked([part.line for part in parts], budget)]


def lines_of(thread: Thread) -> list[str]:
    """A line of JSON per comment, numbered from 1."""
    return [line_of(number, body) for number, body in enumerate(thread.bodies, start=1)]


def _mapped(client: Client, title: str, lines: Sequence[str], language: str) -> Part:
    answer, usage = _answered(client, map_prompt(title, lines, language), len(lines), len(lines))
    return Part(len(lines), answer, usage)


def _reduced(client: Client, parts: Sequence[Part], language: str) -> Part:
    """A part of parts; a single one is passed on. No request can have more comments than all parts' requests together."""
    if len(parts) == 1:
        return parts[0]
    n_comments = sum(part.n_comments for part in parts)
    counted = sum(request.n_comments for part in parts for request in part.answer.requests)
    prompt = reduce_prompt([part.line for part in parts], language, n_comments)
    answer, usage = _answered(client, prompt, n_comments, min(counted, n_comments))
    return Part(n_comments, answer, sum((part.usage for part in parts), usage))


def _answered(client: Client, prompt: Prompt, n_comments: int, most_count: int) -> tuple[Answer, Usage]:
    """The answer to a prompt; an unusable one is shown to the model with its error, once."""

    def read(reply: Reply) -> Answer:
        if not reply.is_whole:
            raise BadAnswer("it was cut off: use fewer words")
        return usable(
            reply.text, prompt, n_comments=n_comments, most_count=most_count, most_tokens=client.endpoint.part_tokens
        )

    first = client.ask(prompt)
    try:
        return read(first), first.usage
    except BadAnswer as error:
        second = client.ask(prompt.repaired(first.text, str(error)))
        return read(second), first.usage + second.usage


def _side_by_side(client: Client, work: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """In the items' order; what has not begun when one fails never begins."""
    with ThreadPoolExecutor(min(len(items), client.endpoint.max_concurrent)) as pool:
        return list(pool.map(work, items))
