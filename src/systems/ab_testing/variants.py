"""Variants of an experiment: in which order they stand, and which one the others are compared with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from systems.ab_testing.config import CONTROL, CONTROLS

# Longer digits are text: no shop numbers its variants so, and Python refuses to read thousands of them as a number.
MOST_DIGITS = 18


def in_order(variants: Iterable[str]) -> list[str]:
    """Ids of variants by number where they are numbers, then the others by text."""
    return sorted(variants, key=lambda id: (not _is_number(id), int(id) if _is_number(id) else 0, id))


def _is_number(id: str) -> bool:
    return id.isdecimal() and len(id) <= MOST_DIGITS


def control_of(experiment: str, variants: Sequence[str]) -> str:
    """The variant that the others are compared with."""
    named = CONTROLS.get(experiment)
    candidates = [CONTROL, *([named] if named else []), *in_order(variants)]
    return next(each for each in candidates if each in variants)
