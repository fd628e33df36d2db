"""The page of results: sections by heading, each replaced on its own."""

from __future__ import annotations

import re
from collections.abc import Sequence


def replaced(page: str, section: Sequence[str]) -> str:
    """`page` with the section whose heading is the first line of `section` replaced, or added at the end."""
    new = "\n".join(section).rstrip() + "\n"
    parts = re.split(r"^(?=## )", page, flags=re.M)
    at = [number for number, part in enumerate(parts) if part.split("\n", 1)[0] == section[0]]
    if not at:
        return page.rstrip() + "\n\n" + new
    ends = "\n" if at[0] < len(parts) - 1 else ""
    return "".join([*parts[: at[0]], new + ends, *parts[at[0] + 1 :]])
