"""The only reader of widgets, environment and secrets: everything a run may vary, checked and in one place."""

from __future__ import annotations

import importlib
import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, Any

from utils.errors import SettingsError
from utils.pseudonyms import pseudonym_of

if TYPE_CHECKING:
    from engine.system import System

WIDGETS = {
    "system": ("community", "System to run"),
    "tables": ("", "Tables, comma-separated (empty: all)"),
    "as_of": ("", "The date that counts as now, YYYY-MM-DD (empty: today, UTC)"),
    "catalog": ("spark_catalog", "Catalogue"),
    "schema_prefix": ("", "Prefix of every schema"),
    "volume_root": ("/Volumes", "Folder of the volumes"),
    "rebuild": ("false", "Recompute everything (true/false)"),
}
SECRET_SCOPE, PSEUDONYM_KEY = "tideline", "pseudonym_key"
NO_SECRET = ("Secret does not exist", "no secret `")
NAME = re.compile(r"[A-Za-z0-9_]*")
AMOUNT = re.compile(r"[0-9]+(\.[0-9]+)?")


def _no_secret(key: str) -> str:
    raise SettingsError("settings", f"no secret `{key}`", hint=f"Set it in scope `{SECRET_SCOPE}`.")


@dataclass(frozen=True)
class Settings:
    """One run's settings. Names are validated here, so that they may stand in SQL text."""

    system_name: str
    as_of: date
    catalog: str = "spark_catalog"
    schema_prefix: str = ""
    volume_root: str = "/Volumes"
    tables: tuple[str, ...] = ()
    rebuild: bool = False
    parallel_tables: int = 4
    run_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    secret: Callable[[str], str] = field(default=_no_secret, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in ("system_name", "catalog", "schema_prefix"):
            value = getattr(self, name)
            if not NAME.fullmatch(value):
                raise SettingsError(
                    f"parameter `{name}`", f"`{value}`", expected="letters, digits and underscores"
                )

    @classmethod
    def from_widgets(cls, dbutils: Any) -> Settings:
        """Declare the widgets of a layer notebook and read them; a parameter of the job wins over a default."""
        for name, (default, label) in WIDGETS.items():
            dbutils.widgets.text(name, default, label)
        value = {name: dbutils.widgets.get(name).strip() for name in WIDGETS}
        return cls(
            system_name=value["system"],
            as_of=_date("as_of", value["as_of"]),
            catalog=value["catalog"],
            schema_prefix=value["schema_prefix"],
            volume_root=value["volume_root"],
            tables=tuple(name.strip() for name in value["tables"].split(",") if name.strip()),
            rebuild=_flag("rebuild", value["rebuild"]),
            secret=lambda key: str(dbutils.secrets.get(SECRET_SCOPE, key)),
        )

    @classmethod
    def for_dashboard(cls, dbutils: Any, system_name: str) -> Settings:
        """Declare and read what a dashboard needs to find its tables; `as_of` is not used by dashboards."""
        for name in ("catalog", "schema_prefix"):
            dbutils.widgets.text(name, *WIDGETS[name])
        value = {name: dbutils.widgets.get(name).strip() for name in ("catalog", "schema_prefix")}
        return cls(system_name=system_name, as_of=datetime.now(UTC).date(), **value)

    @cached_property
    def system(self) -> System:
        """The system's manifest, found by name in `src/systems`."""
        try:
            module = importlib.import_module(f"systems.{self.system_name}.system")
        except ModuleNotFoundError as error:
            if not (error.name or "").startswith("systems"):
                raise
            raise SettingsError(
                "parameter `system`", f"`{self.system_name}`", expected=", ".join(system_names())
            ) from None
        return module.SYSTEM  # type: ignore[no-any-return]  # found by name: untyped

    def wants(self, name: str) -> bool:
        """Whether a table or source of this name is to be run: all are, where none is named."""
        return not self.tables or name in self.tables

    def schema(self, layer: str) -> str:
        """The quoted schema of a layer of this system; `ops` is shared by all systems."""
        owner = "ops" if layer == "ops" else f"{self.system_name}_{layer}"
        return f"`{self.catalog}`.`{self.schema_prefix}{owner}`"

    def name_of(self, path: str) -> str:
        """The full, quoted name of `layer.table`, safe in SQL text: every part was validated."""
        layer, _, table = path.partition(".")
        return f"{self.schema(layer)}.`{table}`"

    @property
    def landing(self) -> str:
        """The system's landing folder; its sources are folders below it."""
        return self.volume("raw.landing")

    def volume(self, path: str) -> str:
        """The folder of the volume `layer.name`."""
        layer, _, name = path.partition(".")
        return f"{self.volume_root.rstrip('/')}/{self.catalog}/{self.schema_prefix}{self.system_name}_{layer}/{name}"

    def pseudonym(self, personal_id: str) -> str:
        """What an id is called in gold."""
        return pseudonym_of(self.secret(PSEUDONYM_KEY), personal_id)

    def secret_or_none(self, key: str) -> str | None:
        """A secret that a run can do without: None where it was never set, or is empty."""
        try:
            return self.secret(key).strip() or None
        except Exception as error:  # every runtime has an exception of its own for this; the words are the same
            if any(said in str(error) for said in NO_SECRET):
                return None
            raise


def system_names() -> list[str]:
    """The systems in `src/systems`, by folder."""
    from pathlib import Path

    import systems

    folders = [Path(place) for place in systems.__path__]
    return sorted(path.parent.name for folder in folders for path in folder.glob("*/system.py"))


def _date(name: str, text: str) -> date:
    if not text:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"parameter `{name}`", f"`{text}`", expected="a date like 2024-06-30") from None


