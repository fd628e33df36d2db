"""What can go wrong in a run, as one small tree.

    TidelineError          every error of ours; its text says where, what was found, what was expected, what to do
    ├── SpecError          a table or system is declared wrongly: raised when its module is imported
    ├── SettingsError      a widget, parameter or secret has a value that cannot be used
    ├── SourceError        a source cannot be read at all
    ├── DriftError         the shape of what was delivered, or of a stored table, does not fit the declaration
    ├── CheckFailed        a check of severity `fail` is broken: nothing was written
    ├── WriteConflict      other writers of a table came first, again and again
    └── LayerFailed        some tables of a layer failed; the others stand, and the run log has them all

Notebooks show these without a traceback (`is_user_mistake`): the message is meant to be enough.
"""

from __future__ import annotations


class TidelineError(Exception):
    """An error that explains itself: where, what was found, what was expected, what to do next."""

    is_user_mistake = True

    def __init__(self, where: str, found: str, *, expected: str = "", hint: str = "") -> None:
        parts = [f"{where}: {found}"]
        if expected:
            parts.append(f"expected {expected}")
        text = "; ".join(parts)
        super().__init__(f"{text}. {hint}" if hint else text)
        self.where, self.found, self.expected, self.hint = where, found, expected, hint


class SpecError(TidelineError):
    """A declaration that cannot be run."""


class SettingsError(TidelineError):
    """A parameter, widget or secret that cannot be used."""


class SourceError(TidelineError):
    """A source that cannot be read."""


class DriftError(TidelineError):
    """A shape that the declaration does not allow."""


class CheckFailed(TidelineError):
    """A broken check of severity `fail`; the table is as it was before the run."""


class WriteConflict(TidelineError):
    """The table's run lost against other writers too often; its cursor has not moved."""


class LayerFailed(TidelineError):
    """At least one table of the layer failed; its cursor has not moved."""
