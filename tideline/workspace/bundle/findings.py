"""What lint finds: one line each, at its place."""

from __future__ import annotations

from dataclasses import dataclass

from tideline.workspace.errors import Place


@dataclass(frozen=True, order=True)
class Finding:
    """`severity` is `error` (a run is refused) or `warning`; `rule` names the check."""

    place: Place
    rule: str
    message: str
    hint: str = ""
    severity: str = "error"

    def __str__(self) -> str:
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.place}: {self.severity}: {self.message}{hint} [{self.rule}]"


def warning(place: Place, rule: str, message: str, hint: str = "") -> Finding:
    """A finding that does not stop a run."""
    return Finding(place, rule, message, hint, severity="warning")
