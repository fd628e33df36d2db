"""What every user's standing was, and when: the money over time comes from here."""

from __future__ import annotations

from pyspark.sql import DataFrame

from engine.spec import Column, History
from systems.community.bronze.documents import CREATED, UPDATED, VERSION_AT, with_version
from systems.community.bronze.users import STANDING


def users_history(documents: DataFrame) -> DataFrame:
    """Users as delivered, as far as their standing goes; every change of it is a version."""
    return with_version(documents)


USERS_HISTORY = History(
    build=users_history,
    source="raw.users",
    key=["id_oid"],
    sequence="version_at",
    tracked=[column.name for column in STANDING],
    grain="one row per user and standing, as long as it held",
    columns=[
        Column("id_oid", "string", "Id of the user.", path="_id.$oid", personal=True),
        CREATED,
        UPDATED,
        VERSION_AT,
        *STANDING,
    ],
)
