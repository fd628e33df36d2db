"""Which texts are nearly the same? What is posted twice must not teach a model and judge it too."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from sklearn.feature_extraction.text import CountVectorizer

# Two texts are nearly the same if they share this much of all their stretches of four letters (Jaccard's index).
LEAST_SHARED, LETTERS = 0.7, 4


def groups_of(texts: Sequence[str]) -> NDArray[np.int64]:
    """A group's number per text, from 0: texts that are nearly the same share it, also by a third one between them.

    Small or capital letters, punctuation and blanks make no difference.
    """
    if not len(texts):
        return np.zeros(0, dtype=np.int64)
    cut = CountVectorizer(analyzer="char_wb", ngram_range=(LETTERS, LETTERS), binary=True, dtype=np.int32)
    pieces = cut.fit_transform([_plain(text) for text in texts])
    n = np.asarray(pieces.sum(axis=1)).ravel()
    shared = (pieces @ pieces.T).tocoo()
    near = shared.data / (n[shared.row] + n[shared.col] - shared.data) >= LEAST_SHARED
    edges = coo_matrix((np.ones(int(near.sum())), (shared.row[near], shared.col[near])), shape=shared.shape)
    _, groups = connected_components(edges, directed=False)
    return np.asarray(groups, dtype=np.int64)


def _plain(text: str) -> str:
    """Words alone; a text without any, such as a picture, as it is; an empty one as a sign of its own."""
    return " ".join(re.findall(r"\w+", text.casefold())) or text.strip() or "∅"
