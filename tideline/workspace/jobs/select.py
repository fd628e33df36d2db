"""`--only a,+b,c+`: which tasks of a graph run; the others are disabled."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from tideline.workspace.bundle.suggest import did_you_mean
from tideline.workspace.errors import JobError


def select(text: str, depends_on: Mapping[str, Collection[str]]) -> set[str]:
    """The chosen keys: `a` alone, `+a` with all upstream, `a+` with all downstream, `+a+` with both.

    JobError for an unknown task and for a text that names none.
    """
    chosen: set[str] = set()
    for word in filter(None, (part.strip() for part in text.split(","))):
        key = word.removeprefix("+").removesuffix("+").strip()
        if key not in depends_on:
            raise JobError(f"the job has no task `{key}`", hint=did_you_mean(key, depends_on, what="tasks"))
        chosen.add(key)
        if word.startswith("+"):
            chosen |= reach(key, depends_on)
        if word.endswith("+"):
            chosen |= reach(key, downstream_of(depends_on))
    if not chosen:
        raise JobError(f"`--only {text}` names no task", hint=did_you_mean("", depends_on, what="tasks"))
    return chosen


def reach(key: str, edges: Mapping[str, Collection[str]]) -> set[str]:
    """Everything that can be reached from `key` by the edges, without `key`."""
    found: set[str] = set()
    waiting = list(edges.get(key, ()))
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting += edges.get(each, ())
    return found - {key}


def downstream_of(depends_on: Mapping[str, Collection[str]]) -> dict[str, set[str]]:
    """The same graph, turned: task -> the tasks that depend on it."""
    turned: dict[str, set[str]] = {key: set() for key in depends_on}
    for key, before in depends_on.items():
        for each in before:
            turned.setdefault(each, set()).add(key)
    return turned


def in_order(depends_on: Mapping[str, Collection[str]]) -> list[list[str]]:
    """The tasks in waves: each wave depends on earlier ones alone. JobError where a circle leaves no start."""
    waves: list[list[str]] = []
    done: set[str] = set()
    while len(done) < len(depends_on):
        wave = [key for key, before in depends_on.items() if key not in done and set(before) <= done]
        if not wave:
            circle = ", ".join(sorted(set(depends_on) - done))
            raise JobError(f"these tasks wait for each other or for unknown ones: {circle}")
        waves.append(wave)
        done |= set(wave)
    return waves
