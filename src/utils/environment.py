"""What an app is told by its environment: by `tideline app` on a laptop, by `app.yaml` in a workspace."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from utils.gold import DeltaGold, Gold

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient


class ConfigError(Exception):
    """A variable that is missing or cannot be used."""


def given(environment: Mapping[str, str], name: str) -> str:
    """A variable that must be there. Raises ConfigError."""
    if not environment.get(name):
        raise ConfigError(f"the variable {name} is missing; `tideline app` sets it on a laptop, app.yaml in a workspace")
    return environment[name]


def number(environment: Mapping[str, str], name: str, default: str = "") -> int:
    """A whole number, from its digits. Raises ConfigError."""
    text = environment.get(name) or default or given(environment, name)
    if not text.isascii() or not text.isdecimal():
        raise ConfigError(f"the variable {name} is `{text}`, expected a number")
    return int(text)


def seconds(environment: Mapping[str, str], name: str, default: float) -> float:
    """A time above zero. Raises ConfigError."""
    text = environment.get(name) or str(default)
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise ConfigError(f"the variable {name} is `{text}`, expected seconds, such as 5")
    return value


def is_behind_login(environment: Mapping[str, str]) -> bool:
    """Whether this is a Databricks App: the platform's proxy, which asks who one is, is the only one that reaches it."""
    return "DATABRICKS_APP_NAME" in environment


def is_loopback(host: str) -> bool:
    """Whether an address is reached from this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True)
class GoldPlace:
    """Where gold stands: the folder of a warehouse with Delta tables, or, if that is empty, a warehouse that runs statements."""

    folder: str
    warehouse_id: str = ""
    catalog: str = ""
    schema_prefix: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> GoldPlace:
        """Raises ConfigError, which names the variable, where neither is given."""
        folder, prefix = environment.get("TIDELINE_GOLD", ""), environment.get("TIDELINE_SCHEMA_PREFIX", "")
        if folder:
            return cls(folder, schema_prefix=prefix)
        return cls("", given(environment, "TIDELINE_WAREHOUSE_ID"), given(environment, "TIDELINE_CATALOG"), prefix)

    def open(self) -> Gold:
        """Files on a laptop; statements in a workspace, where apps see no tables' files."""
        if self.folder:
            return DeltaGold(Path(self.folder), self.schema_prefix)
        from utils.statements import StatementGold

        return StatementGold(self.warehouse_id, self.catalog, self.schema_prefix)


@cache
def workspace() -> WorkspaceClient:
    """The workspace that the environment names. Its client is large, and most processes never need it."""
    from databricks.sdk import WorkspaceClient

    return WorkspaceClient()
