"""What is looked at, as the address says it: page, experiment, day and rule of attribution."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode

from apps.ab_results.words import period
from systems.ab_testing.config import LATER_PURCHASE, SAME_ITEM, WHOLE_PERIOD

RESULT, EXPERIMENTS, DAYS, FUNNEL, BAYES, API, TABLES = "result", "experiments", "days", "funnel", "bayes", "api", "tables"
PAGES = {
    RESULT: "Result", EXPERIMENTS: "All experiments", DAYS: "Day by day", FUNNEL: "Funnel", BAYES: "How sure", API: "API",
    TABLES: "Pipeline",
}  # fmt: skip
RULES = {LATER_PURCHASE: "Any later purchase", SAME_ITEM: "Purchase of the same item"}


@dataclass(frozen=True)
class Selection:
    """One of each that exists; no text of an address gets past it unknown."""

    page: str
    experiment: str
    day: str
    attribution: str

    def parameters(self) -> dict[str, str]:
        return asdict(self)

    def url(self, **changes: Any) -> str:
        """The address of this selection, or of one that differs, relative to the app."""
        return "?" + urlencode(replace(self, **changes).parameters(), quote_via=quote)


def selected(
    asked: Mapping[str, str], experiments: Sequence[str], periods: Sequence[str], first: Callable[[], str]
) -> tuple[Selection, list[str]]:
    """What an address means, and what of it was not understood, in words. The experiment is `first()` where it names none."""
    known = {"page": list(PAGES), "experiment": experiments, "day": periods, "attribution": list(RULES)}
    found, notices = {}, []
    for name, values in known.items():
        text = asked.get(name, "")
        meant = text if text in values else text.replace("|", "/")
        if meant in values:
            found[name] = meant
            continue
        found[name] = first() if name == "experiment" else WHOLE_PERIOD if name == "day" else values[0]
        if text:
            notices.append(f"There is no {name} “{text}”; this shows “{_shown(name, found[name])}”.")
    return Selection(**found), notices


def _shown(name: str, value: str) -> str:
    return {"page": PAGES, "attribution": RULES}.get(name, {}).get(value) or (period(value) if name == "day" else value)
