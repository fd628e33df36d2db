"""How documents stand in a file: an indented array as `mongoexport --jsonArray --pretty` writes it, or one per line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from json.encoder import encode_basestring
from typing import Any

NOT_JSON = "this line was pasted in by hand"


def indented(documents: Iterable[dict[str, Any]], *, garbage_after: int = -1) -> Iterator[str]:
    """A multi-line array in pieces; after document `garbage_after` stands a line that is no JSON."""
    yield "["
    for number, document in enumerate(documents):
        yield f"{',' if number else ''}\n  {_pretty(document, '  ')}"
        if number == garbage_after:
            yield f",\n  {NOT_JSON}"
    yield "\n]\n"


def per_line(documents: Iterable[dict[str, Any]], *, garbage_after: int = -1) -> Iterator[str]:
    """One document per line; after document `garbage_after` stands a line that is no JSON."""
    for number, document in enumerate(documents):
        yield json.dumps(document, ensure_ascii=False) + "\n"
        if number == garbage_after:
            yield NOT_JSON + "\n"


def truncated(documents: list[dict[str, Any]]) -> str:
    """An indented array that breaks off in the middle of its last document."""
    text = "".join(indented(documents))
    last = len("".join(indented(documents[-1:])))
    return text[: len(text) - last // 2]


def _pretty(value: Any, pad: str) -> str:
    """What `json.dumps(value, indent=2, ensure_ascii=False)` gives below an indent, in a third of its time."""
    if isinstance(value, str):
        return encode_basestring(value)  # type: ignore[no-any-return,unused-ignore]  # typed in some versions only
    inner = pad + "  "
    if isinstance(value, dict) and value:
        body = ",\n".join([f'{inner}"{name}": {_pretty(item, inner)}' for name, item in value.items()])
        return f"{{\n{body}\n{pad}}}"
    if isinstance(value, list) and value:
        body = ",\n".join([inner + _pretty(item, inner) for item in value])
        return f"[\n{body}\n{pad}]"
    return json.dumps(value)
