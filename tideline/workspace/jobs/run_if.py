"""Does a task run, once everything that it depends on has ended?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tideline.workspace.jobs import states as s

RUN = "RUN"


@dataclass(frozen=True)
class Dependency:
    """One edge: the state of the task before, the outcome that the edge asks for, and the outcome that came."""

    state: str
    wanted: str = ""
    outcome: str = ""

    @property
    def is_other_branch(self) -> bool:
        return bool(self.wanted) and self.state == s.SUCCESS and self.wanted != self.outcome


def decide(run_if: str, dependencies: Sequence[Dependency]) -> str:
    """RUN, or the state that the task gets without running.

    Left-out tasks count as successes, but a task that depends on excluded ones alone is excluded whatever `run_if` says.
    """
    if not dependencies:
        return RUN
    if any(each.is_other_branch for each in dependencies):
        return s.EXCLUDED
    if all(each.state == s.EXCLUDED for each in dependencies):
        return s.EXCLUDED
    return RULES[run_if]([each.state for each in dependencies])


def _all_success(found: list[str]) -> str:
    return RUN if all(state in s.FINE for state in found) else _blamed(found)


def _at_least_one_success(found: list[str]) -> str:
    return RUN if any(state in s.FINE for state in found) else _blamed(found)


def _none_failed(found: list[str]) -> str:
    if any(s.is_bad(state) for state in found):
        return _blamed(found)
    return RUN if any(state not in s.LEFT_OUT for state in found) else s.EXCLUDED


def _all_done(found: list[str]) -> str:
    return RUN


def _at_least_one_failed(found: list[str]) -> str:
    return RUN if any(s.is_bad(state) for state in found) else s.EXCLUDED


def _all_failed(found: list[str]) -> str:
    return RUN if all(s.is_bad(state) for state in found) else s.EXCLUDED


def _blamed(found: list[str]) -> str:
    """A failure above weighs more than a cancellation."""
    return s.UPSTREAM_FAILED if any(state in s.FAILURES for state in found) else s.UPSTREAM_CANCELED


RULES: dict[str, Callable[[list[str]], str]] = {
    "ALL_SUCCESS": _all_success,
    "AT_LEAST_ONE_SUCCESS": _at_least_one_success,
    "NONE_FAILED": _none_failed,
    "ALL_DONE": _all_done,
    "AT_LEAST_ONE_FAILED": _at_least_one_failed,
    "ALL_FAILED": _all_failed,
}
