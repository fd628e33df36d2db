"""Bronze: events, typed; exact duplicates count once, malformed ones go to quarantine with the reason."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from engine.checks import Check, accepted_values, not_null
from engine.spec import Column, Latest
from engine.times import moment_of
from systems.ab_testing.config import EVENT_NAMES, LOCAL_ZONE

# `{a/b=1, c=DEFAULT}`: names and values without `=`, `,` and braces; a name may hold slashes; empty braces are no experiment.
_WORD = r"[^=,{}]*[^=,{}\s][^=,{}]*"
GRAMMAR = rf"^\s*\{{\s*({_WORD}={_WORD}(,{_WORD}={_WORD})*)?\}}\s*$"


def events(records: DataFrame) -> DataFrame:
    """Delivered lines with typed fields; the id of an event is the hash of its line, so that exact repeats share it."""
    inner = F.regexp_replace("experiments", r"^\s*\{|\}\s*$", "")
    entries = F.expr("filter(transform(split(_inner, ','), entry -> trim(entry)), entry -> entry <> '')")
    pairs = F.transform(
        entries,
        lambda entry: F.struct(
            F.trim(F.substring_index(entry, "=", 1)).alias("key"),
            F.trim(F.substring_index(entry, "=", -1)).alias("value"),
        ),
    )
    names = F.transform(F.array_distinct(pairs), lambda pair: pair["key"])
    names_one_variant_each = F.size(names) == F.size(F.array_distinct(names))
    is_map = F.col("experiments").isNull() | (F.col("experiments").rlike(GRAMMAR) & names_one_variant_each)
    named = records.withColumns(
        {"event_id": F.col("_record_hash"), "event_at": moment_of("timestamp"), "_inner": inner, "is_map": is_map}
    )
    parsed = named.withColumn(
        "experiment_variants", F.when(F.col("is_map"), F.map_from_entries(F.array_distinct(pairs)))
    )
    local = F.from_utc_timestamp("event_at", LOCAL_ZONE)
    return parsed.withColumns(
        {
            "local_hour": F.date_trunc("hour", local),
            "local_day": F.to_date(local),
            "item_id": F.nullif(F.trim("item_id"), F.lit("")),
            "user_id": F.nullif(F.trim("user_id"), F.lit("")),
        }
    )


EVENTS = Latest(
    build=events,
    source="raw.events",
    key=["event_id"],
    sequence="event_at",
    grain="one row per distinct event",
    columns=[
        Column("event_id", "string", "Hash of the delivered line; exact repeats share it."),
        Column("event_name", "string", "SEARCH, PRODUCT, CHECKOUT_1, CHECKOUT_2, CHECKOUT_3 or BUY."),
        Column("item_id", "string", "Item that the event is about; null for SEARCH."),
        Column("event_at", "timestamp", "When it happened, UTC."),
        Column("local_hour", "timestamp", "Local hour, cut at -04:00, written as if it were UTC."),
        Column("local_day", "date", "Local day, cut at -04:00."),
        Column("site", "string", "Site."),
        Column("is_map", "boolean", "Whether the text of experiments follows its grammar."),
        Column("experiment_variants", "map<string,string>", "Variant per experiment that tagged the event."),
        Column("user_id", "string", "User.", personal=True),
    ],
    checks=[
        Check("timestamp is a date and a time with their offset", "event_at IS NOT NULL", "quarantine"),
        Check("experiments follow the grammar {name=variant, ...}", "is_map", "quarantine"),
        not_null("event_name"),
        accepted_values("event_name", EVENT_NAMES),
        not_null("user_id"),
    ],
)
