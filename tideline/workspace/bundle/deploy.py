"""The local stand-in of `bundle deploy`: the bundle's schemas and volumes exist before a run needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tideline.workspace.bundle.model import Bundle
from tideline.workspace.layout import Layout

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def deploy_locally(bundle: Bundle, layout: Layout, spark: SparkSession) -> None:
    """Make every schema and volume of the bundle that is missing; what exists stays as it is."""
    existing = {str(row[0]).lower() for row in spark.sql("SHOW SCHEMAS").collect()}
    for schema in bundle.resources.get("schemas", {}).values():
        name = str(schema["name"])
        if name.lower() not in existing:
            comment = str(schema.get("comment") or "").replace("\\", "\\\\").replace("'", "\\'")
            spark.sql(f"CREATE SCHEMA IF NOT EXISTS `{name.replace('`', '``')}` COMMENT '{comment}'")
    for volume in bundle.resources.get("volumes", {}).values():
        parts = (str(volume[field]) for field in ("catalog_name", "schema_name", "name"))
        layout.volumes.joinpath(*parts).mkdir(parents=True, exist_ok=True)
