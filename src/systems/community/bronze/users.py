"""Users and their standing."""

from __future__ import annotations

from pyspark.sql import DataFrame

from engine.spec import Column, Latest
from systems.community.bronze.documents import CREATED, UPDATED, VERSION_AT, with_version


def users(documents: DataFrame) -> DataFrame:
    """Users as delivered; a user who never was asked for support has no `patreon_status`."""
    return with_version(documents)


def _status(name: str, kind: str, comment: str) -> Column:
    return Column(f"patreon_status_{name.replace('.$', '_')}", kind, comment, path=f"patreon_status.{name}")


# A user's standing at a time. When the status was saved is not part of it: saving it again changes nothing.
STANDING = (
    _status("is_patron", "boolean", "Pays at present; null without a status."),
    _status("is_follower", "boolean", "Follows without paying; null without a status."),
    _status("is_free_trial", "boolean", "Is in a free trial; null without a status."),
    _status(
        "campaign_lifetime_support_cents",
        "bigint",
        "Support for this campaign over all time, cents of USD.",
    ),
    _status("lifetime_support_cents", "bigint", "Support over all time, cents of USD."),
    _status(
        "currently_entitled_amount_cents",
        "bigint",
        "Monthly amount that the user is entitled to, cents of USD.",
    ),
    _status("will_pay_amount_cents", "bigint", "Amount of the next charge, cents of USD."),
    _status("last_charge_date.$date", "timestamp", "When the user was charged last, UTC."),
    _status("last_charge_status", "string", "Outcome of the last charge."),
    _status("pledge_relationship_start.$date", "timestamp", "When the user pledged first, UTC."),
)

USERS = Latest(
    build=users,
    source="raw.users",
    key=["id_oid"],
    sequence="version_at",
    grain="one row per user",
    new_columns="evolve",
    columns=[
        Column("id_oid", "string", "Id of the user.", path="_id.$oid", personal=True),
        CREATED,
        UPDATED,
        VERSION_AT,
        Column(
            "country", "string", "Country code as delivered; UNK or null where it is unknown.", path="country"
        ),
        Column("language", "string", "Language code of the user's interface.", path="language"),
        *STANDING,
        _status("updated_at.$date", "timestamp", "When the status was last updated, UTC."),
        Column("timezone_name", "string", "Time zone of the user.", path="timezone.name"),
        Column("timezone_offset", "string", "Offset of that zone as delivered.", path="timezone.offset"),
        Column(
            "timezone_is_dst", "boolean", "Whether daylight saving time was in force.", path="timezone.is_dst"
        ),
    ],
)
