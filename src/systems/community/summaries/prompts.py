"""What a model is asked: versioned files of `prompts/`, and comments as data between lines that nobody can guess."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from string import Template

from systems.community.summaries.leaks import leak_in
from systems.community.summaries.made_by import version_of
from systems.community.summaries.tokens import PER_MESSAGE, likely_tokens, most_tokens

FOLDER = Path(__file__).resolve().parents[1] / "prompts"
MAP, REDUCE, REPAIR = (FOLDER / f"{name}_v1.md" for name in ("map", "reduce", "repair"))
# Languages that answers are given in, as a model is told them.
LANGUAGES = {
    "en": "English", "es": "Spanish", "tr": "Turkish", "zh": "Chinese", "pt": "Portuguese", "th": "Thai", "de": "German",
    "fr": "French", "ja": "Japanese", "ko": "Korean", "it": "Italian", "pl": "Polish", "id": "Indonesian",
    "vi": "Vietnamese", "ru": "Russian",
}  # fmt: skip
Message = dict[str, str]


@dataclass(frozen=True)
class Prompt:
    """The messages of one call, its boundary and its canary: a word that no honest answer holds."""

    messages: tuple[Message, ...]
    boundary: str
    canary: str

    @property
    def most_tokens(self) -> int:
        """A bound of what is sent."""
        return sum(PER_MESSAGE + most_tokens(message["content"]) for message in self.messages)

    @property
    def likely_tokens(self) -> int:
        """A guess of what is sent."""
        return sum(PER_MESSAGE + likely_tokens(message["content"]) for message in self.messages)

    def leak_in(self, texts: Sequence[str]) -> str:
        """Which part of the instructions stands in an answer's texts; empty where none does."""
        return leak_in(texts, self.messages[0]["content"], (self.canary, self.boundary))

    def repaired(self, answer: str, error: str) -> Prompt:
        """The same call, with the answer that cannot be used and the reason."""
        again = _filled(REPAIR, error=error, boundary=self.boundary)
        return replace(self, messages=(*self.messages, _said("assistant", answer or "(nothing)"), _said("user", again)))


@cache
def prompt_version() -> str:
    """The version of the files together: part of what a stored summary was made by."""
    return version_of("v1", (MAP, REDUCE, REPAIR))


def line_of(number: int, text: str) -> str:
    """A comment as one line of JSON: nothing in it can end the line, the data or the string."""
    return json.dumps([number, text], ensure_ascii=False)


def map_prompt(title: str, lines: Sequence[str], language: str) -> Prompt:
    """The question about some comments, whose lines come from `line_of`."""
    return _prompt(MAP, [line_of(0, title), *lines], language, len(lines))


def reduce_prompt(lines: Sequence[str], language: str, n_comments: int) -> Prompt:
    """The question about summaries of parts with `n_comments` comments together."""
    return _prompt(REDUCE, lines, language, n_comments)


def _prompt(file: Path, lines: Sequence[str], language: str, n_comments: int) -> Prompt:
    boundary, canary = f"DATA-{secrets.token_hex(16)}", f"CANARY-{secrets.token_hex(8)}"
    told = _filled(file, boundary=boundary, canary=canary, language=LANGUAGES[language], n_comments=str(n_comments))
    data = "\n".join((boundary, *lines, boundary))
    return Prompt((_said("system", told), _said("user", data)), boundary, canary)


def _filled(file: Path, **values: str) -> str:
    return Template(file.read_text(encoding="utf-8").strip()).substitute(values)


def _said(role: str, content: str) -> Message:
    return {"role": role, "content": content}
