"""What people write about people: ids and e-mail addresses within a text are covered before it leaves silver."""

from __future__ import annotations

import re

OBJECT_ID = re.compile(r"(?<![0-9a-fA-F])[0-9a-fA-F]{24}(?![0-9a-fA-F])")
ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


def masked(text: str) -> str:
    """The text with `[id]` for ids of 24 hex digits and `[address]` for e-mail addresses; names that people write stay."""
    return ADDRESS.sub("[address]", OBJECT_ID.sub("[id]", text))
