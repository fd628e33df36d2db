"""One rule at one moment: from what is remembered and what stands there to what is due. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from tideline.workspace.jobs.trigger import CONTINUOUS, FILE_ARRIVAL, PERIODIC, TABLE, Trigger
from tideline.workspace.scheduler.changes import is_enough, looked, started
from tideline.workspace.scheduler.memory import Memory
from tideline.workspace.scheduler.moments import due_moments
from tideline.workspace.scheduler.sights import Commit
from tideline.workspace.scheduler.ways import Continuous, FileArrival, Periodic, Rule, Schedule, TableUpdate

# From here on a moment counts as missed, and is said to be.
LATE = timedelta(minutes=1)
BACK_OFF_SECONDS, LONGEST_BACK_OFF_SECONDS = 10.0, 600.0


@dataclass(frozen=True)
class Verdict:
    """`memory` holds after it, whatever becomes of the run; `trigger` is why a run is due, None where none is."""

    memory: Memory
    trigger: Trigger | None = None
    said: str = ""


@dataclass(frozen=True)
class Sight:
    """What a look gave. `found` is None where nothing could be seen; `n_runs` go on or wait already."""

    now: datetime
    found: Mapping[str, str] | None = None
    n_runs: int = 0


def consider(rule: Rule, memory: Memory | None, sight: Sight) -> Verdict:
    """What is due. A rule that is seen for the first time, or says something new, has no past: nothing is due at once
    but a continuous run."""
    now = sight.now.timestamp()
    if memory is None or memory.written != repr(rule.way):
        memory = Memory(repr(rule.way), now)
        memory = replace(memory, seen=replace(memory.seen, known=dict(sight.found or {})))
    match rule.way:
        case Schedule() | Periodic():
            return _by_time(rule, rule.way, memory, sight.now)
        case FileArrival() | TableUpdate():
            return _by_change(rule, rule.way, memory, sight)
        case Continuous() if sight.n_runs == 0 and now >= memory.considered_at + back_off_seconds(memory.n_failed):
            return Verdict(replace(memory, considered_at=now), Trigger(CONTINUOUS, now, _key(rule, sight.now)))
        case _:
            return Verdict(memory)


def back_off_seconds(n_failed: int) -> float:
    """The wait before a continuous job's next run, after so many failures in a row: none, 10 s, 20 s ... 10 minutes."""
    return min(BACK_OFF_SECONDS * 2 ** min(n_failed - 1, 10), LONGEST_BACK_OFF_SECONDS) if n_failed else 0.0


def _by_time(rule: Rule, way: Schedule | Periodic, memory: Memory, now: datetime) -> Verdict:
    due = due_moments(way, datetime.fromtimestamp(memory.considered_at, UTC), now)
    if due is None:
        return Verdict(memory)
    said = ""
    if due.first < due.last:
        said = f"due since {_shown(due.first)}, the last time at {_shown(due.last)}; one run stands for all"
    elif now - due.last > LATE:
        said = f"was due at {_shown(due.last)}"
    at = due.last.timestamp()
    return Verdict(replace(memory, considered_at=at), Trigger(PERIODIC, at, _key(rule, due.last)), said)


def _by_change(rule: Rule, way: FileArrival | TableUpdate, memory: Memory, sight: Sight) -> Verdict:
    if sight.found is None:
        return Verdict(memory)
    now = sight.now.timestamp()
    seen = looked(memory.seen, sight.found, now)
    needed = way.names if isinstance(way, TableUpdate) and way.needs_all else ()
    if not is_enough(seen, way.waits, now, needed=needed):
        return Verdict(replace(memory, seen=seen))
    key = _key(rule, sight.now)
    if isinstance(way, FileArrival):
        trigger, said = Trigger(FILE_ARRIVAL, now, key, location=way.url), f"{len(seen.changed)} new files"
    else:
        trigger, said = Trigger(TABLE, now, key, tables=_commits(seen.changed)), f"updated: {', '.join(seen.changed)}"
    return Verdict(replace(memory, seen=started(seen, now), considered_at=now), trigger, said)


def _commits(changed: Mapping[str, str]) -> dict[str, dict[str, float]]:
    commits = {name: Commit.parse(mark) for name, mark in changed.items()}
    return {name: {"version": each.version, "commit_timestamp": each.at / 1000} for name, each in commits.items()}


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _key(rule: Rule, moment: datetime) -> str:
    return f"{rule.id}@{moment.isoformat()}"
