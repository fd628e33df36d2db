"""The local stand-ins of `bundle deploy` and `bundle destroy`: schemas and volumes before a run needs them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from tideline.workspace.bundle.model import Bundle
from tideline.workspace.layout import Layout

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession


def deploy_locally(bundle: Bundle, layout: Layout, spark: SparkSession) -> None:
    """Make every schema and volume of the bundle that is missing; what exists stays as it is."""
    existing = {str(row[0]).lower() for row in spark.sql("SHOW SCHEMAS").collect()}
    for schema in bundle.resources.get("schemas", {}).values():
        name = str(schema["name"])
        if name.lower() not in existing:
            comment = str(schema.get("comment") or "").replace("\\", "\\\\").replace("'", "\\'")
            spark.sql(f"CREATE SCHEMA IF NOT EXISTS {_quoted(name)} COMMENT '{comment}'")
    for folder in _volumes(bundle, layout):
        folder.mkdir(parents=True, exist_ok=True)


def destroy_locally(bundle: Bundle, layout: Layout, spark: SparkSession) -> None:
    """Drop the bundle's schemas with every table in them, and its volumes with every file; the server stays up."""
    for schema in bundle.resources.get("schemas", {}).values():
        spark.sql(f"DROP SCHEMA IF EXISTS {_quoted(str(schema['name']))} CASCADE")
    for folder in _volumes(bundle, layout):
        if folder.is_dir():
            shutil.rmtree(folder)


def _volumes(bundle: Bundle, layout: Layout) -> list[Path]:
    return [
        layout.volumes.joinpath(*(str(volume[field]) for field in ("catalog_name", "schema_name", "name")))
        for volume in bundle.resources.get("volumes", {}).values()
    ]


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
