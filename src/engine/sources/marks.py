"""The high-water mark toward a source: the latest change that raw holds, read from raw itself.

So the mark moves in the same commit as the data, and cannot be ahead of it or lost beside it (ADR 9). A record counts for
it if its sequence is not later than the moment at which its read began: what a broken clock of the source stamps into the
future never moves it, and what changed while pages were fetched is asked for again. Backfilled records do not count.

Every read starts some minutes before the mark, since a transaction may commit after a later one did. What raw holds of
those minutes is known by its content and not appended again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pyspark.sql import functions as F

from engine.effects import about_to
from engine.forgetting.forgotten import judge_of_listed
from engine.forgetting.suppressed import without_forgotten
from utils.errors import SourceError

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from engine.run import Run
    from engine.sources.spec import Marked

Days = tuple[date, date]
"""A range of days in UTC, its end not included."""


@dataclass(frozen=True)
class Asked:
    """What a read asks for: records changed at or after `since` (None: all) and before `until` (None: whatever there is)."""

    since: datetime | None
    until: datetime | None
    requested_at: datetime
    why: str

    @property
    def is_backfill(self) -> bool:
        return self.until is not None


def ask(run: Run, source: Marked, days: Days | None = None) -> Asked:
    """What to ask of a source whose raw table exists: what changed since its mark, or the days of a backfill.

    Raises SourceError where the mark is later than now: everything until then would be passed over.
    """
    now = datetime.now(UTC)
    if days is not None:
        since, until = (datetime.combine(day, time(), UTC) for day in days)
        return Asked(since, until, now, f"backfill of [{days[0]}, {days[1]})")
    mark = mark_of(run, source)
    if mark is None:
        return _first(run, source, now)
    if mark > now:
        raise SourceError(
            run.settings.name_of(source.path).replace("`", ""),
            f"its mark is {mark:%Y-%m-%d %H:%M:%S}, later than now, by the row {_row_at(run, source, mark)}",
            expected="a mark in the past",
            hint="This machine's clock was ahead when the row landed: set its `_is_backfill` to true, or delete it.",
        )
    since = mark - timedelta(minutes=source.overlap_minutes)
    return Asked(since, None, now, f"changed since {since:%Y-%m-%d %H:%M:%S}, {source.overlap_minutes} minutes before the mark")


def mark_of(run: Run, source: Marked, as_left: datetime | None = None) -> datetime | None:
    """The mark, or as it was left by what had begun to read until `as_left`; None where raw holds nothing that counts."""
    rows = run.spark.table(run.settings.name_of(source.path)).where("NOT _is_backfill AND _sequence <= _requested_at")
    if as_left is not None:
        rows = rows.where(F.col("_requested_at") <= F.lit(as_left))
    micros = rows.agg(F.unix_micros(F.max("_sequence"))).collect()[0][0]
    return None if micros is None else moment_of(micros)


def moment_of(micros: int) -> datetime:
    """Microseconds since 1970 as a moment in UTC: a collected timestamp would be local, and without its zone."""
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=micros)


def local_text(moment: datetime, source: Marked) -> str:
    """A moment as the source writes it: in its zone, to the microsecond, without an offset."""
    return moment.astimezone(ZoneInfo(source.zone)).replace(tzinfo=None).isoformat(timespec="microseconds")


def sequence_of(value: Column, source: Marked) -> Column:
    """A source's time as a timestamp in UTC: its text or its timestamp, local to the source's zone; null if unreadable."""
    return F.to_utc_timestamp(value.try_cast("timestamp"), source.zone)


def append_new(
    run: Run, source: Marked, records: DataFrame, asked: Asked, *,
    since: datetime | None, has_new: bool = False, are_distinct: bool = False,
) -> None:  # fmt: skip
    """Append the records, with the columns of `all_columns` that they have, unless raw holds them; one commit or none.

    `since` is the least sequence among them, None where it is not known. `has_new` spares the look whether there is
    anything to append, `are_distinct` the one for records that are told twice, where that is known. Ends with Delta's
    conflict where another run appended meanwhile: the query reads what raw holds.
    """
    target = run.settings.name_of(source.path)
    stamped = records.withColumns(
        {
            "_requested_at": F.lit(asked.requested_at),
            "_is_backfill": F.lit(asked.is_backfill),
            "_landed_at": F.current_timestamp(),
            "_run_id": F.lit(run.settings.run_id),
        }
    ).select(*[column.name for column in source.all_columns])
    fresh = not_held(run, source, stamped, since, are_distinct=are_distinct)
    is_certain = has_new and judge_of_listed(run, source.name) is None  # what is new may be a forgotten person's
    if is_certain or fresh.limit(1).count():
        about_to("append records")
        columns = [column.name for column in source.all_columns]
        fresh.select(*columns).write.format("delta").mode("append").saveAsTable(target)


def not_held(
    run: Run, source: Marked, records: DataFrame, since: datetime | None, *, are_distinct: bool = False
) -> DataFrame:
    """The distinct records, by content, that raw does not hold; it is looked at from `since` on, and where it has no sequence.

    Those of persons who were forgotten are not among them.
    """
    records = without_forgotten(records, judge_of_listed(run, source.name))
    held = run.spark.table(run.settings.name_of(source.path))
    if since is not None:
        held = held.where((F.col("_sequence") >= F.lit(since)) | F.col("_sequence").isNull())
    distinct = records if are_distinct else records.dropDuplicates(["_content_hash"])
    return distinct.join(held.select("_content_hash"), "_content_hash", "left_anti")


def shown(source: Marked, records: DataFrame, n: int) -> list[str]:
    """Up to `n` of the records by their keys, for people: `id 4711`."""
    field = "try_variant_get(document, '$.{0}', 'string')" if "document" in records.columns else "cast({0} AS string)"
    rows = records.limit(n).selectExpr(*[f"{field.format(name)} AS {name}" for name in source.key]).collect()
    return [", ".join(f"{name} {row[name]}" for name in source.key) for row in rows]


def n_held(run: Run, source: Marked, since: datetime | None) -> int:
    """Records of raw from `since` on, of all where it is None."""
    raw = run.spark.table(run.settings.name_of(source.path))
    return (raw if since is None else raw.where(F.col("_sequence") >= F.lit(since))).count()


def n_appended(run: Run, source: Marked) -> int:
    """Records that this run appended."""
    return run.spark.table(run.settings.name_of(source.path)).where(F.col("_run_id") == run.settings.run_id).count()


def _first(run: Run, source: Marked, now: datetime) -> Asked:
    if source.first_days is None:
        return Asked(None, None, now, "first run: everything")
    day = run.settings.as_of - timedelta(days=source.first_days)
    since = datetime.combine(day, time(), ZoneInfo(source.zone)).astimezone(UTC)
    return Asked(since, None, now, f"first run: changed since {day}, {source.first_days} days back")


def _row_at(run: Run, source: Marked, mark: datetime) -> str:
    raw = run.spark.table(run.settings.name_of(source.path)).where(F.col("_sequence") == F.lit(mark))
    return next(iter(shown(source, raw, 1)), "unknown")
