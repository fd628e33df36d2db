"""SQL as text: where a statement ends and which markers it names; quotes and comments are left alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

QUIET = r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\"|`[^`]*`|--[^\n]*|/\*.*?\*/"
SPLIT = re.compile(rf"({QUIET})|(;)", re.DOTALL)
MARKER = re.compile(rf"(?:{QUIET})|(?<![:\w)\]]):([A-Za-z_]\w*)", re.DOTALL)
LEGACY = re.compile(rf"(?:{QUIET})|\$\{{([^}}]*)\}}|\bgetArgument\s*\(", re.DOTALL)
COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)


@dataclass(frozen=True)
class Statement:
    """One statement without its `;`; `line` counts from 0 inside the cell."""

    text: str
    line: int

    def markers(self) -> list[str]:
        """Names after `:`, each once, in order."""
        return list(dict.fromkeys(match.group(1) for match in MARKER.finditer(self.text) if match.group(1)))

    def legacy(self) -> str | None:
        """The first `${name}` or `getArgument(`, which paste text into SQL; None without one."""
        return next(
            (found.group() for found in LEGACY.finditer(self.text) if not _is_quiet(found.group())), None
        )


def statements(text: str) -> Iterator[Statement]:
    """The statements in order; those that are empty but for comments are left out. A script (BEGIN ... END) is one."""
    if re.match(r"\s*BEGIN\b(?!\s*TRANSACTION)", COMMENT.sub("", text), re.IGNORECASE):
        yield _statement(text, 0, len(text))
        return
    start = 0
    for match in SPLIT.finditer(text):
        if match.group(2):
            if COMMENT.sub("", text[start : match.start()]).strip():
                yield _statement(text, start, match.start())
            start = match.end()
    if COMMENT.sub("", text[start:]).strip():
        yield _statement(text, start, len(text))


def _statement(text: str, start: int, end: int) -> Statement:
    piece = text[start:end]
    blank = len(piece) - len(piece.lstrip())
    return Statement(piece.strip().rstrip(";"), text.count("\n", 0, start + blank))


def _is_quiet(text: str) -> bool:
    return text[0] in "'\"`" or text.startswith(("--", "/*"))
