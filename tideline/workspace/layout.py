"""Where the local workspace keeps its state: everything under `<root>/.tideline`, nothing elsewhere."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Layout:
    """The folders of one bundle's local state. `TIDELINE_HOME` moves it elsewhere, `TIDELINE_VOLUMES` the volumes alone."""

    root: Path

    @property
    def home(self) -> Path:
        return Path(os.environ.get("TIDELINE_HOME") or self.root / ".tideline").resolve()

    @property
    def jars(self) -> Path:
        """Delta's jars: fetched once by set-up, shared by every bundle that runs from this installation."""
        return Path(os.environ.get("TIDELINE_JARS") or installation_root() / ".tideline" / "jars").resolve()

    @property
    def server(self) -> Path:
        return self.home / "server"

    @property
    def warehouse(self) -> Path:
        return self.home / "warehouse"

    @property
    def metastore(self) -> Path:
        return self.home / "metastore"

    @property
    def volumes(self) -> Path:
        return Path(os.environ.get("TIDELINE_VOLUMES") or self.home / "volumes").resolve()

    @property
    def dbfs(self) -> Path:
        return self.home / "dbfs"

    @property
    def workspace(self) -> Path:
        """Files, notebooks and folders that were put into the workspace: /Workspace, as a deployment sees it."""
        return self.home / "workspace"

    @property
    def runs(self) -> Path:
        return self.home / "runs"

    @property
    def models(self) -> Path:
        """MLflow's runs, models and what they logged."""
        return self.home / "models"

    @property
    def secrets(self) -> Path:
        """JSON: {scope: {key: value}}, readable by its owner only."""
        return self.home / "secrets.json"


def installation_root() -> Path:
    """The repository that this `tideline` package stands in."""
    return Path(__file__).resolve().parents[2]
