"""MLflow experiments that a deployment declares: recorded. Runs of notebooks are kept by MLflow itself, beside the models."""

from __future__ import annotations

import secrets
import time
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field

from tideline.workspace.bundle.user import local_user
from tideline.workspace.control.bodies import Body
from tideline.workspace.control.errors import exists, missing
from tideline.workspace.control.permissions import forget_permissions
from tideline.workspace.control.state import Workspace, workspace_of

KIND = "experiments"
SOURCE = "mlflow.experiment.sourceName"
Here = Annotated[Workspace, Depends(workspace_of)]
router = APIRouter(prefix="/api/2.0/mlflow/experiments")


class CreateExperiment(Body):
    name: str = Field(min_length=1, max_length=500)
    artifact_location: str = ""
    tags: list[dict[str, str]] = Field(default_factory=list)


class UpdateExperiment(Body):
    experiment_id: str
    new_name: str = ""


class DeleteExperiment(Body):
    experiment_id: str


@router.post("/create")
def create(workspace: Here, asked: CreateExperiment) -> dict[str, str]:
    """Keep it under a new id, its tags with those that the platform adds."""
    name = _plain(asked.name)
    with workspace.kept.lock:
        _refuse_taken(workspace, name)
        number, now = str(secrets.randbits(53)), int(time.time() * 1000)
        own = {"mlflow.ownerEmail": local_user().name, "mlflow.experimentType": "MLFLOW_EXPERIMENT", SOURCE: asked.name}
        entry = {
            "experiment_id": number, "name": name, "lifecycle_stage": "active", "creation_time": now, "last_update_time": now,
            "artifact_location": asked.artifact_location or f"dbfs:/databricks/mlflow-tracking/{number}",
            "tags": [*asked.tags, *({"key": key, "value": value} for key, value in own.items())],
        }  # fmt: skip
        workspace.kept.add(KIND, number, entry, f"Experiment {number}")
    return {"experiment_id": number}


@router.get("/get")
def get(workspace: Here, experiment_id: str) -> dict[str, Any]:
    return {"experiment": workspace.kept.get(KIND, experiment_id, f"Experiment {experiment_id}")}


@router.get("/get-by-name")
def get_by_name(workspace: Here, experiment_name: str) -> dict[str, Any]:
    for entry in workspace.kept.all(KIND).values():
        if entry["name"] == _plain(experiment_name):
            return {"experiment": entry}
    raise missing(f"Experiment {experiment_name} does not exist.")


@router.post("/update")
def update(workspace: Here, asked: UpdateExperiment) -> dict[str, Any]:
    """Another name; the tag that holds it follows."""
    with workspace.kept.lock:
        entry = get(workspace, asked.experiment_id)["experiment"]
        name = _plain(asked.new_name)
        if name and name != entry["name"]:
            _refuse_taken(workspace, name)
            tags = [each | ({"value": asked.new_name} if each["key"] == SOURCE else {}) for each in entry["tags"]]
            entry = {**entry, "name": name, "tags": tags, "last_update_time": int(time.time() * 1000)}
            workspace.kept.put(KIND, asked.experiment_id, entry)
    return {}


@router.post("/delete")
def delete(workspace: Here, asked: DeleteExperiment) -> dict[str, Any]:
    get(workspace, asked.experiment_id)
    workspace.kept.remove(KIND, asked.experiment_id)
    forget_permissions(workspace, "experiments", asked.experiment_id)
    return {}


def _plain(name: str) -> str:
    """Without the prefix that paths of the workspace may have."""
    return name.replace("//", "/", 1).removeprefix("/Workspace") if name.startswith("/") else name


def _refuse_taken(workspace: Workspace, name: str) -> None:
    if any(entry["name"] == name for entry in workspace.kept.all(KIND).values()):
        raise exists(f"Experiment with name {name} already exists.")
