"""How lines are shared out to calls: whole lines, in order, as many as a budget of tokens holds."""

from __future__ import annotations

from collections.abc import Sequence

from systems.community.summaries.tokens import most_tokens


def chunked(lines: Sequence[str], budget: int) -> list[list[str]]:
    """Consecutive lines, each chunk of at most `budget` tokens by the bound; ValueError for a line above it."""
    chunks: list[list[str]] = []
    room = 0
    for line in lines:
        size = most_tokens(line) + 1  # the end of the line
        if size > budget:
            raise ValueError(f"a line of up to {size} tokens does not fit into {budget}")
        if size > room:
            chunks.append([])
            room = budget
        chunks[-1].append(line)
        room -= size
    return chunks
