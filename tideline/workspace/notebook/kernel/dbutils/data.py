"""dbutils.data: a simple profile of a DataFrame."""

from __future__ import annotations

from typing import Any

from tideline.workspace.notebook.kernel.dbutils.utility import Utility
from tideline.workspace.notebook.kernel.display import display


class DataUtility(Utility):
    """`summarize` shows count, mean, deviation, quartiles; `precise` changes nothing here: figures are exact."""

    prefix = "dbutils.data"

    def summarize(self, df: Any, precise: bool = False) -> None:
        if hasattr(df, "summary"):
            display(df.summary())
        elif hasattr(df, "describe"):
            display(df.describe(include="all").reset_index(names="summary"))
        else:
            raise TypeError(f"dbutils.data.summarize takes a DataFrame, got {type(df).__name__}")
