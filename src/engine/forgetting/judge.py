"""What must not stay of a record, by plain Python: the same answer where records land, lie, or wait in files.

Travels to Spark's workers as a whole, so it imports nothing of ours.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

COVER = "[forgotten]"
# What may be an id in a text that cannot be parsed, where ids look like nothing in particular.
WORD = r"[0-9A-Za-z_-]+"
LENGTH = 32
REMEMBERED = 100_000

Place = tuple[str, ...]


def hash_of(key: str, id_: str) -> str:
    """Keyed hash by which a forgotten person is known; another one than the pseudonym, so that neither leads to the other."""
    return hmac.new(key.encode(), b"forgotten\0" + id_.encode(), hashlib.sha256).hexdigest()[:LENGTH]


@dataclass
class Listed:
    """Whether an id is one of a list of keyed hashes; remembers what it was asked."""

    key: str = field(repr=False)
    hashes: frozenset[str]
    known: dict[str, bool] = field(default_factory=dict, repr=False)

    def __call__(self, id_: str) -> bool:
        if id_ not in self.known:
            if len(self.known) >= REMEMBERED:
                self.known.clear()
            self.known[id_] = hash_of(self.key, id_) in self.hashes
        return self.known[id_]


@dataclass(frozen=True)
class Judge:
    """Goes by where a source names persons (`Mentions`), what an id looks like (`Person`), and who is forgotten."""

    owner: Place
    parts: tuple[tuple[Place, Place], ...]
    looks_like: str
    is_forgotten: Callable[[str], bool]

    def left_of(self, document: str | None, text: str | None) -> str | None:
        """The document without what is a forgotten person's, as it was where nothing is; None where the record must go.

        A record that could not be parsed goes if its `text` mentions one; without a document what is left is empty.
        """
        if text is not None and self.mentions(text):
            return None
        return "" if document is None else self.document(document)

    def document(self, text: str) -> str | None:
        """A document's JSON without what is a forgotten person's, the same text where nothing is; None: all of it is."""
        try:
            given = json.loads(text.lstrip("\ufeff"))
        except ValueError:
            return None if self.mentions(text) else text
        if any(self.is_forgotten(id_) for id_ in _ids_at(given, self.owner)):
            return None
        left = self._covered(self._without_parts(given))
        return text if left == given else json.dumps(left, ensure_ascii=False, separators=(",", ":"))

    def mentions(self, text: str) -> bool:
        """Whether a forgotten id stands in a text."""
        return any(self.is_forgotten(word) for word in self._words_of(text))

    def ids_in(self, document: str | None, text: str | None) -> list[str]:
        """The forgotten ids that a record names, wherever it does."""
        found = set(self._words_of(text or ""))
        found |= set(self._words_of(document)) if self.looks_like and document else set()
        try:
            given = json.loads(document) if document else None
        except ValueError:
            return sorted(filter(self.is_forgotten, found | set(re.findall(WORD, document or ""))))
        found |= set(_ids_at(given, self.owner))
        for place, inner in self.parts:
            items = _at(given, place)
            found |= {id_ for item in (items if isinstance(items, list) else []) for id_ in _ids_at(item, inner)}
        return sorted(filter(self.is_forgotten, found))

    def _words_of(self, text: str) -> Iterator[str]:
        """What may be an id in a text. Ids that look like nothing else overlap: one may begin in what looks like another."""
        if not self.looks_like:
            yield from re.findall(WORD, text)
        else:
            yield from (found["id"] for found in re.finditer(f"(?=(?P<id>{self.looks_like}))", text))

    def _without_parts(self, given: Any) -> Any:
        for place, inner in self.parts:
            given = _replaced(given, place, partial(self._others, inner))
        return given

    def _others(self, inner: Place, items: list[Any]) -> list[Any]:
        return [item for item in items if not any(self.is_forgotten(id_) for id_ in _ids_at(item, inner))]

    def _covered(self, given: Any) -> Any:
        """Without list items and fields that are nothing but a forgotten id; within texts it is covered."""
        if not self.looks_like:
            return given
        if isinstance(given, str):
            return self._covered_in(given)
        if isinstance(given, list):
            return [self._covered(each) for each in given if not (isinstance(each, str) and self.is_forgotten(each))]
        if isinstance(given, dict):
            return {self._covered_in(name): self._covered(each) for name, each in given.items() if not self.is_forgotten(name)}
        return given

    def _covered_in(self, text: str) -> str:
        for id_ in {word for word in self._words_of(text) if self.is_forgotten(word)}:
            text = text.replace(id_, COVER)
        return text


def _at(given: Any, place: Place) -> Any:
    for name in place:
        given = given.get(name) if isinstance(given, dict) else None
    return given


def _ids_at(given: Any, place: Place) -> Iterator[str]:
    """The id at a place, as text; no place or no plain value there: none."""
    value = _at(given, place) if place else None
    if isinstance(value, str | int) and not isinstance(value, bool):
        yield str(value).strip()


def _replaced(given: Any, place: Place, change: Callable[[list[Any]], list[Any]]) -> Any:
    """`given` with the list at a place changed; as it is where there is no list."""
    if not place:
        return change(given) if isinstance(given, list) else given
    if not isinstance(given, dict) or place[0] not in given:
        return given
    return {**given, place[0]: _replaced(given[place[0]], place[1:], change)}
