"""Times as texts of one form."""

from __future__ import annotations

from datetime import datetime


def strict_time(text: str, form: str) -> datetime:
    """The time that a text writes in `form`, from its year on, every digit in its place: each time has one text.

    `datetime.strptime` alone takes `2021-8-1`, spaces and digits of any script. Raises ValueError.
    """
    found = datetime.strptime(text, form)
    if not found.isoformat(" ").startswith(text):
        raise ValueError(f"`{text}` is not written as {form}")
    return found
