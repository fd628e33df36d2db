"""Segments as configuration: every number has one, ends are included, and what cannot be is refused when it is made."""

from __future__ import annotations

import pytest

from systems.vouchers.config import FREQUENCY, RECENCY, check
from systems.vouchers.segments import Segment, Segmentation
from utils.errors import SpecError

ENDS = [
    (FREQUENCY, {"0-4": (0, 4), "5-13": (5, 13), "14-37": (14, 37), "38+": (38, 10**6)}),
    (RECENCY, {"0-29": (0, 29), "30-60": (30, 60), "61-90": (61, 90), "91-120": (91, 120), "121-180": (121, 180),
               "180+": (181, 10**6)}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "ends"), ENDS, ids=lambda each: getattr(each, "name", ""))
def test_both_ends_of_a_segment_are_in_it(kind: Segmentation, ends: dict[str, tuple[int, int]]) -> None:
    assert kind.names == list(ends)
    assert {name: (kind.label_of(low), kind.label_of(high)) for name, (low, high) in ends.items()} == {
        name: (name, name) for name in ends
    }


def test_every_number_from_0_on_has_exactly_one_segment() -> None:
    for kind, ends in ENDS:
        for number in range(500):
            inside = [name for name, (low, high) in ends.items() if low <= number <= high]
            assert [kind.label_of(number)] == inside


def test_91_to_120_days_are_not_61_to_90() -> None:
    assert [RECENCY.label_of(days) for days in (90, 91, 120, 121)] == ["61-90", "91-120", "91-120", "121-180"]


def test_180_days_are_not_more_than_180() -> None:
    assert (RECENCY.label_of(180), RECENCY.label_of(181)) == ("121-180", "180+")


def test_a_negative_number_is_in_no_segment() -> None:
    assert RECENCY.label_of(-1) is None and FREQUENCY.label_of(-1) is None


WRONG = {
    "a gap": ((Segment(0, 4), Segment(6)), "begins with 6 after `0-4`, which ends with 4; expected 5"),
    "an overlap": ((Segment(0, 4), Segment(4)), "begins with 4 after `0-4`, which ends with 4; expected 5"),
    "a late beginning": ((Segment(1, 4), Segment(5)), "`1-4` comes first; expected a segment that begins with 0"),
    "an end at last": ((Segment(0, 4), Segment(5, 13)), "`5-13` comes last and ends with 13"),
    "no end before the last": ((Segment(0), Segment(5)), "`0\\+` has no end and `5\\+` follows"),
    "ends in the wrong order": ((Segment(0, 4), Segment(5, 3), Segment(4)), "`5-3`; expected ends in their order"),
    "a name twice": ((Segment(0, 4, "few"), Segment(5, label="few")), "names few, few; expected every name once"),
    "nothing": ((), "no segments"),
}


@pytest.mark.parametrize("what", WRONG)
def test_segments_that_cannot_be_are_refused_in_words(what: str) -> None:
    segments, said = WRONG[what]
    with pytest.raises(SpecError, match=said):
        Segmentation("some_segment", "numbers", segments)


@pytest.mark.parametrize(
    ("countries", "reference", "said"),
    [
        ((), "as_of", "COUNTRIES"),
        (("Peru", "Peru"), "as_of", "each once"),
        (("Peru", " "), "as_of", "names of countries"),
        (("Peru",), "today", "voucher_time or as_of"),
    ],
)
def test_countries_and_a_reference_that_cannot_be_are_refused_in_words(
    countries: tuple[str, ...], reference: str, said: str
) -> None:
    with pytest.raises(SpecError, match=said):
        check(countries, reference)
