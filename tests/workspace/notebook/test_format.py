"""The source format: what is read is written back byte for byte, and every cell knows its line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tideline.workspace.errors import NotebookError
from tideline.workspace.notebook.format import Source, cell_of, find_notebook, parse, read_notebook
from tideline.workspace.notebook.ipynb import from_ipynb, to_ipynb

HEADER = "# Databricks notebook source"
LINES = [
    "# COMMAND ----------", "# COMMAND ---------- ", "# COMMAND -----------", "# MAGIC", "# MAGIC ", "# MAGIC %md",
    "# MAGIC %sql select 1", "# MAGIC %nonsense x", "# DBTITLE 1,A title", "# DBTITLE 0,Hidden", "x = 1", "%time y",
    "# /// script", "# ///", "# dependencies = []", "", "   ", "\f", "\x85", "é\u2028", "# MAGIC  two", "%pip install x",
]  # fmt: skip
TEXTS = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=30)


@given(
    st.lists(st.one_of(st.sampled_from(LINES), TEXTS), max_size=25),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_any_notebook_is_written_back_byte_for_byte(lines: list[str], newline: str, ends: bool) -> None:
    text = newline.join([HEADER, *lines]) + (newline if ends or not lines else "")
    assert parse(text).to_text() == text


@given(st.lists(st.one_of(st.sampled_from(LINES), TEXTS), max_size=25))
def test_every_cell_stands_on_the_line_that_it_names(lines: list[str]) -> None:
    text = "\n".join([HEADER, *lines, "# COMMAND ----------", "last = 1", ""])
    source, all_lines = parse(text), text.split("\n")
    for cell in source.cells:
        first = cell.text.split("\n")[0]
        assert all_lines[cell.line - 1].endswith(first)
    assert source.cells[-1].line == len(all_lines) - 1


BODIES = st.lists(st.sampled_from(["x = 1", "", "  y", "# a note"]), min_size=1, max_size=4).map(
    lambda lines: "\n".join(["a = 0", *lines, "b = 1"])
)
MAGICS = st.sampled_from(
    ["%md\n# Title\n\ntext", "%sql select 1", '%run ./x $a="1"', "%scala\nval x = 1", "%skip\nx"]
)


@given(st.lists(st.one_of(BODIES, MAGICS), min_size=1, max_size=6), st.sampled_from(["", "A title"]))
def test_cells_made_by_hand_are_read_again_as_they_were(bodies: list[str], title: str) -> None:
    made = Source(tuple(cell_of(body, title=title) for body in bodies))
    read = parse(made.to_text())
    assert [(cell.kind, cell.text, cell.title) for cell in read.cells] == [
        (cell.kind, cell.text, cell.title) for cell in made.cells
    ]


def test_cells_have_kinds_titles_and_lines() -> None:
    text = (
        f'{HEADER}\n# /// script\n# [tool.databricks.environment]\n# environment_version = "4"\n# ///\n'
        "# MAGIC %md\n# MAGIC # Hi\n# MAGIC\n\n# COMMAND ----------\n\n# DBTITLE 1,Sum\nx = 1\n\n"
        "# COMMAND ----------\n\n# MAGIC %python\n# MAGIC y = 2\n\n# COMMAND ----------\n\n# MAGIC %%time\n# MAGIC z\n"
    )
    source = parse(text)
    assert [(cell.kind, cell.title, cell.line, cell.body_line) for cell in source.cells] == [
        ("md", "", 6, 7), ("python", "Sum", 13, 13), ("python", "", 17, 18), ("magic", "", 22, 22),
    ]  # fmt: skip
    assert source.cells[2].body == "y = 2"
    assert source.environment() == {"environment_version": "4"}
    assert source.to_text() == text


def test_a_changed_cell_leaves_its_neighbours_alone() -> None:
    source = parse(f"{HEADER}\nx = 1\n\n\n# COMMAND ----------\ny = 2")
    changed = replace(source, cells=(source.cells[0], source.cells[1].changed("y = 3")))
    assert changed.to_text() == f"{HEADER}\nx = 1\n\n\n# COMMAND ----------\n\ny = 3\n"


def test_a_file_without_the_header_is_refused_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "plain.py"
    path.write_text("# Databricks notebook source, nearly\n")
    with pytest.raises(
        NotebookError, match=r"plain\.py:1: not a Databricks notebook.*the first line must be"
    ):
        read_notebook(path)


def test_a_notebook_is_found_with_and_without_its_extension(tmp_path: Path) -> None:
    (tmp_path / "a.b.py").write_text(HEADER)
    assert (
        find_notebook(tmp_path, "a.b") == find_notebook(tmp_path, "a.b.py") == (tmp_path / "a.b.py").resolve()
    )
    assert find_notebook(tmp_path, "missing") is None


def test_a_notebook_in_sql_has_sql_cells() -> None:
    text = "-- Databricks notebook source\nselect 1\n\n-- COMMAND ----------\n\n-- MAGIC %python\n-- MAGIC x = 1\n"
    source = parse(text, language="sql")
    assert [(cell.kind, cell.body) for cell in source.cells] == [("sql", "select 1"), ("python", "x = 1")]
    assert source.to_text() == text


def test_ipynb_and_back_keeps_every_cell() -> None:
    source = parse(
        f"{HEADER}\n# MAGIC %md\n# MAGIC # Hi\n\n# COMMAND ----------\n\n# DBTITLE 0,Sum\nx = 1\n\n"
        "# COMMAND ----------\n\n# MAGIC %sql\n# MAGIC select 1\n"
    )
    import nbformat

    document = to_ipynb(source)
    nbformat.validate(document)
    back = from_ipynb(nbformat.writes(document))
    assert [(cell.kind, cell.text, cell.title) for cell in back.cells] == [
        (cell.kind, cell.text, cell.title) for cell in source.cells
    ]
    assert Source(back.cells).to_text() == source.to_text()
