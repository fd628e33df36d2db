"""The state of a run, from the states of its tasks."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from tideline.workspace.jobs import states as s


def run_result(found: Mapping[str, str], depends_on: Mapping[str, Collection[str]]) -> str:
    """SUCCESS where all is fine, FAILED where a leaf is not, else SUCCESS_WITH_FAILURES.

    `found` holds terminal states. Disabled tasks hide no leaf: what only they depend on is a leaf.
    """
    if all(state in s.FINE for state in found.values()):
        return s.SUCCESS
    leaves = leaves_of(found, depends_on)
    return s.FAILED if any(s.is_bad(found[key]) for key in leaves) else s.SUCCESS_WITH_FAILURES


def leaves_of(found: Mapping[str, str], depends_on: Mapping[str, Collection[str]]) -> list[str]:
    """The tasks, other than disabled ones, that no such task depends on."""
    live = [key for key, state in found.items() if state != s.DISABLED]
    needed = {before for key in live for before in depends_on.get(key, ())}
    return [key for key in live if key not in needed]
