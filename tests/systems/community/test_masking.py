"""Ids and addresses that people write into comments."""

from __future__ import annotations

import pytest

from systems.community.masking import masked

ID = "64f0c1d2e3a4b5c6d7e8f901"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"ask {ID}!", "ask [id]!"), (ID.upper(), "[id]"),
        # The letters a to f around an id are hex digits, too.
        (f"my id{ID}", "my i[id]"), (f"{ID}and so on", "[id]nd so on"), (f"user_{ID}_1", "user_[id]_1"),
        ("the year 2023, colour #c0ffee", "the year 2023, colour #c0ffee"),
        ("write to me.too+x@example.co.uk, please", "write to [address], please"),
    ],
)  # fmt: skip
def test_what_names_a_person_is_covered_and_the_rest_stays(text: str, left: str) -> None:
    assert masked(text) == left
