"""One output of a cell, as every rendering needs it: which kind, which text."""

from __future__ import annotations

import re
from typing import Any

ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
CUT = "\n... output cut at {limit:,} bytes\n"
LEFT_OUT = "... {count:,} more outputs left out: a cell keeps {limit:,} bytes\n"
# What the local workspace's own tables look like. A mark in the metadata is not enough: any code can set one.
OWN_TAG = r'</?(?:table|thead|tbody|tr|th|td|p|pre)(?: class="nb-[a-z]++")?+>'
OWN_HTML = re.compile(rf"(?:[^<]++|{OWN_TAG})*+")


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
    """Whether the HTML was made, and escaped, by the local workspace itself: tables and text, nothing that acts."""
    is_marked = bool(output.get("metadata", {}).get("text/html", {}).get("tideline"))
    return is_marked and OWN_HTML.fullmatch(data_of(output, "text/html") or "") is not None


def cut_text(text: str, limit: int) -> str:
    """The text; of a longer one the first `limit` bytes and a note."""
    if len(text) <= limit and (text.isascii() or len(text.encode()) <= limit):
        return text
    return text[:limit].encode()[:limit].decode(errors="ignore") + CUT.format(limit=limit)


def cut(output: dict[str, Any], limit: int) -> dict[str, Any]:
    """The same output; a stream longer than `limit` bytes loses its end, a larger picture or page gives way to its text."""
    if "text" in output:
        text = _joined(output["text"])
        return output if CUT.format(limit=limit) in text[-100:] else {**output, "text": cut_text(text, limit)}
    if "data" not in output:
        return output
    kept = {mime: data for mime, data in output["data"].items() if size_of(data) <= limit}
    if len(kept) < len(output["data"]):
        kept["text/plain"] = cut_text(_joined(output["data"].get("text/plain", "")), limit)
        kept["text/plain"] += "" if "output cut" in kept["text/plain"] else CUT.format(limit=limit)
    return {**output, "data": kept}


def joined_streams(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each stream as one output, where it first wrote, standard output before an error stream beside it.

    nbclient's own way takes time in the square of a line's length.
    """
    parts: dict[str, list[str]] = {}
    found: list[dict[str, Any]] = []
    for output in outputs:
        name = output.get("name", "") if output["output_type"] == "stream" else ""
        if name not in parts or not name:
            found.append(output)
        if name:
            parts.setdefault(name, []).append(_joined(output["text"]))
    for at, output in enumerate(found):
        if output["output_type"] == "stream":
            found[at] = {**output, "text": as_a_terminal("".join(parts[output["name"]]))}
    for at in range(len(found) - 1):
        if (found[at].get("name"), found[at + 1].get("name")) == ("stderr", "stdout"):
            found[at], found[at + 1] = found[at + 1], found[at]
    return found


def as_a_terminal(text: str) -> str:
    """A backspace takes the sign before it away; what follows a carriage return overwrites its line."""
    if "\b" in text:
        signs: list[str] = []
        for sign in text:
            if sign != "\b":
                signs.append(sign)
            elif signs and signs[-1] != "\n":
                signs.pop()
        text = "".join(signs)
    return "\n".join(map(_overwritten, text.split("\n"))) if "\r" in text else text


def _overwritten(line: str) -> str:
    end = "\r" if line.endswith("\r") else ""
    return line.removesuffix("\r").rpartition("\r")[2] + end


def size_of(data: Any) -> int:
    """About how many bytes a message's content takes."""
    if isinstance(data, dict):
        return sum(map(size_of, data.values()))
    if isinstance(data, list | tuple):
        return sum(map(size_of, data))
    return len(data) if isinstance(data, str) else 8


def _joined(text: Any) -> str:
    return "".join(text) if isinstance(text, list) else str(text)
