"""Times are read in one form, and no other is taken."""

from __future__ import annotations

from datetime import datetime

import pytest

from utils.times import strict_time

DAY, HOUR, SECOND = "%Y-%m-%d", "%Y-%m-%d %H", "%Y-%m-%d %H:%M:%S"


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        ("2021-08-01", DAY, datetime(2021, 8, 1)), ("2024-02-29", DAY, datetime(2024, 2, 29)),
        ("0001-01-01", DAY, datetime(1, 1, 1)), ("2021-08-01 07", HOUR, datetime(2021, 8, 1, 7)),
        ("2021-08-01 23:59:09", SECOND, datetime(2021, 8, 1, 23, 59, 9)),
    ],
)  # fmt: skip
def test_a_time_in_its_form_is_taken(text: str, form: str, expected: datetime) -> None:
    assert strict_time(text, form) == expected


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("", DAY), ("2021-8-1", DAY), ("2021-8-01 ", DAY), ("2021-02-29", DAY), ("２０２１-08-01", DAY), ("2021-08-01\n", DAY),
        ("2021-08-01", HOUR), ("2021-08-01 7", HOUR), ("2021-8-1  12", HOUR), ("2021-08-01  7", HOUR), ("2021-08-01 24", HOUR),
        ("2021-08-01\t07", HOUR), ("2021-08-01 23:59:9", SECOND), ("2021-08-01T23:59:09", SECOND),
        ("2021-08-01 23:59:60", SECOND), ("2021-08-01 23:59:09+00:00", SECOND),
    ],
)  # fmt: skip
def test_any_other_text_is_refused(text: str, form: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        strict_time(text, form)
