"""docs/tables.md from the declarations of the tables, so that the data dictionary cannot disagree with the code."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.run_log import OPS_TABLES
from engine.sources.spec import Source
from engine.spec import Column, FromRaw, History, Published, Table
from engine.spec_rules import LAYERS
from engine.system import System
from utils.settings import system_names

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "docs" / "tables.md"


def tables_page() -> str:
    """The whole page: systems by name, layers in order, tables as declared, then the ops tables."""
    lines = [
        "# Tables",
        "",
        "Made by `make docs` from the declarations in `src/systems`; the same sentences are comments in the catalogue.",
        "Schemas are `{schema_prefix}{system}_{layer}`.",
    ]
    for name in system_names():
        lines += _system(importlib.import_module(f"systems.{name}.system").SYSTEM)
    lines += ["", "## ops", "", "Shared by all systems; the run log is also the store of cursors."]
    for table, (columns, comment) in OPS_TABLES.items():
        lines += ["", f"### ops.{table}", "", comment, *_columns(columns)]
    return "\n".join(lines) + "\n"


def _system(system: System) -> Iterator[str]:
    yield from ("", f"## {system.name}", "", f"{system.question} Days are cut in `{system.time_zone}`.")
    for source in system.sources:
        yield from _source(source)
    for layer in LAYERS[1:]:
        for table in system.tables_of(layer):
            yield from (
                "",
                f"### {table.path}",
                "",
                f"{_sentence(table.grain)} {_made_of(table)}",
                *_columns(table.visible_columns),
            )


def _source(source: Source) -> Iterator[str]:
    found = f"From {source.kind}, `{source.reads}`, appended once per content."
    yield from (
        "",
        f"### {source.path}",
        "",
        f"{_sentence(source.grain)} {found}",
        *_columns(source.all_columns),
    )


def _made_of(table: Table) -> str:
    reads = ", ".join(f"`{path}`" for path in table.reads.values())
    key = ", ".join(f"`{name}`" for name in table.key)
    if isinstance(table, FromRaw):
        kept = "every version" if isinstance(table, History) else "latest version"
        return f"Key {key}; {kept} by `{table.sequence}` of {reads}."
    if isinstance(table, Published):
        return f"Key {key}; published by a model that learns from {reads}."
    sliced = f"recomputed by `{table.slice_by}`" if table.slice_by else "recomputed as a whole"
    return f"Key {key}; a function of {reads}, {sliced}."


def _columns(columns: Sequence[Column]) -> Iterator[str]:
    yield from ("", "| column | type | meaning |", "| --- | --- | --- |")
    for column in columns:
        personal = " *Personal.*" if column.personal else ""
        yield f"| `{column.name}` | {column.type} | {column.comment.replace('|', '/')}{personal} |"


def _sentence(grain: str) -> str:
    return f"{grain[0].upper()}{grain[1:]}."


if __name__ == "__main__":
    TARGET.write_text(tables_page())
    sys.stdout.write(f"wrote {TARGET.relative_to(ROOT)}\n")
