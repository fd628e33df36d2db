"""`display` and `displayHTML`: Spark, pandas, figures, dicts, text; each with plain text beside it."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from html import escape
from typing import Any

from IPython.core import display_functions
from IPython.core.getipython import get_ipython
from IPython.lib import pretty

from tideline.workspace.notebook.kernel import figures, tables
from tideline.workspace.notebook.kernel.errors import NotEmulated
from tideline.workspace.notebook.kernel.tables import ROW_LIMIT, Table, limit_note

publish: Any = display_functions.publish_display_data
OWN_HTML = {"text/html": {"tideline": "table"}}


def display(*values: Any, **options: Any) -> None:
    """Show each value. At most 1,000 rows of a table, with a note; options of the platform's widget are refused."""
    if options:
        raise NotEmulated(f"display(..., {next(iter(options))}=)", "display(value) is")
    for value in values:
        data, metadata = render(value)
        publish(data, metadata)


def displayHTML(html: Any = "", **_: Any) -> None:
    """Show HTML as it is; a report puts it in a sandbox."""
    publish({"text/html": str(html), "text/plain": "<HTML>"})


def render(value: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """MIME bundle and metadata of a value."""
    figure = figures.as_figure(value)
    if figure is not None:
        return figures.png_of(figure), {}
    if figures.is_plotly(value):
        return figures.plotly_html(value), {}
    table = as_table(value)
    if table is not None:
        return {"text/html": table.to_html(), "text/plain": table.to_text()}, OWN_HTML
    if isinstance(value, str):
        return {"text/plain": value}, {}
    if isinstance(value, Mapping | list | tuple):
        text = _json(value)
        return {"text/html": f'<pre class="nb-json">{escape(text)}</pre>', "text/plain": text}, OWN_HTML
    return _by_ipython(value)


def as_table(value: Any) -> Table | None:
    """The value's rows, where it has any: a DataFrame, a list of dicts, a list of rows."""
    if _is_spark(value):
        return _spark_table(value)
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(value, pandas.Series):
        value = value.reset_index()
    if pandas is not None and isinstance(value, pandas.DataFrame):
        return _pandas_table(value)
    if isinstance(value, list | tuple) and value and all(isinstance(row, Mapping) for row in value):
        return tables.of_mappings(value)
    if isinstance(value, list) and value and all(hasattr(row, "asDict") for row in value):
        return tables.of_mappings([row.asDict() for row in value])
    return None


def pandas_formats(frame: Any) -> tuple[str, dict[str, str]]:
    """HTML of a frame that ends a cell, index included; marked as our own."""
    named = frame.reset_index() if frame.index.name or frame.index.nlevels > 1 else frame
    return _pandas_table(named).to_html(), OWN_HTML["text/html"]


def _is_spark(value: Any) -> bool:
    return any(
        each.__name__ == "DataFrame" and each.__module__.startswith("pyspark.sql")
        for each in type(value).__mro__
    )


def _spark_table(frame: Any) -> Table:
    if frame.isStreaming:
        raise NotEmulated(
            "display of a stream", "write it with trigger(availableNow=True), then display the table"
        )
    rows = frame.limit(ROW_LIMIT + 1).collect()
    return Table(frame.columns, [tuple(row) for row in rows[:ROW_LIMIT]], limit_note(len(rows) > ROW_LIMIT))


def _pandas_table(frame: Any) -> Table:
    head = frame.head(ROW_LIMIT)
    rows = [
        [None if _is_missing(value) else value for value in row]
        for row in head.itertuples(index=False, name=None)
    ]
    return Table([str(name) for name in frame.columns], rows, limit_note(len(frame) > ROW_LIMIT, len(frame)))


def _is_missing(value: Any) -> bool:
    """NaN, NaT and NA differ from themselves, or cannot tell."""
    try:
        return bool(value != value)
    except (TypeError, ValueError):
        return type(value).__name__ == "NAType"


def _json(value: Any) -> str:
    try:
        return json.dumps(value, indent=2, default=str, ensure_ascii=False)
    except (TypeError, ValueError):
        as_text: Any = pretty.pretty
        return str(as_text(value))


def _by_ipython(value: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    shell: Any = get_ipython()
    data, metadata = shell.display_formatter.format(value)
    return data, metadata
