"""The words of many comments; where a script puts no spaces between words, pieces that keep coming back."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

N_KEYWORDS = 8
# Letters with their marks above and below, which Thai writes vowels and tones with.
WORD = re.compile(r"(?:[^\W\d_]|[\u0300-\u036f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e])+")
THAI, HAN = re.compile(r"[\u0e00-\u0e7f]"), re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
THAI_SIZES, HAN_SIZES, LEAST_LETTERS = range(4, 9), range(2, 5), 4
HANGUL = re.compile(r"[\uac00-\ud7af]")


def keywords(bodies: Sequence[str], key: Sequence[str]) -> list[str]:
    """At most eight words of the key comments, each of two comments at least, by the number of comments and then by length.

    A piece inside a chosen one, or around one, is left out.
    """
    n_bodies = Counter(word for body in bodies for word in set(_words(body.casefold())))
    in_key = {word for body in key for word in _words(body.casefold())}
    ordered = sorted((word for word in in_key if n_bodies[word] > 1), key=lambda word: (-n_bodies[word], -len(word), word))
    chosen: list[str] = []
    for word in ordered:
        if len(chosen) == N_KEYWORDS:
            break
        if not any(word in other or other in word for other in chosen):
            chosen.append(word)
    return chosen


def _words(text: str) -> Iterator[str]:
    for word in WORD.findall(text):
        if THAI.search(word):
            yield from _pieces(word, THAI_SIZES)
        elif HAN.search(word):
            yield from _pieces(word, HAN_SIZES)
        elif HANGUL.search(word):
            yield from [word] if len(word) > 1 else []
        elif len(word) >= LEAST_LETTERS and word not in ENGLISH_STOP_WORDS:
            yield word


def _pieces(word: str, sizes: range) -> Iterator[str]:
    for size in sizes:
        for start in range(len(word) - size + 1):
            yield word[start : start + size]
