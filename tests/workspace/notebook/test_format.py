"""Source notebooks: what a cell is, and that reading and writing back changes no byte."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tideline.workspace.errors import NotebookError
from tideline.workspace.notebook.files import find_notebook, from_nbformat, read_notebook, to_nbformat
from tideline.workspace.notebook.format import Cell, Source, parse

HEADER = "# Databricks notebook source\n"
EXAMPLE = (
    HEADER
    + """# MAGIC %md
# MAGIC # Orders
# MAGIC
# MAGIC One row per order.

# COMMAND ----------

# DBTITLE 1,What came in
import json

# COMMAND ----------

# DBTITLE 0,Hidden
# MAGIC %sql SELECT 1

# COMMAND ----------

# MAGIC %run ./other $a="1"

# COMMAND ----------


# COMMAND ----------

# MAGIC %python
# MAGIC x = 1

# COMMAND ----------

# MAGIC %%time
# MAGIC x = 2
"""
)
lines = st.sampled_from(
    [
        "", "x = 1", "  y", "# MAGIC", "# MAGIC ", "# MAGIC %sql SELECT 1", "# MAGIC %nonsense", "# MAGICAL",
        "# COMMAND ----------", "# COMMAND ---------- ", "# DBTITLE 1,A", "# DBTITLE 0,", "\x0c", "é\u2028", "%pip x",
    ]
)  # fmt: skip


def test_a_cell_has_its_kind_title_text_and_line() -> None:
    cells = parse(EXAMPLE).cells
    assert [(cell.kind, cell.title, cell.line) for cell in cells] == [
        ("md", "", 2),
        ("python", "What came in", 10),
        ("sql", "Hidden", 15),
        ("run", "", 19),
        ("python", "", 22),
        ("python", "", 26),
        ("python", "", 31),
    ]
    assert cells[0].body == "\n# Orders\n\nOne row per order."
    assert cells[2].body == "SELECT 1" and not cells[2].title_shown
    assert cells[5].body == "\nx = 1"
    assert cells[6].body == "%%time\nx = 2"


@given(st.lists(lines), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_reading_and_writing_back_changes_no_byte(body: list[str], newline: str, ends: bool) -> None:
    text = newline.join(["# Databricks notebook source", *body]) + (newline if ends else "")
    assert parse(text).to_text() == text


@given(st.text())
def test_any_text_below_the_header_comes_back(text: str) -> None:
    assert parse(HEADER + text).to_text() == HEADER + text


def test_cells_without_a_file_are_written_as_the_workspace_writes_them() -> None:
    cells = tuple(replace(cell, raw="") for cell in parse(EXAMPLE).cells)
    assert Source(cells[:4]).to_text() == EXAMPLE[: EXAMPLE.index("\n# COMMAND ----------\n\n\n")]


def test_a_changed_cell_is_written_anew_and_its_neighbours_stay() -> None:
    source = parse(EXAMPLE)
    cells = (source.cells[0], replace(source.cells[1], text="import sys"), *source.cells[2:])
    assert replace(source, cells=cells).to_text() == EXAMPLE.replace("import json", "import sys")


def test_a_notebook_survives_the_way_over_jupyters_format() -> None:
    source = parse(EXAMPLE)
    again = from_nbformat(to_nbformat(source))
    assert [cell.kind for cell in again.cells] == [cell.kind for cell in source.cells]
    assert again.cells[3].text == '%run ./other $a="1"'


def test_a_notebook_is_found_with_and_without_its_extension(tmp_path: Path) -> None:
    (tmp_path / "orders.py").write_text(HEADER)
    assert (
        find_notebook(tmp_path, "orders") == find_notebook(tmp_path, "./orders.py") == tmp_path / "orders.py"
    )
    with pytest.raises(NotebookError, match="no notebook order .*holds: orders"):
        find_notebook(tmp_path, "order")


def test_a_file_without_the_header_is_no_notebook(tmp_path: Path) -> None:
    (tmp_path / "plain.py").write_text("import os\n")
    with pytest.raises(NotebookError, match="plain.py:1: the first line is 'import os'"):
        read_notebook(tmp_path / "plain.py")


def test_a_sql_notebook_has_sql_cells(tmp_path: Path) -> None:
    path = tmp_path / "q.sql"
    path.write_text(
        "-- Databricks notebook source\nSELECT 1\n\n-- COMMAND ----------\n\n-- MAGIC %python\n-- MAGIC x = 1\n"
    )
    source = read_notebook(path)
    assert [(cell.kind, cell.body) for cell in source.cells] == [("sql", "SELECT 1"), ("python", "\nx = 1")]
    assert source.to_text() == path.read_text()
    assert Cell("python", "x = 1").body == "x = 1"
