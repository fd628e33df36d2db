"""What people write about people: ids and e-mail addresses within a text are covered before it leaves silver."""

from __future__ import annotations

import re

# A longer run of hex digits may hold an id, too: in "userid64f0..." the d before the id is one.
OBJECT_ID = re.compile(r"[0-9a-fA-F]{24,}")
ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


def masked(text: str) -> str:
    """`[id]` for ids (24 hex digits in a row, or more), `[address]` for e-mail addresses; names that people write stay."""
    return ADDRESS.sub("[address]", OBJECT_ID.sub("[id]", text))
