"""Did you mean: the known name that a mistyped one resembles."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

SHOWN = 12


def did_you_mean(name: str, known: Iterable[str], *, what: str = "known") -> str:
    """A hint with the closest known name, else the known names (the first twelve), else nothing."""
    names = sorted(set(known))
    close = get_close_matches(name, names, n=1, cutoff=0.6) or [
        candidate for candidate in names if candidate.lower() == name.lower()
    ]
    if close:
        return f"did you mean `{close[0]}`?"
    if not names:
        return f"{what}: none"
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{what}: {', '.join(names[:SHOWN])}{more}"
