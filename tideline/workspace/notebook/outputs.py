"""One output of a cell, as every rendering needs it: which kind, which text."""

from __future__ import annotations

import re
from typing import Any

ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
TRUNCATED = "\n... output cut at {limit:,} bytes ({total:,} in all)"


def plain(output: dict[str, Any]) -> str:
    """The output as text without terminal colours."""
    kind = output["output_type"]
    if kind == "stream":
        return ANSI.sub("", _joined(output["text"]))
    if kind == "error":
        lines = "\n".join(output.get("traceback") or [f"{output['ename']}: {output['evalue']}"])
        return ANSI.sub("", lines)
    return ANSI.sub("", _joined(output["data"].get("text/plain", "")))


def data_of(output: dict[str, Any], mime: str) -> str | None:
    """The output's data of that type; None for streams, errors and absent types."""
    data = output.get("data", {}).get(mime)
    return None if data is None else _joined(data)


def is_own_html(output: dict[str, Any]) -> bool:
    """Whether the HTML was made, and escaped, by the local workspace itself."""
    return bool(output.get("metadata", {}).get("text/html", {}).get("tideline"))


def cut(output: dict[str, Any], limit: int) -> dict[str, Any]:
    """The same output; a stream longer than `limit` bytes loses its end and says so."""
    if output["output_type"] != "stream":
        return output
    text = _joined(output["text"]).encode()
    if len(text) <= limit:
        return output
    kept = text[:limit].decode("utf-8", errors="ignore")
    return {**output, "text": kept + TRUNCATED.format(limit=limit, total=len(text))}


def _joined(text: Any) -> str:
    return "".join(text) if isinstance(text, list) else str(text)
