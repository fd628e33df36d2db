"""The key comments of a thread without any model: those that say most of what many say, and that others have not said.

A comment's pieces are weighted by their TF-IDF over the thread, its score is their inner product with the thread's sum (degree
centrality), and what a chosen comment says counts for no other: Filatova and Hatzivassiloglou (2004), Gillick and Favre (2009);
the length in the denominator is Lin and Bilmes' (2010). Cosines, which forget length, choose the shortest greetings.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer

from systems.community.summaries import keywords
from systems.community.summaries.made_by import version_of

N_KEY_COMMENTS = 5
# Pieces of words of 2 to 4 signs: they need no word list, and work where words stand without spaces between.
PIECES = (2, 4)
# 0: the longest comments win; 1: those that say most per sign. Only what is shown of a comment counts.
COST_OF_LENGTH = 0.3
MOST_SHOWN = 240
EXTRACTIVE = "key comments"

Floats = NDArray[np.float64]


def key_comments(bodies: Sequence[str], n: int = N_KEY_COMMENTS) -> list[int]:
    """Places of at most `n` comments, the best first; equal ones: the earlier. Fewer where the rest says nothing that others do.

    Where there are no more than `n` different ones, all of them in the order of writing. Linear in the number of comments.
    """
    different = {body: place for place, body in reversed(list(enumerate(bodies)))}
    if len(different) <= n:
        return sorted(different.values())
    pieces = _pieces([shown(body) for body in bodies])
    weights = _weights(pieces)
    lengths = np.maximum(np.asarray(pieces.sum(axis=1)).ravel(), 1.0) ** COST_OF_LENGTH
    chosen: list[int] = []
    for _ in range(min(n, len(bodies))):
        gains = (pieces @ weights) / lengths
        best = int(gains.argmax())
        if chosen and gains[best] <= 0:
            break
        chosen.append(best)
        weights[pieces[best].indices] = 0.0
    return chosen


def summary_of(bodies: Sequence[str]) -> tuple[str, list[str]]:
    """The key comments as quotations, one per line, and the words in them that many comments share."""
    key = [bodies[place] for place in key_comments(bodies)]
    return "\n".join(f"“{shown(body)}”" for body in key), keywords.keywords(bodies, key)


def shown(body: str) -> str:
    """A comment as it is quoted: the end of a long one is cut off."""
    return body if len(body) <= MOST_SHOWN else body[: MOST_SHOWN - 1] + "…"


def method_version() -> str:
    """Changes with the code of this method: part of what a stored summary was made by."""
    return version_of("extractive", (Path(__file__), Path(keywords.__file__)))


def _pieces(bodies: Sequence[str]) -> csr_matrix:
    """Comments by pieces: 1.0 where a comment has the piece."""
    vectorizer = CountVectorizer(analyzer="char_wb", ngram_range=PIECES, binary=True, dtype=np.float64)
    return csr_matrix(vectorizer.fit_transform([f" {body} " for body in bodies]))


def _weights(pieces: csr_matrix) -> Floats:
    """What saying a piece is worth: how many say it, times its squared inverse frequency; nothing where only one does."""
    n_comments = np.asarray(pieces.sum(axis=0)).ravel()
    rarity = np.log((pieces.shape[0] + 1) / n_comments)
    return np.where(n_comments > 1, n_comments * rarity**2, 0.0)
