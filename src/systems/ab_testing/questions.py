"""What can be asked of the experiments: plain Python over gold in memory, no web and no Spark."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from systems.ab_testing.config import EVENT_NAMES, LATER_PURCHASE, WHOLE_PERIOD
from systems.ab_testing.variants import in_order
from utils.apart import saved_apart
from utils.gold import Gold
from utils.rows import Rows
from utils.times import strict_time

TABLES = ("ab_testing_gold.experiment_results", "ab_testing_gold.experiment_funnel")
# What is read of both tables; the first three, and the first two, are what rows are asked for by.
RESULT = (
    "experiment", "day", "attribution", "attribution_window_hours", "verdict", "winner", "leader", "control",
    "n_participants", "n_contaminated", "method", "p_value", "adjusted_p_value", "sample_ratio_p_value", "variants",
)  # fmt: skip
FUNNEL = ("experiment", "day", "variant", "step_number", "n_users", "n_participants")


class BadPeriod(ValueError):
    """A day that is none."""


class Unknown(LookupError):
    """What is asked for does not exist; the text says what."""


def period_of(text: str) -> str:
    """The period that a text names: `YYYY-MM-DD`, `YYYY-MM-DD HH` or `whole`. Raises BadPeriod."""
    if text != WHOLE_PERIOD:
        try:
            strict_time(text, "%Y-%m-%d %H" if " " in text else "%Y-%m-%d")
        except ValueError:
            raise BadPeriod(f"`{text}` is no day: expected YYYY-MM-DD, YYYY-MM-DD HH or {WHOLE_PERIOD}") from None
    return text


@dataclass(frozen=True)
class Experiments:
    """All results and funnels of one version of gold."""

    results: Rows
    funnels: Rows

    @classmethod
    def read(cls, gold: Gold, version: str) -> Experiments:
        """A version of gold."""
        results, funnels = (gold.read(table, version, columns) for table, columns in zip(TABLES, (RESULT, FUNNEL), strict=True))
        return cls(Rows.of(results, RESULT[:3]), Rows.of(funnels, FUNNEL[:2]))

    @classmethod
    def open(cls, folder: Path) -> Experiments:
        """From files that stand for a version of gold."""
        return cls(Rows.open(folder / "results"), Rows.open(folder / "funnels"))

    @cached_property
    def names(self) -> list[str]:
        """All experiments, by name."""
        return list(self.results.codes[0])

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
        """The row of `experiment_results`, but its key. Raises Unknown, whose text tells a name from a period without data."""
        found = self.results.find(self.named(asked), period, rule)
        if not found:
            raise Unknown(f"No data found for experiment '{asked}' on day '{period}'")
        return found[0]

    def all_results(self, period: str, rule: str = LATER_PURCHASE) -> list[dict[str, Any]]:
        """Rows of every experiment with data in the period, each with its name: winners first, then by participants."""
        found = [row | {"experiment": name} for name in self.names for row in self.results.find(name, period, rule)]
        return sorted(found, key=lambda row: (row["winner"] is None, -row["n_participants"], row["experiment"]))

    def by_day(self, asked: str, rule: str = LATER_PURCHASE) -> dict[str, dict[str, Any]]:
        """Local day -> its row, oldest day first. Raises Unknown for the name."""
        days = sorted(day for day in self.days(asked) if len(day) == len("YYYY-MM-DD"))
        return {day: row for day in days for row in self.results.find(self.named(asked), day, rule)}

    def funnel(self, asked: str, period: str, variant: str | None = None) -> list[dict[str, Any]]:
        """Rows of `experiment_funnel`, but their key, by variant and step. Raises Unknown for name, period or variant."""
        found = self.funnels.find(self.named(asked), period)
        if not found:
            raise Unknown(f"No data found for experiment '{asked}' on day '{period}'")
        chosen = [row for row in found if variant is None or row["variant"] == variant]
        if not chosen:
            raise Unknown(f"No data found for variant '{variant}' of experiment '{asked}' on day '{period}'")
        order = {variant: place for place, variant in enumerate(in_order({row["variant"] for row in chosen}))}
        for row in chosen:
            row |= {"step": EVENT_NAMES[row["step_number"] - 1], "share": row["n_users"] / max(row["n_participants"], 1)}
        return sorted(chosen, key=lambda row: (order[row["variant"]], row["step_number"]))

    def days(self, asked: str) -> list[str]:
        """Periods with data: `whole`, then days, then hours, newest first."""
        return _newest_first(self.results.texts_beside(self.named(asked)))

    @cached_property
    def periods(self) -> list[str]:
        """Periods with data of any experiment, in the same order."""
        return _newest_first(self.results.codes[1])


def _newest_first(periods: Iterable[str]) -> list[str]:
    found = set(periods) - {WHOLE_PERIOD}
    return [WHOLE_PERIOD, *sorted(found, key=lambda day: (-len(day), day), reverse=True)]


def load(gold: Gold, version: str) -> Experiments:
    """A version of gold, read by another process; memory holds what is asked for. Raises SourceError."""
    with saved_apart(_save, gold, version) as folder:
        return Experiments.open(folder)


def _save(gold: Gold, version: str, folder: Path) -> None:
    found = Experiments.read(gold, version)
    found.results.save(folder / "results")
    found.funnels.save(folder / "funnels")
