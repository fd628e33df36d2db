"""The only orchestration: bring every table of a layer up to what lies upstream now.

What it changes, and in which order, is listed in `effects.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from pyspark.errors import PySparkException

from engine.changes import Head, head_of, table_id
from engine.conflicts import retried
from engine.effects import about_to
from engine.landing import Decision, Ledger, Listed, ensure_raw_table, land, list_files
from engine.outcomes import Outcome, Outcomes
from engine.parallel import in_parallel
from engine.quarantine import set_aside
from engine.run import Run
from engine.run_log import RunLog
from engine.spec_rules import LAYERS
from engine.system import Files, System
from engine.table_run import Start, run_table, said
from utils.errors import SettingsError, TidelineError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from engine.spec import Table
    from utils.settings import Settings

def run_layer(spark: SparkSession, system: System, layer: str, settings: Settings) -> Outcomes:
    """Bring every table of `layer` (or those named in `settings.tables`) up to date.

    The log is appended once, last: dying before it repeats idempotent work. Raises LayerFailed after it, so that good
    tables keep theirs.
    """
    if layer not in LAYERS:
        raise SettingsError("run_layer", f"layer `{layer}`", expected=", ".join(LAYERS))
    run, log = Run(spark, settings, system), RunLog(spark, settings)
    outcomes = _land_all(run) if layer == "raw" else _run_tables(run, log, layer)
    done = Outcomes(system.name, layer, tuple(outcomes))
    log.append(done)
    done.raise_if_any_failed()
    return done


def _run_tables(run: Run, log: RunLog, layer: str) -> list[Outcome]:
    cursors = log.cursors(layer)
    outcomes: dict[str, Outcome] = {}
    bad: list[DataFrame] = []
    heads: dict[str, Head | None] = {}
    for wave in run.system.waves(layer):
        wanted = _wanted(run, wave)
        _add_heads(run, wanted, heads)
        ids = _target_ids(run, wanted)
        starts = [Start(cursors.get(table.path), heads, ids[table.path]) for table in wanted]
        work = [partial(run_table, run, table, start) for table, start in zip(wanted, starts, strict=True)]
        for outcome, rows in in_parallel(run.settings.parallel_tables, work):
            outcomes[outcome.table] = outcome
            bad += [rows] if rows is not None else []
            if outcome.head:
                heads[outcome.table] = outcome.head
    if bad:
        retried(lambda _: set_aside(run, bad))
    return [outcomes[table.path] for table in run.system.tables_of(layer) if table.path in outcomes]


def _land_all(run: Run) -> list[Outcome]:
    """Land every source; files that no source takes are told, not dropped."""
    ledger = Ledger(run)
    decided = ledger.decided()
    new = [file for file in list_files(run) if file.identity not in decided]
    wanted = [
        source
        for source in run.system.sources
        if not run.settings.tables or source.name in run.settings.tables
    ]
    results = in_parallel(run.settings.parallel_tables, [partial(_land, run, source, new) for source in wanted])
    rows = [
        row
        for source, (_, decisions) in zip(wanted, results, strict=True)
        for row in ledger.append(source.path, decisions)
    ]
    strangers = [file for file in new if not any(_takes(source, file) for source in run.system.sources)]
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


def _land(run: Run, source: Files, new: list[Listed]) -> tuple[Outcome, list[Decision]]:
    started = datetime.now(UTC)
    mine = [file for file in new if _takes(source, file)]
    outcome = Outcome(source.path, "nothing to do", "nothing", "no new file", started)
    try:
        is_new = ensure_raw_table(run, source)
        if not mine:
            return outcome.finished(), []
        counts, decisions, conflicts = retried(lambda n: (*land(run, source, mine, is_new=is_new and not n), n))
    except (TidelineError, PySparkException) as error:
        return replace(outcome, status="failed", path="landed", why="", error=said(error)).finished(), []
    status = "written" if counts.inserted else "nothing to do"
    return replace(
        outcome, status=status, path="landed", why=_tally(decisions), counts=counts, conflicts=conflicts
    ).finished(), decisions


def _takes(source: Files, file: Listed) -> bool:
    folder, _, name = file.file.rpartition("/")
    return folder == source.folder and source.takes(name)


def _tally(decisions: Iterable[Decision]) -> str:
    statuses = [decision.status for decision in decisions]
    return ", ".join(f"{statuses.count(status)} {status}" for status in dict.fromkeys(statuses)) + " file(s)"


def _wanted(run: Run, tables: list[Table]) -> list[Table]:
    names = run.settings.tables
    return [table for table in tables if not names or table.name in names]


def _add_heads(run: Run, tables: Sequence[Table], heads: dict[str, Head | None]) -> None:
    """Versions of the wave's inputs, fixed before anything is read; those that are known already stay as they are."""
    paths = list(dict.fromkeys(path for t in tables for path in t.reads.values() if path not in heads))
    found = in_parallel(run.settings.parallel_tables, [partial(head_of, run.spark, run.settings.name_of(path)) for path in paths])
    heads.update(zip(paths, found, strict=True))


def _target_ids(run: Run, tables: Sequence[Table]) -> dict[str, str | None]:
    found = in_parallel(run.settings.parallel_tables, [partial(table_id, run.spark, run.name_of(table)) for table in tables])
    return {table.path: id_ for table, id_ in zip(tables, found, strict=True)}
