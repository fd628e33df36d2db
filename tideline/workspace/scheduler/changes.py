"""What changed since the last start, and whether that is enough for another."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from tideline.workspace.scheduler.ways import Waits


@dataclass(frozen=True)
class Seen:
    """`known`: what stood there at the last start, by name; `changed`: what differs by now. Times are UTC seconds."""

    known: Mapping[str, str] = field(default_factory=dict)
    changed: Mapping[str, str] = field(default_factory=dict)
    changed_at: float = 0.0
    started_at: float = 0.0


def looked(seen: Seen, found: Mapping[str, str], now: float) -> Seen:
    """After another look. Names that vanished are forgotten: what comes back under such a name is new."""
    changed = {name: mark for name, mark in found.items() if seen.known.get(name) != mark}
    known = {name: mark for name, mark in seen.known.items() if name in found}
    return replace(seen, known=known, changed=changed, changed_at=seen.changed_at if changed == seen.changed else now)


def is_enough(seen: Seen, waits: Waits, now: float, *, needed: Collection[str] = ()) -> bool:
    """Whether a run is due: something changed (each of `needed`, where that is said), and both waits are over."""
    has_changed = bool(seen.changed) and set(needed) <= set(seen.changed)
    return has_changed and now >= seen.changed_at + waits.after_change and now >= seen.started_at + waits.between


def started(seen: Seen, now: float) -> Seen:
    """After a start, which stands for all that changed before it."""
    return Seen(known={**seen.known, **seen.changed}, changed_at=seen.changed_at, started_at=now)
