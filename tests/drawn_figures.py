"""What a figure shows, read back from its axes; and the second opinion on it, by DuckDB over the same rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb
import pandas as pd
import pytest
from matplotlib.axes import Axes


def asked(tables: Mapping[str, pd.DataFrame], query: str) -> list[tuple[Any, ...]]:
    """Rows of a query over data frames by name."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for name, rows in tables.items():
            connection.register(name, rows)
        return connection.execute(query).fetchall()


def bars_of(axes: Axes) -> list[tuple[str, float]]:
    """Names and lengths of horizontal bars, from the top; panels that share names have them in the first one."""
    names = [label.get_text().replace("\n", " ") for label in axes.figure.axes[0].get_yticklabels()]
    return list(zip(names, [patch.get_width() for patch in axes.patches], strict=True))


def parts_of(axes: Axes) -> dict[str, list[tuple[str, float]]]:
    """Bars that are made of parts: part -> names and lengths, from the top."""
    names = [label.get_text() for label in axes.get_yticklabels()]
    drawn = {str(each.get_label()): [patch.get_width() for patch in each] for each in axes.containers}
    return {part: list(zip(names, widths, strict=True)) for part, widths in drawn.items()}


def same(drawn: list[tuple[str, float]], expected: list[tuple[Any, ...]]) -> bool:
    """Whether bars are those of the rows (name, value), in this order; there must be some."""
    assert expected, "the question must have an answer"
    assert [name for name, _ in drawn] == [str(row[0]) for row in expected]
    assert [value for _, value in drawn] == pytest.approx([float(row[1]) for row in expected])
    return True
