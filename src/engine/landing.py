"""Sources to append-only raw: whatever their kind, a source's landing is an outcome, and its neighbours go on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from pyspark.errors import PySparkException

from engine.catalog import create_table
from engine.conflicts import retried
from engine.effects import about_to
from engine.outcomes import Outcome
from engine.parallel import in_parallel
from engine.sources.files import land, list_files
from engine.sources.ledger import Decision, Ledger, Listed
from engine.sources.marks import Days, ask
from engine.sources.pages import land_pages
from engine.sources.rows import land_rows
from engine.sources.spec import Files, Marked, Pages, Source
from engine.table_run import said
from utils.errors import TidelineError

if TYPE_CHECKING:
    from engine.run import Run

MOST_TOLD = 3


def land_all(run: Run, days: Days | None = None) -> list[Outcome]:
    """Land what every source has that is new, or with `days` what the sources with a mark changed on these days."""
    wanted = [source for source in run.system.sources if run.settings.wants(source.name)]
    files = [source for source in wanted if isinstance(source, Files)]
    marked = [source for source in wanted if not isinstance(source, Files)]
    outcomes = _land_files(run, files) if files and days is None else []
    outcomes += in_parallel(run.settings.parallel_tables, [partial(_land_changes, run, source, days) for source in marked])
    return outcomes


def _land_changes(run: Run, source: Marked, days: Days | None) -> Outcome:
    outcome = Outcome(source.path, "nothing to do", "landed", "", datetime.now(UTC), as_of=run.settings.as_of)
    try:
        _ensure_raw_table(run, source)
        asked = ask(run, source, days)
        counts, why, conflicts = (
            land_pages(run, source, asked) if isinstance(source, Pages) else land_rows(run, source, asked)
        )
    except (TidelineError, PySparkException) as error:
        return replace(outcome, status="failed", error=said(error)).finished()
    status = "written" if counts.inserted else "nothing to do"
    return replace(outcome, status=status, why=why, counts=counts, conflicts=conflicts).finished()


def _ensure_raw_table(run: Run, source: Source) -> bool:
    """Make the source's raw table if it is absent, so that layers above find an empty one; whether it was absent."""
    target = run.settings.name_of(source.path)
    is_absent = not run.spark.catalog.tableExists(target)
    if is_absent:
        create_table(run.spark, target, source.all_columns, comment=source.grain)
    return is_absent


def _land_files(run: Run, wanted: Sequence[Files]) -> list[Outcome]:
    """Land the new files of every source; files that no source takes are told, not dropped."""
    ledger = Ledger(run)
    decided = ledger.decided()
    new = [file for file in list_files(run) if file.identity not in decided]
    results = in_parallel(run.settings.parallel_tables, [partial(_land_new_files, run, source, new) for source in wanted])
    rows = [
        row
        for source, (_, decisions) in zip(wanted, results, strict=True)
        for row in ledger.append(source.path, decisions)
    ]
    takers = [source for source in run.system.sources if isinstance(source, Files)]
    strangers = [file for file in new if not any(_takes(source, file) for source in takers)]
    rows += ledger.append(
        "", [Decision(file, "unmatched", note="no source takes this name") for file in strangers]
    )
    if rows:
        about_to("append to the file ledger")
        ledger.write(rows)
    outcomes = [outcome for outcome, _ in results]
    if strangers and outcomes:
        note = f"no source takes {', '.join(file.file for file in strangers[:3])}"
        outcomes[0] = replace(outcomes[0], notes=(*outcomes[0].notes, note))
    return outcomes


def _land_new_files(run: Run, source: Files, new: list[Listed]) -> tuple[Outcome, list[Decision]]:
    started = datetime.now(UTC)
    mine = [file for file in new if _takes(source, file)]
    outcome = Outcome(source.path, "nothing to do", "nothing", "no new file", started, as_of=run.settings.as_of)
    try:
        is_new = _ensure_raw_table(run, source)
        if not mine:
            return outcome.finished(), []
        counts, decisions, conflicts = retried(lambda n: (*land(run, source, mine, is_new=is_new and not n), n))
    except (TidelineError, PySparkException) as error:
        return replace(outcome, status="failed", path="landed", why="", error=said(error)).finished(), []
    status = "written" if counts.inserted else "nothing to do"
    return replace(
        outcome, status=status, path="landed", why=_tally(decisions), counts=counts, conflicts=conflicts, notes=_told(decisions)
    ).finished(), decisions


def _takes(source: Files, file: Listed) -> bool:
    folder, _, name = file.file.rpartition("/")
    return folder == source.folder and source.takes(name)


def _told(decisions: Sequence[Decision]) -> tuple[str, ...]:
    """What a person should hear of the first few files that are not as they should be."""
    odd = [each for each in decisions if each.note and each.status in ("landed", "unreadable", "truncated")]
    return tuple(f"{each.listed.file}: {each.note}" for each in odd[:MOST_TOLD])


def _tally(decisions: Iterable[Decision]) -> str:
    statuses = [decision.status for decision in decisions]
    return ", ".join(f"{statuses.count(status)} {status}" for status in dict.fromkeys(statuses)) + " file(s)"
