"""A run of MLflow that says how it was made: notebook, widgets, data and code, so that it can be made again from its id.

MLflow is imported when a run begins, not before: what only reads widgets stays cheap.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from utils.errors import SettingsError
from utils.settings import read_choice, read_text

if TYPE_CHECKING:
    from mlflow.entities import Run

Versions = dict[str, list[Any]]
# Tags of a run. `tideline reproduce` reads them.
NOTEBOOK, PARAMETERS, VERSIONS, CODE = "tideline.notebook", "tideline.parameters", "tideline.versions", "code"
REPRODUCES = "tideline.reproduces"
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Tracking:
    """How a notebook's run is logged: `experiment` (empty: the notebook's own), and whether it repeats an earlier run.

    `versions` are those of the inputs that are to be read, None for what stands now. A run that `reproduces` another one
    publishes nothing.
    """

    notebook: str
    parameters: Mapping[str, str]
    experiment: str = ""
    versions: Versions | None = None
    publishes: bool = True
    reproduces: str = ""

    @classmethod
    def from_widgets(cls, dbutils: Any) -> Tracking:
        """Declare `experiment`, `versions`, `publish` and `reproduces`; the widgets that were declared before are logged too.

        Raises SettingsError for versions that are no JSON object of [table id, version].
        """
        experiment = read_text(dbutils, "experiment", "Experiment of MLflow (empty: the notebook's own)")
        versions = _versions(read_text(dbutils, "versions", "Versions of the inputs, JSON (empty: what stands now)"))
        publishes = read_choice(dbutils, "publish", ["true", "false"], "Publish what is found") == "true"
        reproduces = read_text(dbutils, "reproduces", "Run of MLflow that this one repeats (empty: none)")
        widgets = {name: str(value) for name, value in dbutils.widgets.getAll().items()}
        if widgets.get("as_of") == "":  # a run that is repeated on another day has the day of the first one
            widgets["as_of"] = datetime.now(UTC).date().isoformat()
        return cls(_notebook(dbutils), widgets, experiment, versions, publishes and not reproduces, reproduces)

    def why(self, due: str) -> str:
        """Why there is something to do: what a publication says, or that chosen versions were asked for."""
        return due or ("chosen versions were asked for" if self.versions is not None else "")

    @contextmanager
    def run(
        self, name: str, versions: Mapping[str, Any], *, code: str, tags: Mapping[str, str] | None = None
    ) -> Iterator[Run]:
        """A run of MLflow that is open in the block, with tags that tell how it was made.

        `versions` are the inputs that were read, as [table id, version]; `code` is the hash of what made the result. A block
        that raises leaves a run that failed.
        """
        import mlflow

        if self.experiment:
            mlflow.set_experiment(self.experiment)
        with mlflow.start_run(run_name=name, tags={**(tags or {}), **self._tags(versions, code)}) as run:
            yield run

    def _tags(self, versions: Mapping[str, Any], code: str) -> dict[str, str]:
        tags = {
            NOTEBOOK: self.notebook, PARAMETERS: json.dumps(self.parameters, sort_keys=True),
            VERSIONS: json.dumps(versions, sort_keys=True), CODE: code,
        }  # fmt: skip
        return tags | ({REPRODUCES: self.reproduces} if self.reproduces else {})


def _versions(text: str) -> Versions | None:
    if not text:
        return None
    try:
        found = json.loads(text)
        return {str(path): [str(table_id), int(version)] for path, (table_id, version) in found.items()}
    except (ValueError, TypeError, AttributeError):
        expected = 'JSON like {"gold.monthly_support": ["<table id>", 3]}'
        raise SettingsError("widget `versions`", f"`{text}`", expected=expected) from None


def _notebook(dbutils: Any) -> str:
    """The notebook's path below the project's folder, without an ending."""
    shown = dbutils.notebook.entry_point.getDbutils().notebook().getContext().notebookPath().get()
    folder = ROOT.as_posix().removeprefix("/Workspace")
    return str(shown).removeprefix("/Workspace").removeprefix(folder).strip("/").removesuffix(".py")
