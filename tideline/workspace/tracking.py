"""MLflow on a laptop: runs and registered models in one SQLite file, what they log in a folder beside it."""

from __future__ import annotations

from tideline.workspace.layout import Layout


def tracking_environment(layout: Layout) -> dict[str, str]:
    """The variables by which every notebook's MLflow finds the local store, as a workspace's finds its own; makes its folder.

    The folder for what new experiments log has no public variable; without this one it would be the notebook's folder.
    """
    layout.models.mkdir(parents=True, exist_ok=True)
    store = f"sqlite:///{layout.models / 'mlflow.db'}"
    return {
        "MLFLOW_TRACKING_URI": store,
        "MLFLOW_REGISTRY_URI": store,
        "_MLFLOW_SERVER_ARTIFACT_ROOT": (layout.models / "artifacts").as_uri(),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    }
