"""The facts that lint gathers from Python code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tideline.workspace.errors import Place


@dataclass(frozen=True)
class Call:
    """Something in the code that a rule objects to."""

    rule: str
    place: Place
    message: str
    hint: str = ""
    severity: str = "error"


@dataclass(frozen=True)
class Handed:
    """A call that is given `dbutils`: the function, where its name comes from, and the texts given with it.

    `source` is the dotted name that an import gave, empty for a name of the same file. `texts` maps a position
    (from 0, the call's own) or a keyword to the texts that the argument can have.
    """

    source: str
    function: str
    texts: dict[int | str, list[str]]
    dbutils_at: int | str


@dataclass
class Facts:
    """What a file of Python says about widgets and task values; built by a scan, then only read.

    `reads_all_known` is False where names of widgets are computed or `dbutils` goes to code out of sight.
    """

    path: Path
    widgets_declared: dict[str, tuple[str | None, Place]] = field(default_factory=dict)
    defaults_known: set[str] = field(default_factory=set)
    widgets_read: dict[str, Place] = field(default_factory=dict)
    reads_all_known: bool = True
    values_set: dict[str, Place] = field(default_factory=dict)
    sets_all_known: bool = True
    values_read: list[tuple[str, str, Place]] = field(default_factory=list)
    imports: list[str] = field(default_factory=list)
    handed: list[Handed] = field(default_factory=list)
    forbidden: list[Call] = field(default_factory=list)

    @property
    def names(self) -> set[str]:
        """Every widget that the code declares or reads."""
        return {*self.widgets_declared, *self.widgets_read}

    def read_markers(self, markers: Iterable[tuple[str, Place]]) -> None:
        for name, place in markers:
            self.widgets_read.setdefault(name, place)

    def add(self, other: Facts, *, fed: set[str]) -> None:
        """Take in what a notebook does that runs in this one's namespace; `fed` widgets have their values."""
        for name, declared in other.widgets_declared.items():
            self.widgets_declared.setdefault(name, declared)
        self.defaults_known |= other.defaults_known
        for name, place in other.widgets_read.items():
            if name not in fed:
                self.widgets_read.setdefault(name, place)
        self.reads_all_known &= other.reads_all_known
        self.sets_all_known &= other.sets_all_known
        for name, place in other.values_set.items():
            self.values_set.setdefault(name, place)
        self.values_read += other.values_read
        self.imports += other.imports
        self.forbidden += other.forbidden
