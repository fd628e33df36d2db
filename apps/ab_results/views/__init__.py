"""Pages: each draws what it is asked about from one version of the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from apps.ab_results import markup, show, words
from apps.ab_results.config import Config
from apps.ab_results.selection import Selection
from systems.ab_testing.questions import Experiments, Unknown


@dataclass(frozen=True)
class View:
    """What a page has to draw from; `data` is None where there are no results yet."""

    config: Config
    selection: Selection
    data: Experiments | None

    @property
    def experiments(self) -> Experiments:
        assert self.data is not None
        return self.data

    def result(self) -> dict[str, Any] | None:
        """The chosen row, with its experiment; None, said on the page, where the experiment has no data in the period."""
        chosen = self.selection
        try:
            row = self.experiments.result(chosen.experiment, chosen.day, chosen.attribution)
        except Unknown:
            self.say_empty()
            return None
        return row | {"experiment": chosen.experiment, "attribution": chosen.attribution}

    def say_empty(self) -> None:
        """That there is nothing in the period, and where there is something."""
        chosen, days = self.selection, self.experiments.days(self.selection.experiment)
        some = [words.period(day) for day in days[:4]] + ([f"{len(days) - 4} more periods"] if len(days) > 4 else [])
        there = f"{chosen.experiment} has no data {words.during(chosen.day)}."
        show.html(markup.notice(f"{there} It has data for {words.listed(some)}."))
