"""The injected names, in the notebook's namespace and as the module `databricks.sdk.runtime`."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any, NoReturn

from tideline.workspace.notebook.kernel.dbutils.utility import Utility
from tideline.workspace.notebook.kernel.display import display, displayHTML
from tideline.workspace.notebook.kernel.errors import NotEmulated


class Refused(Utility):
    """Stands where the platform has a classic handle; any use says what to write in its place."""

    def __init__(self, name: str, hint: str) -> None:
        self.prefix, self.hint = name, hint

    def __call__(self, *_: Any, **__: Any) -> NoReturn:
        raise NotEmulated(self.prefix, self.hint)


def names_for(spark: Any, dbutils: Any) -> dict[str, Any]:
    """All ten names: a missing one would break `from databricks.sdk.runtime import *`."""
    from pyspark.sql.functions import udf

    return {
        "spark": spark,
        "dbutils": dbutils,
        "display": display,
        "displayHTML": displayHTML,
        "getArgument": dbutils.widgets.getArgument,
        "sql": spark.sql,
        "table": spark.table,
        "udf": udf,
        "sc": Refused("sc", "Spark Connect has no context; use `spark`"),
        "sqlContext": Refused("sqlContext", "use `spark`"),
    }


def serve(names: dict[str, Any]) -> None:
    """Put the module where an import finds it, with or without databricks-sdk, never with credentials."""
    module = ModuleType("databricks.sdk.runtime", "Served by the local workspace.")
    module.__dict__.update(names, is_local_implementation=True, __all__=list(names))
    sys.modules["databricks.sdk.runtime"] = module
    _let_parents_be_found(module)


def _let_parents_be_found(module: ModuleType) -> None:
    """`import databricks.sdk.runtime as r` walks down from `databricks`; databricks-sdk is loaded only by that walk."""
    try:
        databricks = importlib.import_module("databricks")
    except ModuleNotFoundError:
        databricks, sdk = ModuleType("databricks"), ModuleType("databricks.sdk")
        sys.modules.update({"databricks": databricks, "databricks.sdk": sdk})
        vars(databricks)["sdk"], vars(sdk)["runtime"] = sdk, module
        return

    def find(name: str) -> Any:
        if name == "sdk":
            return importlib.import_module("databricks.sdk")
        raise AttributeError(f"module 'databricks' has no attribute {name!r}")

    vars(databricks)["__getattr__"] = find
