"""The only orchestration: bring every table of a layer up to what lies upstream now.

Side effects of a layer run, in this order (a crash test kills between every two of them):
  1. tables made or widened, then one MERGE or append per table (waves: a table comes after those it reads)
  2. quarantine: one MERGE for the layer
  3. run log: one append per ops table; with `table_runs`, the last, the cursors have moved
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from pyspark.errors import PySparkException

from engine import derived, latest
from engine.changes import Cursor, Head, Window, head_of, table_id, window_of
from engine.landing import Decision, Ledger, Listed, ensure_raw_table, land, list_files
from engine.outcomes import Outcome, Outcomes
from engine.quarantine import set_aside
from engine.run import Run
from engine.run_log import RunLog
from engine.spec import LAYERS, Derived, Latest, Table
from engine.system import Files, System, code_hash
from utils.errors import SettingsError, TidelineError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from utils.settings import Settings

T = TypeVar("T")


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
        work = [partial(_run_table, run, t, cursors.get(t.path), heads, ids[t.path]) for t in wanted]
        for outcome, rows in _in_parallel(run, work):
            outcomes[outcome.table] = outcome
            bad += [rows] if rows is not None else []
            if outcome.head:
                heads[outcome.table] = outcome.head
    set_aside(run, bad)
    return [outcomes[table.path] for table in run.system.tables_of(layer) if table.path in outcomes]


def _run_table(
    run: Run, table: Table, cursor: Cursor | None, heads: Mapping[str, Head | None], target_id: str | None
) -> tuple[Outcome, DataFrame | None]:
    """One write at most. A failure is an outcome: the table's cursor stays, its neighbours go on."""
    started = datetime.now(UTC)
    code = code_hash(table)
    as_of = run.settings.as_of if isinstance(table, Derived) and "as_of" in table.run_parameters else None
    mine = {path: heads[path] for path in table.reads.values()}
    missing = [path for path, head in mine.items() if head is None]
    if missing:
        return Outcome(
            table.path, "failed", "nothing", "", started, error=_missing(run, missing)
        ).finished(), None
    known = {path: head for path, head in mine.items() if head is not None}
    window = window_of(
        table,
        cursor=cursor,
        heads=known,
        target_id=target_id,
        code=code,
        as_of=as_of,
        rebuild=run.settings.rebuild,
    )
    outcome = Outcome(
        table.path,
        "nothing to do",
        window.path,
        window.why,
        started,
        cursor_from=window.start,
        cursor_to=window.heads,
        target_id=cursor.target_id if cursor else "",
        code_hash=code,
        as_of=as_of,
    )
    if window.path == "nothing":
        return outcome.finished(), None
    try:
        done, bad = _write(run, table, window, outcome, target_id)
        return done.finished(), bad
    except (TidelineError, PySparkException) as error:
        return replace(outcome, status="failed", error=_said(error)).finished(), None


def _write(
    run: Run, table: Table, window: Window, outcome: Outcome, target_id: str | None
) -> tuple[Outcome, DataFrame | None]:
    algorithm = latest if isinstance(table, Latest) else derived
    result = algorithm.bring_up_to_date(run, table, window)
    target_id = target_id or table_id(run.spark, run.name_of(table)) or ""
    status = "written" if result.counts.changed or result.drifts else "nothing to do"
    return replace(
        outcome,
        status=status,
        path=result.window.path,
        why=result.window.why,
        counts=result.counts,
        cursor_from=result.window.start,
        checks=result.checks,
        drifts=result.drifts,
        target_id=target_id,
    ), result.bad


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
    results = _in_parallel(run, [partial(_land, run, source, new) for source in wanted])
    rows = [
        row
        for source, (_, decisions) in zip(wanted, results, strict=True)
        for row in ledger.append(source.path, decisions)
    ]
    strangers = [file for file in new if not any(_takes(source, file) for source in run.system.sources)]
    rows += ledger.append(
        "", [Decision(file, "unmatched", note="no source takes this name") for file in strangers]
    )
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
        counts, decisions = land(run, source, mine, is_new=is_new)
    except (TidelineError, PySparkException) as error:
        return replace(outcome, status="failed", path="landed", why="", error=_said(error)).finished(), []
    status = "written" if counts.inserted else "nothing to do"
    return replace(
        outcome, status=status, path="landed", why=_tally(decisions), counts=counts
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
    found = _in_parallel(run, [partial(head_of, run.spark, run.settings.name_of(path)) for path in paths])
    heads.update(zip(paths, found, strict=True))


def _target_ids(run: Run, tables: Sequence[Table]) -> dict[str, str | None]:
    found = _in_parallel(run, [partial(table_id, run.spark, run.name_of(table)) for table in tables])
    return {table.path: id_ for table, id_ in zip(tables, found, strict=True)}


def _in_parallel(run: Run, work: Sequence[Callable[[], T]]) -> list[T]:
    with ThreadPoolExecutor(max_workers=max(1, run.settings.parallel_tables)) as pool:
        return list(pool.map(lambda job: job(), work))


def _missing(run: Run, paths: list[str]) -> str:
    names = ", ".join(run.settings.name_of(path).replace("`", "") for path in paths)
    return f"input {names} does not exist; run the layer that makes it first"


def _said(error: Exception) -> str:
    """The first lines of an error: enough to act on, without the JVM's stack."""
    return str(error).split("JVM stacktrace")[0].strip()[:2000]
