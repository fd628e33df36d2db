"""dbutils.widgets: a parameter of the run wins over a default; all values are text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tideline.workspace.notebook.kernel.dbutils.utility import Utility, text_of
from tideline.workspace.notebook.kernel.errors import InputWidgetNotDefined, InvalidWidgetValue

LONGEST_DEFAULT_BYTES = 2048
MOST_CHOICES = 1024  # what a form shows; more are checked all the same


def _untold(op: str, **_: Any) -> None:
    """For widgets that no runner asks for."""


class WidgetsUtility(Utility):
    """Widgets that were declared, over parameters that were passed. `tell` hears of each, before its value is checked."""

    prefix = "dbutils.widgets"

    def __init__(self, parameters: dict[str, str], tell: Callable[..., Any] = _untold) -> None:
        self._tell = tell
        self._parameters = dict(parameters)
        self._values: dict[str, str] = {}

    def text(self, name: str, defaultValue: str, label: str | None = None) -> None:
        self._declare("text", name, defaultValue, label)

    def dropdown(
        self, name: str, defaultValue: str, choices: Sequence[str], label: str | None = None
    ) -> None:
        self._declare("dropdown", name, defaultValue, label, choices)

    def combobox(
        self, name: str, defaultValue: str, choices: Sequence[str], label: str | None = None
    ) -> None:
        """Choices are proposals: any text is a value."""
        self._declare("combobox", name, defaultValue, label, choices)

    def multiselect(
        self, name: str, defaultValue: str, choices: Sequence[str], label: str | None = None
    ) -> None:
        """Several choices, joined by commas."""
        self._declare("multiselect", name, defaultValue, label, choices)

    def get(self, name: str) -> str:
        """The value; a parameter needs no declaration. InputWidgetNotDefined for an unknown name."""
        values = self.getAll()
        if name not in values:
            known = f"; known: {', '.join(sorted(values))}" if values else ""
            raise InputWidgetNotDefined(f"No input widget named {name} is defined{known}")
        return values[name]

    def getArgument(self, name: str, defaultValue: str | None = None) -> str:
        """As `get`, with a default in place of the error."""
        if defaultValue is not None and name not in self.getAll():
            return text_of(f"getArgument({name!r})", defaultValue)
        return self.get(name)

    def getAll(self) -> dict[str, str]:
        return {**self._parameters, **self._values}

    def remove(self, name: str) -> None:
        if name not in self._values:
            raise InputWidgetNotDefined(f"No input widget named {name} is defined")
        del self._values[name]
        self._tell("no_widget", name=name)

    def removeAll(self) -> None:
        for name in list(self._values):
            self.remove(name)

    @contextmanager
    def _arguments(self, values: dict[str, str]) -> Iterator[None]:
        """Values that a `%run` passes: they win inside it and are gone after it."""
        before, declared = dict(self._parameters), dict(self._values)
        self._parameters.update(values)
        for name in values:
            self._values.pop(name, None)
        try:
            yield
        finally:
            self._parameters = before
            for name in values:
                self._values.pop(name, None)
                if name in declared:
                    self._values[name] = declared[name]

    def _declare(
        self, kind: str, name: str, default: str, label: str | None, choices: Sequence[str] = ()
    ) -> None:
        text_of("a widget's name", name)
        text_of(f"the default of widget `{name}`", default)
        if len(default.encode()) > LONGEST_DEFAULT_BYTES:
            raise InvalidWidgetValue(
                f"the default of widget `{name}` is longer than {LONGEST_DEFAULT_BYTES} bytes"
            )
        allowed = _texts(name, choices)
        value = self._values.get(name, self._parameters.get(name, default))
        told = {"name": name, "kind": kind, "default": default, "value": value, "label": str(label or "")}
        self._tell("widget", widget={**told, "choices": allowed[:MOST_CHOICES]})
        if kind in ("dropdown", "multiselect"):
            several = kind == "multiselect"
            _check(f"the default of widget `{name}`", default, allowed, several=several)
            _check(f"the value of widget `{name}`", value, allowed, several=several)
        self._values[name] = value


def _texts(name: str, choices: Sequence[str]) -> list[str]:
    return [text_of(f"a choice of widget `{name}`", choice) for choice in choices]


def _check(what: str, value: str, allowed: list[str], *, several: bool) -> None:
    parts = [part for part in value.split(",") if part] if several and value not in allowed else [value]
    for part in parts:
        if part not in allowed:
            raise InvalidWidgetValue(f"{what} is `{part}`; choices: {', '.join(allowed)}")
