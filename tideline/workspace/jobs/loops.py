"""for_each_task: the items of a loop."""

from __future__ import annotations

import json
from typing import Any

from tideline.workspace.errors import JobError

HIGHEST_CONCURRENCY = 100


def items_of(text: str) -> list[Any]:
    """The items of a JSON array: texts, numbers and booleans, or objects, never mixed. JobError for anything else."""
    try:
        items = json.loads(text)
    except ValueError:
        raise JobError(
            f"the inputs are no JSON: `{text[:60]}`", hint='expected an array: "[1, 2, 3]"'
        ) from None
    if not isinstance(items, list):
        raise JobError(f"the inputs are no array: `{text[:60]}`", hint='expected an array: "[1, 2, 3]"')
    if any(item is None or isinstance(item, list) for item in items):
        raise JobError("the inputs hold an empty or nested element", hint="texts and numbers, or objects")
    if len({isinstance(item, dict) for item in items}) > 1:
        raise JobError("the inputs mix objects with texts or numbers", hint="hand over one kind")
    return items


def concurrency_of(value: object) -> int:
    """How many iterations run at once: 1 where nothing is said. JobError outside 1 to 100."""
    text = str(1 if value is None else value)
    if not text.isdecimal() or not 1 <= int(text) <= HIGHEST_CONCURRENCY:
        raise JobError(f"concurrency is `{text}`, expected 1 to {HIGHEST_CONCURRENCY}")
    return int(text)
