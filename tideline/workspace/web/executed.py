"""Notebooks as executed: the HTML that was made when they ran, and their outputs that bring scripts."""

from __future__ import annotations

import re
from functools import cache
from html import unescape
from pathlib import Path

from tideline.workspace.notebook.html import css
from tideline.workspace.web.frames import frame

# As `notebook.html` writes it: what stands in the quotes is escaped, so that it ends at the first one.
FRAMED = re.compile(r'<iframe class="nb-frame"(?: title="[^"]*")? sandbox="allow-scripts" srcdoc="([^"]*)"></iframe>')


def cells_of(file: Path, address: str) -> str:
    """The cells. Outputs with scripts come from addresses of their own, since pages allow no script but the site's."""
    numbers = iter(range(1, 10**6))

    def framed(match: re.Match[str]) -> str:
        number = next(numbers)
        return frame(f"{address}/frames/{number}", f"Output {number}")

    return FRAMED.sub(framed, file.read_text(encoding="utf-8"))


def frame_of(file: Path, number: int) -> str | None:
    """The document of the output of this number, from 1; None where there is none."""
    for count, match in enumerate(FRAMED.finditer(file.read_text(encoding="utf-8")), start=1):
        if count == number:
            return unescape(match.group(1))
    return None


@cache
def notebook_css() -> str:
    return css()
