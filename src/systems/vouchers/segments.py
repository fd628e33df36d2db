"""Bands of whole numbers that cover everything from 0 on, without a gap and without an overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from utils.errors import SpecError


@dataclass(frozen=True)
class Segment:
    """Whole numbers from `low` to `high`, both included; without `high` there is no end. `label` names it, else its ends do."""

    low: int
    high: int | None = None
    label: str = ""

    @property
    def name(self) -> str:
        if self.label:
            return self.label
        return f"{self.low}+" if self.high is None else f"{self.low}-{self.high}"


@dataclass(frozen=True)
class Segmentation:
    """Segments in their order. Raises SpecError for what leaves a number without a segment or gives it two."""

    name: str
    counts: str
    """What the numbers count, in words."""
    segments: Sequence[Segment]

    def __post_init__(self) -> None:
        self._require(bool(self.segments), "no segments", "one at least")
        self._require(self.segments[0].low == 0, f"`{self.segments[0].name}` comes first", "a segment that begins with 0")
        for segment in self.segments:
            is_range = segment.high is None or segment.high >= segment.low
            self._require(is_range, f"`{segment.low}-{segment.high}`", "ends in their order")
        for one, following in zip(self.segments, self.segments[1:], strict=False):
            self._require(one.high is not None, f"`{one.name}` has no end and `{following.name}` follows", "no end but the last")
            found = f"`{following.name}` begins with {following.low} after `{one.name}`, which ends with {one.high}"
            self._require(following.low == (one.high or 0) + 1, found, f"{(one.high or 0) + 1}: no gap and no overlap")
        last = self.segments[-1]
        self._require(last.high is None, f"`{last.name}` comes last and ends with {last.high}", "a last segment without an end")
        self._require(len(set(self.names)) == len(self.names), f"names {', '.join(self.names)}", "every name once")

    @property
    def names(self) -> list[str]:
        """Names of the segments, in their order."""
        return [segment.name for segment in self.segments]

    def label_of(self, number: int) -> str | None:
        """The segment of a number; None for one below 0."""
        found = (segment.name for segment in reversed(self.segments) if number >= segment.low)
        return next(found, None)

    def _require(self, holds: bool, found: str, expected: str) -> None:
        if not holds:
            raise SpecError(f"segments `{self.name}`", found, expected=expected, hint="They stand in config.py.")
