"""condition_task: text for equality, numbers for order."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from tideline.workspace.errors import JobError

ORDER: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "GREATER_THAN": lambda left, right: left > right,
    "GREATER_THAN_OR_EQUAL": lambda left, right: left >= right,
    "LESS_THAN": lambda left, right: left < right,
    "LESS_THAN_OR_EQUAL": lambda left, right: left <= right,
}


def holds(operator: str, left: str, right: str) -> bool:
    """Does the comparison hold? "12.0" is not equal to "12", but as large. JobError for no number or operator."""
    if operator == "EQUAL_TO":
        return left == right
    if operator == "NOT_EQUAL":
        return left != right
    if operator not in ORDER:
        known = ", ".join(["EQUAL_TO", "NOT_EQUAL", *ORDER])
        raise JobError(f"the operator `{operator}` does not exist", hint=f"operators: {known}")
    return ORDER[operator](_number(operator, left), _number(operator, right))


def _number(operator: str, text: str) -> Decimal:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        hint = "EQUAL_TO and NOT_EQUAL compare text"
        raise JobError(f"{operator} compares numbers, found `{text}`", hint=hint)
    return number
