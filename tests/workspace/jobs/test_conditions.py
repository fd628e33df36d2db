"""condition_task compares as the job service does."""

from __future__ import annotations

import pytest

from tideline.workspace.errors import JobError
from tideline.workspace.jobs.conditions import holds


@pytest.mark.parametrize(
    ("operator", "left", "right", "expected"),
    [
        ("EQUAL_TO", "12", "12", True),
        ("EQUAL_TO", "12.0", "12", False),
        ("EQUAL_TO", "true", "true", True),
        ("EQUAL_TO", "True", "true", False),
        ("NOT_EQUAL", "12.0", "12", True),
        ("NOT_EQUAL", "a", "a", False),
        ("GREATER_THAN", "10", "9", True),
        ("GREATER_THAN", "12.0", "12", False),
        ("GREATER_THAN_OR_EQUAL", "12.0", "12", True),
        ("LESS_THAN", "-1", "0.5", True),
        ("LESS_THAN", "9", "10", True),
        ("LESS_THAN_OR_EQUAL", "1e2", "100", True),
    ],
)
def test_equality_compares_text_and_order_compares_numbers(
    operator: str, left: str, right: str, expected: bool
) -> None:
    assert holds(operator, left, right) is expected


@pytest.mark.parametrize("text", ["", "twelve", "true", "nan", "inf"])
def test_order_refuses_what_is_no_number(text: str) -> None:
    with pytest.raises(JobError, match="compares numbers"):
        holds("LESS_THAN", text, "1")


def test_an_unknown_operator_is_named() -> None:
    with pytest.raises(JobError, match="`EQUALS` does not exist"):
        holds("EQUALS", "1", "1")
