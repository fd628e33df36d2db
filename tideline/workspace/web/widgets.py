"""Widgets as controls of a form: what the notebook declared when it last ran; before that, what its code says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote, urlencode

from tideline.workspace.bundle.code_facts import Facts
from tideline.workspace.notebook.results import Widget, WidgetKind

EXECUTION = "execution-id"  # in an address, beside names of widgets


@dataclass(frozen=True, kw_only=True)
class Field:
    """A control. `default` is None where only the running notebook knows it: an empty control then means it."""

    name: str
    kind: WidgetKind = "text"
    label: str = ""
    choices: tuple[str, ...] = ()
    default: str | None = None
    value: str = ""
    is_of_bundle: bool = False

    @property
    def picked(self) -> tuple[str, ...]:
        """The choices of a multiselect that are on."""
        return tuple(part for part in self.value.split(",") if part) if self.value not in self.choices else (self.value,)

    @property
    def options(self) -> tuple[str, ...]:
        """The choices, after a value that is none of them: the notebook will say so."""
        odd = () if self.value in self.choices or self.kind != "dropdown" else (self.value,)
        return (*odd, *self.choices)


def fields_of(
    known: Mapping[str, Widget], facts: Facts | None, of_bundle: Mapping[str, str], given: Mapping[str, str]
) -> list[Field]:
    """The controls in the order of declaration. Values: those that are given, else the bundle's, else defaults.

    A widget that the code no longer names is dropped, unless the code's names are not all known.
    """
    declared = {name: told[0] for name, told in facts.widgets_declared.items()} if facts else {}
    is_all_known = facts is not None and facts.reads_all_known
    found = {
        name: Field(
            name=name, kind=widget.kind, label=widget.label, choices=widget.choices, default=widget.default
        )
        for name, widget in known.items()
        if name in declared or not is_all_known
    }  # fmt: skip
    others = {name: default for name, default in declared.items() if name not in found}
    others |= {name: None for name in given if not is_all_known and name not in found}
    found |= {name: Field(name=name, default=default) for name, default in others.items()}
    return [_filled(each, of_bundle, given) for each in found.values()]


def _filled(each: Field, of_bundle: Mapping[str, str], given: Mapping[str, str]) -> Field:
    default = of_bundle.get(each.name, each.default)
    is_of_bundle = each.name in of_bundle
    return replace(each, default=default, is_of_bundle=is_of_bundle, value=given.get(each.name, default or ""))


def given_of(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Values by name; several of a name are joined by commas, as a multiselect has them."""
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return {name: ",".join(each) for name, each in values.items()}


def sent_of(fields: Iterable[Field], given: Mapping[str, str]) -> dict[str, str]:
    """What a form sent: a multiselect without any choice on sends nothing at all."""
    nothing = {each.name: "" for each in fields if each.kind == "multiselect"}
    return nothing | dict(given)


def chosen_of(fields: Iterable[Field]) -> dict[str, str]:
    """Values that differ from what the notebook takes without them. Defaults are left out, so that they may follow the data."""
    return {each.name: each.value for each in fields if each.value != (each.default or "")}


def address_of(notebook: str, chosen: Mapping[str, str], execution_id: str = "") -> str:
    """The page of a notebook with these choices: what one shares. With an id it shows that execution."""
    query = urlencode([*chosen.items(), *([(EXECUTION, execution_id)] if execution_id else [])])
    return f"/notebooks/at/{quote(notebook)}" + (f"?{query}" if query else "")
