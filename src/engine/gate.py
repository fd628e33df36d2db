"""Gates before work that costs: do the sources answer, has everything landed, is there what the work needs?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.errors import PySparkException

from engine.changes import table_id
from engine.run import Run
from engine.run_log import RunLog
from engine.sources.pages import first_page
from engine.sources.rows import plain_errors, refuse_other_shape
from engine.sources.spec import Files, Pages
from engine.table_run import said
from utils.errors import LayerFailed, SettingsError, TidelineError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from engine.sources.spec import Source
    from engine.system import System
    from utils.settings import Settings

LANDINGS = """
SELECT table_name, max_by(status, finished_at) AS status, max_by(inserted, finished_at) AS inserted,
       cast(max(finished_at) AS string) AS finished_at
FROM {table_runs}
WHERE system = :system AND layer = 'raw' AND kind = 'run' AND as_of = :as_of
GROUP BY table_name
"""


def landings(spark: SparkSession, system: System, settings: Settings) -> list[dict[str, object]]:
    """The last landing of every source for the date `as_of`, as rows for people; status `missing` where there was none."""
    RunLog(spark, settings)
    query = LANDINGS.format(table_runs=settings.name_of("ops.table_runs"))
    rows = spark.sql(query, args={"system": system.name, "as_of": settings.as_of}).collect()
    found = {row["table_name"]: row for row in rows}
    nothing = {"status": "missing", "inserted": None, "finished_at": None}
    return [
        {"source": source.path, "reads": source.reads}
        | {name: found[source.path][name] if source.path in found else nothing[name] for name in nothing}
        for source in system.sources
    ]


def refuse_unless_landed(system: System, settings: Settings, rows: list[dict[str, object]]) -> None:
    """Raises LayerFailed, which names the sources whose last landing for the date failed or never was."""
    wrong = [f"{row['source']} ({row['status']})" for row in rows if row["status"] not in ("written", "nothing to do")]
    if wrong:
        raise LayerFailed(
            f"{system.name} raw", f"for {settings.as_of} these did not land: {', '.join(wrong)}",
            expected="a landing of every source", hint="Run the extract of this date again.",
        )  # fmt: skip


def answers(spark: SparkSession, system: System, settings: Settings) -> list[dict[str, object]]:
    """Whether every source of `settings.tables` (all if empty) answers, as rows for people; files always do."""
    run = Run(spark, settings, system)
    wanted = [source for source in system.sources if settings.wants(source.name)]
    return [{"source": source.path, "reads": source.reads, "error": _asked(run, source)} for source in wanted]


def refuse_unless_answered(system: System, rows: list[dict[str, object]]) -> None:
    """Raises LayerFailed, which says what is wrong with each source that did not answer."""
    wrong = [str(row["error"]) for row in rows if row["error"]]
    if wrong:
        raise LayerFailed(f"{system.name} sources", "; ".join(wrong), hint="Nothing was read.")


def refuse_if_empty(spark: SparkSession, settings: Settings, paths: list[str]) -> None:
    """Raises SettingsError, which names the tables (`layer.table`) that do not exist or hold no row."""
    for path in paths:
        name = settings.name_of(path)
        if table_id(spark, name) is None or not spark.table(name).limit(1).count():
            hint = "Run the job that fills it first."
            raise SettingsError(name.replace("`", ""), "no such table, or no row in it", expected="rows", hint=hint)


def _asked(run: Run, source: Source) -> str | None:
    try:
        if isinstance(source, Pages):
            first_page(run, source)
        elif not isinstance(source, Files):
            with plain_errors(run, source):
                refuse_other_shape(run, source)
    except (TidelineError, PySparkException) as error:
        return said(error)
    return None
