"""What all utilities share: a part that is missing says so by its full name."""

from __future__ import annotations

from typing import Any, NoReturn

from tideline.workspace.notebook.kernel.errors import NotEmulated


class Utility:
    """A part of dbutils; `prefix` is its full name."""

    prefix = ""
    hint = "`tideline capabilities` lists what is"

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("_"):
            raise AttributeError(name)
        raise NotEmulated(f"{self.prefix}.{name}", self.hint)

    def __repr__(self) -> str:
        return f"<{self.prefix}>"


def text_of(what: str, value: Any) -> str:
    """The value, which must be text already: the platform never converts."""
    if not isinstance(value, str):
        raise TypeError(f"{what} takes text, got {type(value).__name__} {value!r}")
    return value
