"""The side effects of a run, by name and in their order. Between any two of them the process may die.

Whatever of a run was done before is repeated by the next one without harm: records are known by their file's content,
rows by key and content, bad rows by their id. Only after the last effect have the cursors moved.
"""

from __future__ import annotations

EFFECTS = (
    "make or widen a table",
    "append records",
    "append to the file ledger",
    "write a table",
    "set bad rows aside",
    "settle quarantined rows",
    "log checks",
    "log schema changes",
    "log table runs",
)
# Those of forgetting a person (forgetting/person.py), which ends with runs of all layers.
FORGETTING = (
    "list a forgotten person",
    "rewrite landed files",
    "take out of a table",
    "clear artefacts",
    "purge a table",
)


def about_to(effect: str) -> None:
    """Called before each side effect; does nothing. Tests that end a run at a named effect replace it."""
    assert effect in EFFECTS or effect in FORGETTING, effect
