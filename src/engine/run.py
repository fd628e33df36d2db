"""What every table of a run shares: the session, the settings, and how an input is read."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
from pyspark.sql.pandas.functions import pandas_udf

from engine.changes import read_at
from engine.shape import readable
from engine.spec import FromRaw
from engine.system import System
from utils.settings import PSEUDONYM_KEY

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

    from engine.spec import Table
    from utils.settings import Settings


@dataclass(frozen=True)
class Run:
    """One run of one layer of one system. It puts its session in UTC, so that days and texts do not depend on who opened it."""

    spark: SparkSession
    settings: Settings
    system: System

    def __post_init__(self) -> None:
        self.spark.conf.set("spark.sql.session.timeZone", "UTC")

    def name_of(self, table: Table) -> str:
        return self.settings.name_of(table.path)

    def read(self, path: str, version: int) -> DataFrame:
        """An input as builders see it: its visible columns as of a version, without tombstones and hidden rows."""
        rows = read_at(self.spark, self.settings.name_of(path), version)
        table = next((table for table in self.system.tables if table.path == path), None)
        if isinstance(table, FromRaw):
            rows = rows.where(readable(table))
        return rows.select(*self.system.columns_of[path])

    def pseudonym(self, personal_id: Column) -> Column:
        """`utils.pseudonyms.pseudonym_of` over a column; null stays null.

        The secret travels inside a serialised function: it stands in no plan, SQL text or Delta history.
        """
        return _pseudonym_function(self.settings.secret(PSEUDONYM_KEY))(personal_id)


def _pseudonym_function(secret: str) -> Callable[[Column], Column]:
    key = secret.encode()

    # Workers of a cluster do not have our modules: the function carries all that it needs.
    def pseudonym(ids: pd.Series) -> pd.Series:
        return ids.map(
            lambda id_: None if id_ is None else hmac.new(key, id_.encode(), hashlib.sha256).hexdigest()[:32]
        )

    function: Callable[[Column], Column] = pandas_udf(pseudonym, "string")  # type: ignore[call-overload]  # Connect's own type
    return function
