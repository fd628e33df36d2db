"""Rows in memory, or in a file that is mapped into it, found by some of their texts in microseconds, however many they are."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

ROWS, KEYS, TEXTS = "rows.arrow", "keys.npy", "texts.json"
INTEGERS = (pa.int8(), pa.int16(), pa.int32())


@dataclass(frozen=True)
class Rows:
    """Rows of a table in the order of their key: some columns of text, which are not kept, because whoever asks knows them.

    `codes` has, for each column of the key, its texts in their order, with their places in it. `keys` are those that
    some row has, as one number each, in their order; the rows of the key at place n begin at `starts[n]`.
    """

    batch: pa.RecordBatch
    codes: tuple[dict[str, int], ...]
    keys: NDArray[np.int64]
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, batches: Iterable[pa.RecordBatch], by: Sequence[str]) -> Rows:
        """From batches without views of texts, by the columns `by`, which are never null. Integers and texts are packed."""
        given = list(batches)
        table = pa.Table.from_batches(given) if given else pa.table({name: pa.array([], pa.string()) for name in by})
        columns = [table[name].combine_chunks() for name in by]
        texts = [pa.array(sorted(pc.unique(column).to_pylist()), pa.string()) for column in columns]
        keys = np.zeros(len(table), dtype=np.int64)
        for column, known in zip(columns, texts, strict=True):
            keys = keys * len(known) + pc.index_in(column, value_set=known).to_numpy(zero_copy_only=False)
        order = np.argsort(keys, kind="stable")
        kept = table.drop_columns(list(by)).take(order).combine_chunks()
        packed = [packed_array(kept[name].combine_chunks()) for name in kept.column_names]
        distinct, first = np.unique(keys[order], return_index=True)
        return cls(
            pa.RecordBatch.from_arrays(packed, names=kept.column_names),
            tuple({text: place for place, text in enumerate(known.to_pylist())} for known in texts),
            distinct, np.append(first, len(table)),
        )  # fmt: skip

    def save(self, folder: Path) -> None:
        """Files in `folder`, which is made."""
        folder.mkdir(parents=True)
        with pa.OSFile(str(folder / ROWS), "wb") as file, pa.ipc.new_file(file, self.batch.schema) as writer:
            writer.write_batch(self.batch)
        np.save(folder / KEYS, np.stack([self.keys, self.starts[:-1]]))
        (folder / TEXTS).write_text(json.dumps([list(texts) for texts in self.codes]), encoding="utf-8")

    @classmethod
    def open(cls, folder: Path) -> Rows:
        """What was saved. Rows stay in their file, mapped: memory holds what is asked for. The file may be unlinked."""
        file = pa.ipc.open_file(pa.memory_map(str(folder / ROWS)))
        batch = file.get_batch(0)
        keys, starts = np.load(folder / KEYS)
        texts = json.loads((folder / TEXTS).read_text(encoding="utf-8"))
        codes = tuple({text: place for place, text in enumerate(known)} for known in texts)
        return cls(batch, codes, keys, np.append(starts, len(batch)))

    def find(self, *values: str) -> list[dict[str, Any]]:
        """Rows with these texts, one for each of the first columns of the key; empty where there are none."""
        low, high = self._span(values)
        start, end = int(self.starts[low]), int(self.starts[high])
        found: list[dict[str, Any]] = self.batch.slice(start, end - start).to_pylist()
        return found

    def texts_beside(self, value: str) -> list[str]:
        """Texts of the key's second column that stand in some row beside one of the first, in their order."""
        low, high = self._span((value,))
        inner = math.prod(len(texts) for texts in self.codes[2:])
        second = list(self.codes[1])
        return [second[place] for place in np.unique(self.keys[low:high] // max(inner, 1) % max(len(second), 1))]

    def _span(self, values: Sequence[str]) -> tuple[int, int]:
        """Places in `keys`, from the first to before the last, of keys that begin with these texts."""
        key, width = 0, 1
        for number, texts in enumerate(self.codes):
            key, width = key * len(texts), width * len(texts)
            if number < len(values):
                if values[number] not in texts:
                    return 0, 0
                key, width = key + texts[values[number]], 1
        low, high = np.searchsorted(self.keys, [key, key + width])
        return int(low), int(high)


def packed_array(array: pa.Array) -> pa.Array:
    """The same values in fewer bytes: integers as narrow as they allow, texts as a dictionary; also inside lists and structs."""
    kind = array.type
    if pa.types.is_integer(kind):
        bounds = pc.min_max(array).as_py()
        narrow = next((each for each in INTEGERS if _holds(each, bounds["min"], bounds["max"])), kind)
        return array.cast(narrow)
    if pa.types.is_string(kind):
        encoded = array.dictionary_encode()
        return pa.DictionaryArray.from_arrays(packed_array(encoded.indices), encoded.dictionary)
    if pa.types.is_list(kind):
        return pa.ListArray.from_arrays(array.offsets, packed_array(array.values), mask=array.is_null())
    if pa.types.is_struct(kind):
        fields = [packed_array(array.field(place)) for place in range(kind.num_fields)]
        return pa.StructArray.from_arrays(fields, names=[field.name for field in kind], mask=array.is_null())
    return array


def _holds(kind: pa.DataType, least: int | None, most: int | None) -> bool:
    """Whether an integer type holds both; where there is no value, any does."""
    if least is None or most is None:
        return True
    limit = 1 << int(kind.bit_width) - 1
    return -limit <= least and most < limit
