"""What is summarised: the comments of one post, cleaned, without anything that names a person or hides from a reader."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from systems.community.config import UNKNOWN
from systems.community.masking import masked

MOST_CHARACTERS = 1_000
JOINERS = "\u200c\u200d"  # needed within emoji and some scripts; all other invisible signs go


@dataclass(frozen=True)
class Thread:
    """A post's title and its comments with any text, cleaned, in the order in which they were written."""

    post_id: str
    title: str
    bodies: tuple[str, ...]

    @property
    def n_comments(self) -> int:
        return len(self.bodies)

    @cached_property
    def content_hash(self) -> str:
        """Changes with any text, with the order of texts and with the title; 32 hex digits."""
        return hashlib.sha256("\0".join((self.title, *self.bodies)).encode()).hexdigest()[:32]


def threads_of(comments: pd.DataFrame) -> list[Thread]:
    """Threads by number of comments, the greatest first, equal ones by id; posts without any text have none.

    `comments` has post_id, title, comment_id, body and created_at, in any order.
    """
    ordered = comments.sort_values(["created_at", "comment_id"], kind="stable")
    threads = [_thread(str(post_id), rows) for post_id, rows in ordered.groupby("post_id", sort=True)]
    return sorted((thread for thread in threads if thread.bodies), key=lambda thread: -thread.n_comments)


def cleaned(text: str) -> str:
    """One line without control, invisible or private signs; ids and addresses are masked; the end of a long text is cut off."""
    shown = "".join(sign for sign in unicodedata.normalize("NFC", _in_one_line(text)) if _is_shown(sign))
    apart = masked(shown).replace("<|", "< |").replace("|>", "| >")  # what some models take for a change of speaker
    return apart if len(apart) <= MOST_CHARACTERS else apart[: MOST_CHARACTERS - 1] + "…"


def _thread(post_id: str, rows: pd.DataFrame) -> Thread:
    title = next(iter(_texts(rows["title"])), UNKNOWN)
    return Thread(post_id, title, tuple(_texts(rows["body"])))


def _texts(values: Iterable[object]) -> list[str]:
    return [text for value in values if isinstance(value, str) and (text := cleaned(value))]


def _in_one_line(text: str) -> str:
    return " ".join(text.split())


def _is_shown(sign: str) -> bool:
    is_smuggled = 0xE0000 <= ord(sign) <= 0xE0FFF  # tags and extra variants, which no reader sees
    return sign in JOINERS or not (is_smuggled or unicodedata.category(sign) in ("Cc", "Cf", "Co", "Cs", "Cn"))
