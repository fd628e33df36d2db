"""The only orchestration: bring every table of a layer up to what lies upstream now.

What it changes, and in which order, is listed in `effects.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from engine.conflicts import retried
from engine.landing import land_all
from engine.outcomes import Outcome, Outcomes
from engine.parallel import in_parallel
from engine.quarantine import set_aside
from engine.run import Run
from engine.run_log import RunLog
from engine.spec import Derived, FromRaw, Published
from engine.spec_rules import LAYERS
from engine.system import System
from engine.table_run import Known, Start, known_head, run_table
from utils.errors import SettingsError

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
    outcomes = land_all(run) if layer == "raw" else _run_tables(run, log, layer)
    done = Outcomes(system.name, layer, tuple(outcomes))
    log.append(done)
    done.raise_if_any_failed()
    return done


def _run_tables(run: Run, log: RunLog, layer: str) -> list[Outcome]:
    cursors = log.cursors(layer)
    outcomes: dict[str, Outcome] = {}
    bad: list[DataFrame] = []
    heads: dict[str, Known] = {}
    for wave in run.system.waves(layer):
        wanted = _wanted(run, wave)
        _add_heads(run, wanted, heads)
        work = [partial(run_table, run, table, Start(cursors.get(table.path), heads)) for table in wanted]
        for outcome, rows in in_parallel(run.settings.parallel_tables, work):
            outcomes[outcome.table] = outcome
            bad += [rows] if rows is not None else []
            if outcome.head:
                heads[outcome.table] = outcome.head
    if bad:
        retried(lambda _: set_aside(run, bad))
    return [outcomes[table.path] for table in run.system.tables_of(layer) if table.path in outcomes]


def _wanted(run: Run, tables: list[Table]) -> list[FromRaw | Derived]:
    return [table for table in tables if run.settings.wants(table.name) and not isinstance(table, Published)]


def _add_heads(run: Run, tables: Sequence[Table], heads: dict[str, Known]) -> None:
    """Versions of the wave's inputs, fixed before anything is read; those that are known already stay as they are."""
    paths = list(dict.fromkeys(path for t in tables for path in t.reads.values() if path not in heads))
    work = [partial(known_head, run.spark, run.settings.name_of(path)) for path in paths]
    found = in_parallel(run.settings.parallel_tables, work)
    heads.update(zip(paths, found, strict=True))
