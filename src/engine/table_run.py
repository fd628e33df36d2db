"""One table's part of a run: what it has to read, its algorithm, and the outcome, whatever happens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pyspark.errors import PySparkException

from engine import derived, intake
from engine.changes import Cursor, Head, head_of, table_id, window_of
from engine.conflicts import is_conflict, retried
from engine.outcomes import Outcome
from engine.spec import Derived, FromRaw
from engine.system import code_hash
from utils.errors import TidelineError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from engine.run import Run


# An input's version; None where there is no such table; why it could not be learned, which is its readers' failure.
Known = Head | PySparkException | None


@dataclass(frozen=True)
class Start:
    """What was known before a table's run: its cursor and its inputs' versions."""

    cursor: Cursor | None
    heads: Mapping[str, Known]


def known_head(spark: SparkSession, name: str) -> Known:
    """The head of an input, or the error in learning it, which is its readers' failure and nobody else's."""
    try:
        return head_of(spark, name)
    except PySparkException as error:
        return error


def run_table(run: Run, table: FromRaw | Derived, start: Start) -> tuple[Outcome, DataFrame | None]:
    """Bring a table up to date with one write at most; gives the outcome and the rows that it could not take.

    A failure is an outcome: the table's cursor stays, its neighbours go on. Where another writer came first, it starts
    again with what its inputs hold by then.
    """
    started = datetime.now(UTC)
    empty = Outcome(table.path, "nothing to do", "nothing", "", started, code_hash=code_hash(table))

    def attempt(conflicts: int) -> tuple[Outcome, DataFrame | None]:
        now = start if not conflicts else _afresh(run, table, start)
        outcome, bad = _run_once(run, table, now, empty)
        note = [f"{conflicts} time(s) another writer came first"] if conflicts else []
        return replace(outcome, conflicts=conflicts, notes=(*outcome.notes, *note)), bad

    try:
        outcome, bad = retried(attempt)
    except (TidelineError, PySparkException) as error:
        outcome, bad = replace(empty, status="failed", error=said(error)), None
    return outcome.finished(), bad


def said(error: Exception) -> str:
    """The first lines of an error: enough to act on, without the JVM's stack."""
    return str(error).split("JVM stacktrace")[0].strip()[:2000]


def _afresh(run: Run, table: FromRaw | Derived, start: Start) -> Start:
    heads = {path: head_of(run.spark, run.settings.name_of(path)) for path in table.reads.values()}
    return Start(start.cursor, heads)


def _run_once(run: Run, table: FromRaw | Derived, start: Start, empty: Outcome) -> tuple[Outcome, DataFrame | None]:
    as_of = run.settings.as_of if isinstance(table, Derived) and "as_of" in table.run_parameters else None
    heads: dict[str, Head] = {}
    for path in table.reads.values():
        head = start.heads[path]
        if isinstance(head, PySparkException):
            raise head
        if head is not None:
            heads[path] = head
    missing = [path for path in table.reads.values() if path not in heads]
    if missing:
        return replace(empty, status="failed", error=_missing(run, missing)), None
    target_id = table_id(run.spark, run.name_of(table))
    window = window_of(
        table, cursor=start.cursor, heads=heads, target_id=target_id, code=empty.code_hash, as_of=as_of,
        rebuild=run.settings.rebuild,
    )  # fmt: skip
    outcome = replace(
        empty,
        path=window.path,
        why=window.why,
        cursor_from=window.start,
        cursor_to=window.heads,
        target_id=start.cursor.target_id if start.cursor else "",
        as_of=as_of,
    )
    if window.path == "nothing":
        return outcome, None
    try:
        result = (
            derived.bring_up_to_date(run, table, window)
            if isinstance(table, Derived)
            else intake.bring_up_to_date(run, table, window)
        )
    except (TidelineError, PySparkException) as error:
        if is_conflict(error):
            raise
        return replace(outcome, status="failed", error=said(error)), None
    return replace(
        outcome,
        status="written" if result.counts.changed or result.drifts else "nothing to do",
        path=result.window.path,
        why=result.window.why,
        counts=result.counts,
        cursor_from=result.window.start,
        checks=result.checks,
        drifts=result.drifts,
        target_id=target_id or table_id(run.spark, run.name_of(table)) or "",
    ), result.bad


def _missing(run: Run, paths: list[str]) -> str:
    names = ", ".join(run.settings.name_of(path).replace("`", "") for path in paths)
    return f"input {names} does not exist; run the layer that makes it first"
