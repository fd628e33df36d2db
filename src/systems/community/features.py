"""What describes a comment as numbers and words, batch by batch, where Spark's workers run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from systems.community.readability import readability
from systems.community.texts import Reader, diversity, n_sentences

DESCRIBED = "language string, normalised_text string, n_words int, readability double, lexical_diversity double"


def describe_batches(batches: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """Comments with their description beside them; models are loaded once, with the first batch."""
    reader: Reader | None = None
    for batch in batches:
        reader = reader or Reader.load()
        rows = [describe(reader, body or "") for body in batch["body"]]
        described = pd.DataFrame(rows, columns=[part.split()[0] for part in DESCRIBED.split(", ")], dtype=object)
        yield batch.reset_index(drop=True).join(described)


def describe(reader: Reader, body: str) -> tuple[Any, ...]:
    """A text's values of `DESCRIBED`, in that order."""
    language = reader.language_of(body)
    words = reader.words_of(body, language)
    telling = " ".join(reader.telling(words, language))
    return language, telling, len(words), readability(words, n_sentences(body), language), diversity(words)
