"""Rows in memory, found by some of their texts in microseconds, however many they are."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


@dataclass(frozen=True)
class Rows:
    """Rows of a table by their key: some of its columns of text, which are not kept, because whoever asks knows them.

    `codes` has, for each column of the key, its texts in their order, with their places in it.
    """

    batches: tuple[pa.RecordBatch, ...]
    starts: NDArray[np.int64]
    codes: tuple[dict[str, int], ...]
    keys: NDArray[np.int64]
    places: NDArray[np.int32]

    @classmethod
    def of(cls, batches: Iterable[pa.RecordBatch], by: Sequence[str]) -> Rows:
        """From batches as `gold.own` leaves them, by the columns `by`; a batch is taken over before the next one is asked for."""
        kept, seen = [], [dict[str, int]() for _ in by]
        coded: list[list[NDArray[np.int32]]] = [[] for _ in by]
        for batch in batches:
            for name, texts, codes in zip(by, seen, coded, strict=True):
                column = batch[name]
                known = np.array([texts.setdefault(text, len(texts)) for text in column.dictionary.to_pylist()], dtype=np.int32)
                codes.append(known[column.indices.to_numpy(zero_copy_only=False)])
            kept.append(batch.drop_columns(list(by)))
        keys = np.zeros(sum(len(batch) for batch in kept), dtype=np.int64)
        ordered = []
        for texts, codes in zip(seen, coded, strict=True):
            ordered.append({text: place for place, text in enumerate(sorted(texts))})
            places = np.array([ordered[-1][text] for text in texts], dtype=np.int64)
            if codes:
                keys = keys * len(texts) + places[np.concatenate(codes)]
        order = np.argsort(keys, kind="stable")
        starts = np.cumsum([0, *[len(batch) for batch in kept[:-1]]])
        return cls(tuple(kept), starts, tuple(ordered), keys[order], order.astype(np.int32))

    def find(self, *values: str) -> list[dict[str, Any]]:
        """Rows with these texts, one for each of the first columns of the key; empty where there are none."""
        low, high = self._span(values)
        return [self._row(int(place)) for place in self.places[low:high]]

    def texts_beside(self, value: str) -> list[str]:
        """Texts of the key's second column that stand in some row beside one of the first, in their order."""
        low, high = self._span((value,))
        inner = math.prod(len(texts) for texts in self.codes[2:])
        second = list(self.codes[1])
        return [second[place] for place in np.unique(self.keys[low:high] // max(inner, 1) % max(len(second), 1))]

    def _span(self, values: Sequence[str]) -> tuple[int, int]:
        key, width = 0, 1
        for number, texts in enumerate(self.codes):
            key, width = key * len(texts), width * len(texts)
            if number < len(values):
                if values[number] not in texts:
                    return 0, 0
                key, width = key + texts[values[number]], 1
        low, high = np.searchsorted(self.keys, [key, key + width])
        return int(low), int(high)

    def _row(self, place: int) -> dict[str, Any]:
        number = int(np.searchsorted(self.starts, place, side="right")) - 1
        batch = self.batches[number].slice(place - int(self.starts[number]), 1)
        row: dict[str, Any] = batch.to_pylist()[0]
        return row
