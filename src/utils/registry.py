"""MLflow's registry: which version of a model counts now."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion
    from mlflow.exceptions import MlflowException

NOT_THERE = ("DOES_NOT_EXIST", "NOT_FOUND")
NO_ALIAS = "INVALID_PARAMETER_VALUE"  # what the open-source registry says of a model without the alias


def version_at(name: str, alias: str) -> ModelVersion | None:
    """The version under an alias; None where there is no such model, or none under the alias.

    Any other error of the registry is raised: one that does not answer is not one without a model.
    """
    import mlflow
    from mlflow.exceptions import MlflowException

    try:
        return mlflow.MlflowClient().get_model_version_by_alias(name, alias)
    except MlflowException as error:
        if _is_missing(error):
            return None
        raise


def _is_missing(error: MlflowException) -> bool:
    """Codes that MLflow does not know, as those of a catalogue, stand in the answer alone."""
    codes = (error.error_code, str(getattr(error, "json", {}).get("error_code", "")))
    return any(code.endswith(NOT_THERE) or code == NO_ALIAS for code in codes)