def _flag(name: str, text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise SettingsError(f"parameter `{name}`", f"`{text}`", expected="true or false")
    return text.lower() == "true"


def read_choice(dbutils: Any, name: str, choices: Sequence[str], label: str) -> str:
    """A dropdown's value; the first choice is the default. Raises SettingsError for any other value."""
    dbutils.widgets.dropdown(name, choices[0], list(choices), label)
    return checked_choice(name, dbutils.widgets.get(name), choices)


def checked_choice(name: str, value: str, choices: Sequence[str]) -> str:
    """`value` if it is one of `choices`; raises SettingsError, which names those that are near it."""
    if value in choices:
        return value
    near = get_close_matches(value, choices, 3) or list(choices)[:10]
    raise SettingsError(
        f"widget `{name}`", f"`{value}`", expected=f"one of {len(choices)} values, such as {', '.join(near)}"
    )


def read_number(dbutils: Any, name: str, default: int, *, least: int, most: int, label: str) -> int:
    """A whole number from `least` to `most`; raises SettingsError for anything else."""
    dbutils.widgets.text(name, str(default), label)
    text = dbutils.widgets.get(name).strip()
    if not text.isdecimal() or not least <= int(text) <= most:
        raise SettingsError(
            f"widget `{name}`", f"`{text}`", expected=f"a whole number from {least} to {most}"
        )
    return int(text)


def read_amount(dbutils: Any, name: str, default: float, *, most: float, label: str) -> float:
    """An amount from 0 to `most`, with a point before its decimals; raises SettingsError for anything else."""
    dbutils.widgets.text(name, f"{default:g}", label)
    return _amount(name, dbutils.widgets.get(name).strip(), most)


def read_optional_amount(dbutils: Any, name: str, *, most: float, label: str) -> float | None:
    """An amount as in `read_amount`, or None where the widget is empty."""
    text = read_text(dbutils, name, label)
    return _amount(name, text, most) if text else None


def _amount(name: str, text: str, most: float) -> float:
    if not AMOUNT.fullmatch(text) or float(text) > most:
        raise SettingsError(f"widget `{name}`", f"`{text}`", expected=f"an amount from 0 to {most:g}, such as 0.5")
    return float(text)


def read_hours(dbutils: Any, name: str, label: str) -> int | None:
    """Whole hours, or None where the widget is empty; raises SettingsError for anything else."""
    text = read_text(dbutils, name, label)
    if text and not text.isdecimal():
        raise SettingsError(f"widget `{name}`", f"`{text}`", expected="whole hours, or nothing")
    return int(text) if text else None


def read_text(dbutils: Any, name: str, label: str) -> str:
    """A free text, empty by default."""
    dbutils.widgets.text(name, "", label)
    return str(dbutils.widgets.get(name)).strip()


def read_suggested(dbutils: Any, name: str, suggestions: Sequence[str], label: str) -> str:
    """A text that may be picked from `suggestions`, the first of which is the default, or written freely."""
    dbutils.widgets.combobox(name, suggestions[0], list(suggestions), label)
    return str(dbutils.widgets.get(name)).strip()


def read_date(dbutils: Any, name: str, label: str) -> date | None:
    """A date, or None where the widget is empty; raises SettingsError for anything else."""
    text = read_text(dbutils, name, label)
    return _date(name, text) if text else None


def read_range(dbutils: Any) -> tuple[date, date]:
    """Widgets `start` and `end`, both asked for: days of a range whose end is not included."""
    days = [read_date(dbutils, name, label) for name, label in (("start", "First day"), ("end", "Day after the last"))]
    if days[0] is None or days[1] is None or days[0] >= days[1]:
        said = " and ".join(str(day) if day else "nothing" for day in days)
        raise SettingsError("parameters `start` and `end`", said, expected="two dates, the start before the end")
    return days[0], days[1]
