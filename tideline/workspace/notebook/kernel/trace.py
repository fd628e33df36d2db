"""The user's error as the user sees it: own exception, own frames, lines of the notebook."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

FOREIGN = ("site-packages", "dist-packages", "/lib/python3")
HERE = str(Path(__file__).parents[1])
CAUSE = "The above exception was the direct cause of the following exception:"
CONTEXT = "During handling of the above exception, another exception occurred:"


def message_of(error: BaseException) -> str:
    """The error's text without the Java stack that Spark adds."""
    if isinstance(error, SyntaxError):
        return error.msg or str(error)
    text = str(error).split("\n\nJVM stacktrace:")[0].rstrip()
    return text.removesuffix(";").rstrip()


def name_of(error: BaseException) -> str:
    """The class name; IPython's own `UsageError` means a magic that does not exist or is used wrongly."""
    return type(error).__name__


def describe(error: BaseException, notebooks: set[str]) -> dict[str, Any]:
    """Name, message, the last line in each of `notebooks` that is on the stack, and the trimmed traceback."""
    frames = traceback.extract_tb(error.__traceback__)
    line = next((frame.lineno for frame in reversed(frames) if frame.filename in notebooks), None)
    file = next((frame.filename for frame in reversed(frames) if frame.filename in notebooks), "")
    if isinstance(error, SyntaxError) and error.filename in notebooks:
        line, file = error.lineno, str(error.filename)
    is_mistake = getattr(error, "is_user_mistake", False) is True or type(error).__name__ == "UsageError"
    return {
        "name": name_of(error),
        "message": message_of(error),
        "line": line,
        "file": file,
        "is_user_mistake": is_mistake,
        "traceback": "" if is_mistake else "\n".join(_lines(error, set())),
    }


def _lines(error: BaseException, seen: set[int]) -> Iterator[str]:
    """Causes first, as Python prints them."""
    seen.add(id(error))
    cause = error.__cause__
    before = cause or (None if error.__suppress_context__ else error.__context__)
    if before is not None and id(before) not in seen:
        yield from _lines(before, seen)
        yield from ("", CAUSE if cause else CONTEXT, "")
    frames = own_frames(error.__traceback__)
    if frames:
        yield "Traceback (most recent call last):"
        yield from "".join(traceback.format_list(frames)).rstrip("\n").split("\n")
    yield from _last_lines(error)


def _last_lines(error: BaseException) -> Iterator[str]:
    if isinstance(error, SyntaxError):
        yield from "".join(traceback.format_exception_only(error)).rstrip("\n").split("\n")
        return
    yield f"{name_of(error)}: {message_of(error)}"
    yield from getattr(error, "__notes__", ())


def own_frames(trail: TracebackType | None) -> traceback.StackSummary:
    """Frames of the notebook and of the user's modules; the last foreign one too where it raised outside Spark."""
    frames = traceback.extract_tb(trail)
    own = [frame for frame in frames if _is_own(frame.filename)]
    last = frames[-1:] if frames and not _is_own(frames[-1].filename) else []
    quiet = ("pyspark", HERE, "IPython", "ipykernel")
    kept = own + [frame for frame in last if not any(part in frame.filename for part in quiet)]
    return traceback.StackSummary.from_list(kept)


def _is_own(filename: str) -> bool:
    return not (
        filename.startswith(("<frozen", "<string>", HERE))
        or "/ipykernel_" in filename
        or any(part in filename for part in FOREIGN)
    )
