"""Secrets of the local workspace: a file that only its owner reads, and the environment, which wins."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tideline.workspace.errors import NotebookError, Place

PREFIX = "TIDELINE_SECRET_"
SENSITIVE = re.compile(
    r"SECRET|TOKEN|PASSWORD|PASSWD|CREDENTIAL|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY", re.IGNORECASE
)
# An experiment or a run of MLflow is one of another store than a notebook's.
FOREIGN = ("DATABRICKS_", "IPYTHON", "JUPYTER", "MLFLOW_EXPERIMENT_", "MLFLOW_RUN_ID")


@dataclass(frozen=True)
class SecretStore:
    """Scopes of the file, and variables TIDELINE_SECRET_<SCOPE>_<KEY> (other signs than letters and digits as `_`)."""

    file: Path
    scopes: Mapping[str, Mapping[str, str]]
    variables: Mapping[str, str]

    @classmethod
    def read(cls, file: Path, environment: Mapping[str, str] = os.environ) -> SecretStore:
        """NotebookError where the file is not {scope: {key: text}}."""
        variables = {name: value for name, value in environment.items() if name.startswith(PREFIX)}
        return cls(file, _scopes(file), variables)

    def get(self, scope: str, key: str) -> str | None:
        """The value, None without one."""
        value = self.variables.get(variable_of(scope, key))
        return value if value is not None else self.scopes.get(scope, {}).get(key)

    def hint(self, scope: str, key: str) -> str:
        return f'set {variable_of(scope, key)}, or write {{"{scope}": {{"{key}": "..."}}}} to {self.file}'

    def values(self) -> set[str]:
        """Every value that must never be shown."""
        return {
            *self.variables.values(),
            *(value for scope in self.scopes.values() for value in scope.values()),
        }


def variable_of(scope: str, key: str) -> str:
    return PREFIX + re.sub(r"[^A-Za-z0-9]", "_", f"{scope}_{key}").upper()


def _scopes(file: Path) -> dict[str, dict[str, str]]:
    if not file.is_file():
        return {}
    wanted = NotebookError("the secrets file must be JSON: {scope: {key: text}}", place=Place(file))
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        raise wanted from None
    is_right = isinstance(document, dict) and all(
        isinstance(scope, dict) and all(isinstance(value, str) for value in scope.values())
        for scope in document.values()
    )
    if not is_right:
        raise wanted
    return dict(document)


def kernel_environment(environment: Mapping[str, str], extra: Mapping[str, str]) -> dict[str, str]:
    """What a notebook's process may see: no secrets, nothing of a foreign IPython profile or MLflow store, UTC as on a cluster,
    never a runtime version."""
    kept = {
        name: value
        for name, value in environment.items()
        if not SENSITIVE.search(name) and not name.startswith(FOREIGN)
    }
    # Asking whether a table is there is no error, and a progress bar needs no widget. Libraries that set up logging anew
    # switch the client's log on, which nobody asked for.
    quiet = {"SPARK_CONNECT_LOG_LEVEL": "CRITICAL", "PYTHONWARNINGS": "ignore:IProgress not found"}
    fixed = {
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "PYTHONUNBUFFERED": "1",
        "TZ": "UTC",
    }
    return {**quiet, **kept, **fixed, **extra}
