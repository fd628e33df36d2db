"""How many tokens a text can have: a bound that holds for every tokeniser of bytes, and what is likely.

No tokeniser is asked: theirs are downloaded, and every model has another one.
"""

from __future__ import annotations

import math

# Marks of role and end around a message, which a chat's template adds.
PER_MESSAGE = 16


def most_tokens(text: str) -> int:
    """A bound: every token of a byte-level vocabulary stands for one byte at least."""
    return len(text.encode())


def likely_tokens(text: str) -> int:
    """A guess for estimates: four ASCII signs to a token, two letters of other alphabets, one sign of the rest.

    Signs are told apart by their length in UTF-8: the rest are those of three bytes and more, such as Thai and Chinese.
    """
    n_bytes, n_signs = len(text.encode()), len(text)
    n_ascii = sum(sign.isascii() for sign in text)
    n_two = sum("\x80" <= sign <= "\u07ff" for sign in text)
    return math.ceil(min(n_bytes, n_ascii / 4 + n_two / 2 + (n_signs - n_ascii - n_two)))
