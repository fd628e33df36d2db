"""Kinds of values that requests have in common."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator


def _no_text(value: Any) -> Any:
    if isinstance(value, str | bool):
        raise ValueError("a whole number, not text")
    return value


# JSON has one kind of number: 5.0 is whole, "5" is none, and neither is true.
Whole = Annotated[int, BeforeValidator(_no_text)]

# Days of the calendar. Told to readers of the schema only: whoever breaks it is answered in words. Other centuries are taken.
_YEAR, _LEAP_YEAR = "(19|20)[0-9]{2}", "((19|20)(0[48]|[2468][048]|[13579][26])|2000)"
_DAY_OF_YEAR = "((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)"
DAY_PATTERN = f"({_YEAR}-{_DAY_OF_YEAR}|{_LEAP_YEAR}-02-29)"
