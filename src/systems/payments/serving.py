"""Where the served recommender stands: a volume of releases, and a version in MLflow's registry."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from systems.payments.recommender import FACTS
from utils import releases
from utils.registry import version_at

if TYPE_CHECKING:
    from utils.settings import Settings

VOLUME, ALIAS, INPUTS = "gold.serving", "champion", "inputs"


def folder_of(settings: Settings) -> Path:
    """The volume's folder."""
    return Path(settings.volume(VOLUME))


def facts_now(folder: Path) -> dict[str, Any] | None:
    """What is known of the recommender that is served; None where none is."""
    version = releases.current(folder)
    if version is None:
        return None
    facts: dict[str, Any] = json.loads((folder / version / FACTS).read_text())
    return facts


def publish(folder: Path, version: str, files: Path) -> None:
    """Let a recommender's files be served under a version. Raises SourceError where they did not arrive as they are."""
    releases.release(folder, version, files)


def registered(name: str, model: str, facts: Mapping[str, Any]) -> str:
    """Register a logged model under its alias and give its version; a run that is published again has its version already."""
    import mlflow

    inputs = json.dumps(facts["inputs"], sort_keys=True)
    now = version_at(name, ALIAS)
    if now and now.tags.get(INPUTS) == inputs and now.run_id == facts["run_id"]:
        return str(now.version)
    version = mlflow.register_model(model, name, tags={INPUTS: inputs}).version
    mlflow.MlflowClient().set_registered_model_alias(name, ALIAS, version)
    return str(version)
