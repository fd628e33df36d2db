"""What the scheduler keeps on disk, written whole or not at all.

A due run is written down as waiting, together with the moment up to which its rule was considered, before it starts; it
is struck out once the run is in the store, under the same key. Whatever comes between, a later scheduler finds either.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tideline.workspace.errors import WorkspaceError
from tideline.workspace.jobs.trigger import Trigger
from tideline.workspace.private import write_private
from tideline.workspace.scheduler.changes import Seen


@dataclass(frozen=True)
class Memory:
    """Of one rule. `written` is what the bundle said: where it says something else by now, the past does not count.

    `considered_at`, in UTC seconds: moments up to it are settled. `n_failed` counts a continuous job's failures in a row.
    """

    written: str
    considered_at: float
    seen: Seen = field(default_factory=Seen)
    n_failed: int = 0


@dataclass(frozen=True)
class Waiting:
    """A due run that is not in the store yet; `since` in UTC seconds."""

    job: str
    trigger: Trigger
    since: float


@dataclass
class State:
    """`rules` by id; `waiting` in the order of starts; `going`: the job of every run that was started and not yet seen to end."""

    rules: dict[str, Memory] = field(default_factory=dict)
    waiting: list[Waiting] = field(default_factory=list)
    going: dict[str, str] = field(default_factory=dict)


def read_state(file: Path) -> State:
    """The state; an empty one where nothing was kept. WorkspaceError where it cannot be read: guessing would double runs."""
    if not file.is_file():
        return State()
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        return State(
            rules={rule: _memory(kept) for rule, kept in data["rules"].items()},
            waiting=[Waiting(each["job"], Trigger(**each["trigger"]), each["since"]) for each in data["waiting"]],
            going=dict(data["going"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        hint = "remove it to begin anew from now: what was due meanwhile is forgotten"
        raise WorkspaceError(f"{file} does not hold what a scheduler keeps", hint=hint) from None


def write_state(file: Path, state: State) -> None:
    write_private(file, asdict(state))


def _memory(kept: Mapping[str, Any]) -> Memory:
    return Memory(**{**kept, "seen": Seen(**kept["seen"])})
