"""Variants of an experiment: in which order they stand, and which one the others are compared with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from systems.ab_testing.config import CONTROL, CONTROLS


def in_order(variants: Iterable[str]) -> list[str]:
    """Ids of variants by number where they are numbers, then the others by text."""
    return sorted(variants, key=lambda id: (not id.isdecimal(), int(id) if id.isdecimal() else 0, id))


def control_of(experiment: str, variants: Sequence[str]) -> str:
    """The variant that the others are compared with."""
    named = CONTROLS.get(experiment)
    candidates = [CONTROL, *([named] if named else []), *in_order(variants)]
    return next(each for each in candidates if each in variants)
