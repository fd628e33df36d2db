"""The text of a delivered file without what is a forgotten person's; everything else stays as it is, to the letter."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from typing import Any

from engine.forgetting.judge import Judge
from engine.sources.lines import layout_of

BLANKS = "\ufeff\r\n\t "
HEAD, TAIL = re.compile(r"^[\s\ufeff]*\[?\s*"), re.compile(r"[\s,]*\]?\s*$")

Judged = Callable[[str], str | None]


def rewritten(text: str, form: str, judge: Judge) -> tuple[str, int]:
    """The text as it may stay, and how many records it lost or that lost something; none: the same text.

    `form` is json, csv, or anything else: then every line that mentions a forgotten person goes.
    """
    if form == "csv":
        return _csv(text, judge)
    if form != "json":
        return _lines(text, lambda line: None if judge.mentions(line) else line)
    filled = [line for line in text.split("\n") if line.strip(BLANKS)]
    first = filled[0].strip(BLANKS) if filled else ""
    element = next((line for line in filled if line.strip(BLANKS) != "["), "")
    layout, separator, indent = layout_of(first, element)
    if layout == "lines":
        return _lines(text, judge.document)
    if layout == "array":
        return _lines(text, lambda line: _array(line, judge))
    return _elements(text, separator, indent, judge)


def _lines(text: str, judged: Judged) -> tuple[str, int]:
    kept, n = [], 0
    for line in text.split("\n"):
        left = judged(line) if line.strip(BLANKS) else line
        n += left != line
        kept += [left] if left is not None else []
    return "\n".join(kept), n


def _csv(text: str, judge: Judge) -> tuple[str, int]:
    """The header stays; a line with another number of fields cannot be read, and goes if it mentions a person."""
    header: list[str] = []

    def judged(line: str) -> str | None:
        nonlocal header
        fields = next(csv.reader([line.strip("\ufeff\r")]))
        if not header:
            header = fields
            return line
        if len(fields) != len(header):
            return None if judge.mentions(line) else line
        return line if judge.document(json.dumps(dict(zip(header, fields, strict=True)))) is not None else None

    return _lines(text, judged)


def _array(line: str, judge: Judge) -> str | None:
    """A whole array on one line."""
    try:
        items: Any = json.loads(line.strip(BLANKS))
    except ValueError:
        return None if judge.mentions(line) else line
    given = [json.dumps(item, ensure_ascii=False) for item in (items if isinstance(items, list) else [items])]
    left = [judge.document(item) for item in given]
    return line if left == given else f"[{', '.join(item for item in left if item is not None)}]"


def _elements(text: str, separator: str, indent: str, judge: Judge) -> tuple[str, int]:
    """Elements that begin at one indent; what stands between them shares the fate of the one before."""
    pieces = text.split(separator)
    opening = HEAD.match(pieces[0])
    head = opening.group() if opening else ""
    first = TAIL.sub("", pieces[0][len(head) :])
    given = [first] if first else []
    given += ["{" + TAIL.sub("", piece) for piece in pieces[1:]]
    left = [judge.document(piece) for piece in given]
    if left == given:
        return text, 0
    kept = [piece for piece in left if piece is not None]
    is_array = "[" in head
    between = (",\n" if is_array else "\n") + indent
    ending = TAIL.search(text)
    end = ending.group().lstrip(",") if ending else ""
    start = head if first or not is_array else head.rstrip() + "\n" + indent
    changed = sum(before != after for before, after in zip(given, left, strict=True))
    return start + between.join(kept) + end, changed
