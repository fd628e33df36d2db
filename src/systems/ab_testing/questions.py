"""What can be asked of the experiments: plain Python over gold in memory, no web and no Spark."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from systems.ab_testing.config import LATER_PURCHASE, WHOLE_PERIOD
from systems.ab_testing.verdicts import in_order

TABLES = ("ab_testing_gold.experiment_results", "ab_testing_gold.experiment_funnel")
# Four, two, two and perhaps two ASCII digits: dates are read strictly, so that each period has one name.
FORM = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9]{2})?")


class BadPeriod(ValueError):
    """A day that is none."""


class Unknown(LookupError):
    """What is asked for does not exist; the text says what."""


def period_of(text: str) -> str:
    """The period that a text names: `YYYY-MM-DD`, `YYYY-MM-DD HH` or `whole`. Raises BadPeriod."""
    if text != WHOLE_PERIOD:
        try:
            if not FORM.fullmatch(text):
                raise ValueError(text)
            datetime.strptime(text, "%Y-%m-%d %H" if " " in text else "%Y-%m-%d")
        except ValueError:
            raise BadPeriod(f"`{text}` is no day: expected YYYY-MM-DD, YYYY-MM-DD HH or {WHOLE_PERIOD}") from None
    return text


@dataclass(frozen=True)
class Sorted:
    """Rows of a sorted table by up to three of its columns, found in a few microseconds whatever the table's size."""

    table: pa.Table
    codes: tuple[dict[str, int], ...]
    keys: NDArray[np.int64]

    @classmethod
    def of(cls, table: pa.Table, by: Sequence[str]) -> Sorted:
        """Over the text columns `by`."""
        order = pc.sort_indices(table, sort_keys=[(name, "ascending") for name in by])
        table = table.take(order).combine_chunks()
        codes, keys = [], np.zeros(len(table), dtype=np.int64)
        for name in by:
            encoded = table[name].cast(pa.string()).combine_chunks().dictionary_encode()
            values = encoded.dictionary.to_pylist()
            ranked = {value: rank for rank, value in enumerate(sorted(values))}
            ranks = np.array([ranked[value] for value in values], dtype=np.int64)
            keys = keys * max(len(values), 1) + (ranks[encoded.indices.to_numpy(zero_copy_only=False)] if len(values) else keys)
            codes.append(ranked)
        return cls(table, tuple(codes), keys)

    def rows(self, *values: str) -> list[dict[str, Any]]:
        """Rows with these values, one per column of the key; empty where there are none."""
        key = 0
        for codes, value in zip(self.codes, values, strict=True):
            if value not in codes:
                return []
            key = key * len(codes) + codes[value]
        first, last = np.searchsorted(self.keys, [key, key + 1])
        found: list[dict[str, Any]] = self.table.slice(int(first), int(last - first)).to_pylist()
        return found


@dataclass(frozen=True)
class Experiments:
    """All results and funnels of one version of gold."""

    results: Sorted
    funnels: Sorted

    @classmethod
    def of(cls, results: pa.Table, funnels: pa.Table) -> Experiments:
        """From rows of `experiment_results` and `experiment_funnel`."""
        return cls(
            Sorted.of(results, ["experiment", "day", "attribution"]),
            Sorted.of(funnels, ["experiment", "day"]),
        )

    @cached_property
    def names(self) -> list[str]:
        """All experiments, by name."""
        return sorted(self.results.codes[0])

    @cached_property
    def as_of(self) -> str | None:
        """The newest local day that has data; None where nothing has."""
        return max((day for day in self.results.codes[1] if len(day) == len("YYYY-MM-DD")), default=None)

    def named(self, asked: str) -> str:
        """The experiment that somebody means, who may have written `|` for `/`. Raises Unknown."""
        for name in (asked, asked.replace("|", "/")):
            if name in self.results.codes[0]:
                return name
        raise Unknown(f"Unknown experiment '{asked}'")

    def result(self, asked: str, period: str, rule: str = LATER_PURCHASE) -> dict[str, Any]:
        """The row of `experiment_results`. Raises Unknown, with another text where the experiment exists without that period."""
        found = self.results.rows(self.named(asked), period, rule)
        if not found:
            raise Unknown(f"No data found for experiment '{asked}' on day '{period}'")
        return found[0]

    def funnel(self, asked: str, period: str, variant: str | None = None) -> list[dict[str, Any]]:
        """Rows of `experiment_funnel`, by variant and step. Raises Unknown for experiment, period or variant."""
        found = self.funnels.rows(self.named(asked), period)
        if not found:
            raise Unknown(f"No data found for experiment '{asked}' on day '{period}'")
        chosen = [row for row in found if variant is None or row["variant"] == variant]
        if not chosen:
            raise Unknown(f"No data found for variant '{variant}' of experiment '{asked}' on day '{period}'")
        order = {variant: place for place, variant in enumerate(in_order({row["variant"] for row in chosen}))}
        return sorted(chosen, key=lambda row: (order[row["variant"]], row["step_number"]))

    def days(self, asked: str) -> list[str]:
        """Periods with data: `whole`, then days and hours, newest first."""
        code = self.results.codes[0][self.named(asked)]
        per_experiment = len(self.results.codes[1]) * len(self.results.codes[2])
        first, last = np.searchsorted(self.results.keys, [code * per_experiment, (code + 1) * per_experiment])
        days = set(self.results.table["day"].slice(int(first), int(last - first)).to_pylist())
        return [WHOLE_PERIOD, *sorted(days - {WHOLE_PERIOD}, key=lambda day: (-len(day), day), reverse=True)]
