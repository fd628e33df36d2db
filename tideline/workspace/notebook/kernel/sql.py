"""A `%sql` cell: every statement in order, widget values as parameters, the last result shown and kept."""

from __future__ import annotations

from typing import Any

from tideline.workspace.notebook.kernel.display import display, publish
from tideline.workspace.notebook.kernel.errors import MagicError
from tideline.workspace.notebook.kernel.sql_text import Statement, statements


def run_sql(attempt: Any, text: str) -> None:
    """Run the cell. `_sqldf` is the last statement's DataFrame; a statement without columns shows OK."""
    found = list(statements(text))
    if not found:
        return
    for statement in found:
        attempt.cell_line = attempt.body_line + statement.line
        result = attempt.spark.sql(statement.text, **_arguments(attempt, statement))
    attempt.shell.user_ns["_sqldf"] = result
    if result.columns:
        display(result)
    else:
        publish({"text/plain": "OK"})


def _arguments(attempt: Any, statement: Statement) -> dict[str, Any]:
    pasted = statement.legacy()
    if pasted:
        raise MagicError(
            f"`{pasted}` pastes text into SQL, which is not emulated; write `:name` for a widget's value"
        )
    names = statement.markers()
    if not names:
        return {}
    values = attempt.dbutils.widgets.getAll()
    missing = [name for name in names if name not in values]
    if missing:
        known = ", ".join(sorted(values)) or "none"
        raise MagicError(f"`:{missing[0]}` names no widget or parameter; known: {known}")
    return {"args": {name: values[name] for name in names}}
