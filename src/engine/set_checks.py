"""Set checks: judged on the table as the write would leave it, before it is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from engine.checks import SetCheck
from engine.outcomes import CheckResult
from engine.shape import readable
from engine.spec import FromRaw

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from engine.changes import Window
    from engine.run import Run
    from engine.spec import Table


def judge_sets(
    run: Run, table: Table, window: Window, predicted: Callable[[], DataFrame]
) -> tuple[CheckResult, ...]:
    """How many rows break each of the table's set checks; `predicted` is only asked for where there is one.

    Reads the whole predicted table once per check.
    """
    checks = [check for check in table.checks if isinstance(check, SetCheck)]
    if not checks:
        return ()
    stored = predicted()
    rows = stored.where(F.expr(readable(table))) if isinstance(table, FromRaw) else stored
    inputs = {name: run.read(path, window.heads[path].version) for name, path in table.reads.items()}
    return tuple(_judged(run, check, {"rows": rows, "stored": stored, **inputs}) for check in checks)


def _judged(run: Run, check: SetCheck, frames: dict[str, DataFrame]) -> CheckResult:
    used = {name: frame for name, frame in frames.items() if f"{{{name}}}" in check.query}
    args = {"as_of": run.settings.as_of} if ":as_of" in check.query else None
    broken = run.spark.sql(check.query, args, **used).collect()[0][0]
    return CheckResult(check.name, check.severity, int(broken))
