"""Secrets leave no trace: every known value becomes `[REDACTED]` in whatever a run hands out."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar
from urllib.parse import quote

MARK = "[REDACTED]"
SHORT = 4
LONG_LINE = 16
T = TypeVar("T")


class Redactor:
    """Finds a value as it is and as HTML, JSON, Python's repr, a URL or base64 write it.

    A value shorter than four characters is found as a whole word only: inside words it would hide everything.
    """

    def __init__(self, values: Iterable[str]) -> None:
        forms = {form for value in values if value.strip() for form in _forms(value)}
        patterns = [_pattern(form) for form in sorted(forms, key=lambda form: (-len(form), form))]
        self._pattern = re.compile("|".join(patterns)) if patterns else None
        self._in_json = {json.dumps(form, ensure_ascii=False)[1:-1] for form in forms}

    @classmethod
    def of_everything(cls) -> Redactor:
        """Leaves no text: for where nobody knows what is secret."""
        found = cls(())
        found._pattern, found._in_json = re.compile(".+", re.DOTALL), {""}
        return found

    def text(self, text: str) -> str:
        return self._pattern.sub(MARK, text) if self._pattern else text

    def is_needed_for(self, document: str) -> bool:
        """Whether a JSON document, which leaves letters as they are, may hold a value: quicker than to read it and look."""
        return any(form in document for form in self._in_json)

    def value(self, value: T) -> T:
        """The same structure with every text in it redacted, keys included; images stay as they are."""
        return self._walk(value)  # type: ignore[no-any-return]  # JSON in, JSON out

    def _walk(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {
                self.text(str(key)): each if _is_image(key) else self._walk(each)
                for key, each in value.items()
            }
        if isinstance(value, list | tuple):
            return [self._walk(each) for each in value]
        return value


def _forms(value: str) -> Iterator[str]:
    yield value
    yield html.escape(value)
    yield html.escape(value, quote=False)
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield html.escape(json.dumps(value)[1:-1])
    yield repr(value)[1:-1]
    yield quote(value)
    yield quote(value, safe="")
    if len(value) >= SHORT:
        yield base64.b64encode(value.encode()).decode()
    yield from (line.strip() for line in value.splitlines() if len(line.strip()) >= LONG_LINE)


def _pattern(form: str) -> str:
    return re.escape(form) if len(form) >= SHORT else rf"(?<!\w){re.escape(form)}(?!\w)"


def _is_image(key: Any) -> bool:
    return isinstance(key, str) and key.startswith("image/") and key != "image/svg+xml"
