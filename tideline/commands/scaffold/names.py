"""Which names a new thing may have: they become modules, tables, schemas, job keys and parts of SQL text."""

from __future__ import annotations

import keyword
import re

from tideline.workspace.errors import WorkspaceError

NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
LONGEST = 30
LAYERS = ("bronze", "silver", "gold")
# Names that stand for something else in a schema, a job or a system's folder.
TAKEN = frozenset({
    "raw", *LAYERS, "ops", "operations", "engine", "utils", "systems", "all", "system", "config", "questions", "figures",
    "quarantine", "landing", "tests",
})  # fmt: skip
# Words by which SQL would not read a table's or a schema's name as one.
SQL_WORDS = frozenset({
    "all", "alter", "and", "anti", "any", "array", "as", "between", "both", "by", "case", "cast", "check", "column",
    "create", "cross", "current_date", "current_timestamp", "database", "delete", "desc", "describe", "distinct", "drop",
    "else", "end", "escape", "except", "exists", "false", "fetch", "filter", "for", "from", "full", "function", "grant",
    "group", "having", "in", "inner", "insert", "intersect", "interval", "into", "is", "join", "lateral", "leading",
    "left", "like", "limit", "map", "merge", "minus", "natural", "not", "null", "on", "only", "or", "order", "outer",
    "over", "partition", "primary", "revoke", "right", "row", "rows", "schema", "select", "semi", "session_user", "set",
    "some", "struct", "table", "then", "to", "trailing", "true", "truncate", "union", "unique", "unknown", "update",
    "user", "using", "values", "view", "when", "where", "window", "with",
})  # fmt: skip
# A module with such an ending is read by dashboards alone: the hash of a table's code leaves it out.
NOT_TABLE_CODE = ("figures", "questions")


def check_name(name: str, what: str) -> None:
    """Raises WorkspaceError for what cannot be the name of a `what`: a system, a table, a dashboard."""
    if not NAME.fullmatch(name) or len(name) > LONGEST:
        hint = f"lower-case words joined by `_`, digits but not first, {LONGEST} characters at most, as in daily_orders"
        raise WorkspaceError(f"`{name}` cannot be the name of a {what}", hint=hint)
    if keyword.iskeyword(name) or name in SQL_WORDS:
        raise WorkspaceError(f"`{name}` is a reserved word of Python or SQL", hint=f"choose another name for the {what}")
    if name in TAKEN:
        raise WorkspaceError(f"`{name}` means something else here", hint=f"choose another name for the {what}")


def check_table_name(name: str) -> None:
    """The same for a table, whose module may not look like one of figures."""
    check_name(name, "table")
    if name.endswith(NOT_TABLE_CODE):
        raise WorkspaceError(f"`{name}`: modules that end so are no code of tables", hint="choose another name for the table")
