"""Does raw hold what the source holds? A row that became visible later than the overlap is long is seen by no mark.

What the last read passed over became visible after the read before it, and has a time before that one's mark, the previous
one: so the look begins before it, by the overlap and by days in which any transaction ends. It ends at the mark less the
overlap: what changed after that is still to be read. A row that changed again meanwhile stands there with its later time,
and is not looked for with its earlier one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from engine.parallel import in_parallel
from engine.run_log import RunLog
from engine.sources.marks import Asked, ask, mark_of, moment_of, not_held, shown
from engine.sources.pages import pages_of
from engine.sources.rows import plain_errors, rows_of
from engine.sources.spec import Files, Pages
from utils.errors import SourceError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from engine.run import Run
    from engine.sources.spec import Marked

# The success before the last one. What failed between the two may have moved the mark: it ended nothing.
LAST_BUT_ONE = """
SELECT unix_micros(finished_at) AS micros FROM {table_runs}
WHERE system = :system AND table_name = :table AND kind = 'run' AND status IN ('written', 'nothing to do')
ORDER BY finished_at DESC LIMIT 1 OFFSET 1
"""


@dataclass(frozen=True)
class Reconciled:
    """How many rows of the source raw lacks, of those that changed in the time that was looked at; with some of them."""

    source: str
    looked_at: str
    n_missing: int
    examples: tuple[str, ...]


def reconcile(run: Run, *, days: int) -> list[Reconciled]:
    """Compare every source that has a mark: its listing, or what changed since `days` before the previous mark.

    Writes nothing. A row whose transaction was open for longer than `days` may still be overlooked.
    """
    RunLog(run.spark, run.settings)
    marked = [source for source in run.system.sources if not isinstance(source, Files)]
    wanted = [source for source in marked if run.settings.wants(source.name)]
    return in_parallel(run.settings.parallel_tables, [partial(_compared, run, source, days) for source in wanted])


def refuse_missing(run: Run, found: list[Reconciled]) -> None:
    """Raises SourceError, which names sources with rows that raw lacks, how many, and some of them."""
    wrong = [each for each in found if each.n_missing]
    if wrong:
        told = "; ".join(f"{each.source} lacks {each.n_missing}, such as {', '.join(each.examples)}" for each in wrong)
        raise SourceError(
            f"{run.system.name}: {told}", f"rows of the source that no run brought, {wrong[0].looked_at}", expected="none",
            hint="A transaction was open for longer than `overlap_minutes`: make it longer, and backfill these days.",
        )  # fmt: skip


def _compared(run: Run, source: Marked, days: int) -> Reconciled:
    with plain_errors(run, source):
        return _counted(run, source, days)


def _counted(run: Run, source: Marked, days: int) -> Reconciled:
    now = ask(run, source)
    if now.since is None:
        return Reconciled(source.path, "nothing has landed yet", 0, ())
    begins = (_asked_before(run, source) or now.since) - timedelta(days=days)
    asked = Asked(begins, now.since, now.requested_at, "")
    n_missing, examples = 0, []
    for records in _read(run, source, asked):
        missing = not_held(run, source, records, None if _is_listing(source) else begins)
        n_missing += missing.count()
        examples += shown(source, missing, 3) if n_missing else []
    looked_at = f"changed from {begins:%Y-%m-%d %H:%M:%S} to {now.since:%Y-%m-%d %H:%M:%S} UTC"
    return Reconciled(source.path, looked_at, n_missing, tuple(examples[:3]))


def _asked_before(run: Run, source: Marked) -> datetime | None:
    """The moment from which the last read asked: the previous mark less the overlap; None where there was none."""
    query = LAST_BUT_ONE.format(table_runs=run.settings.name_of("ops.table_runs"))
    found = run.spark.sql(query, args={"system": run.system.name, "table": source.path}).first()
    mark = mark_of(run, source, moment_of(found["micros"])) if found else None
    return mark - timedelta(minutes=source.overlap_minutes) if mark else None


def _read(run: Run, source: Marked, asked: Asked) -> Iterable[DataFrame]:
    return pages_of(run, source, asked) if isinstance(source, Pages) else [rows_of(run, source, asked)]


def _is_listing(source: Marked) -> bool:
    return isinstance(source, Pages) and source.is_listing
