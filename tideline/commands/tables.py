"""Tables: ask them anything, list them, look at one, see its history."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table
from rich.text import Text

from tideline.commands.app import App, root_with_bundle
from tideline.commands.completion import complete_schemas, complete_tables
from tideline.commands.declared import declared
from tideline.workspace.bundle.suggest import did_you_mean
from tideline.workspace.declared import MASKED, DeclaredTable, declaration_of
from tideline.workspace.errors import WorkspaceError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

FORMATS = click.Choice(["table", "json", "csv"])


EXAMPLES = """
\b
Examples
  tideline sql "select country, count(*) from community_gold.users group by 1"
  tideline sql - --format csv < query.sql
"""


@click.command(epilog=EXAMPLES)
@click.argument("query")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(min=1), help="Rows at most.")
@click.option("--format", "form", type=FORMATS, default="table", show_default=True)
@click.pass_obj
def sql(app: App, query: str, limit: int, form: str) -> None:
    """Run a QUERY and show its rows; `-` reads it from standard input."""
    text = sys.stdin.read() if query == "-" else query
    app.is_json = form != "table"
    with _session(app) as spark:
        _show(app, spark.sql(text.strip().rstrip(";")), limit, form)


@click.command("tables", epilog="\b\nExamples\n  tideline tables\n  tideline tables community_gold")
@click.argument("schema", required=False, shell_complete=complete_schemas)
@click.pass_obj
def list_tables(app: App, schema: str | None) -> None:
    """The tables of every schema, or of one, with their rows."""
    with _session(app) as spark:
        names = [str(row[0]) for row in spark.sql("SHOW SCHEMAS").collect()]
        if schema and schema not in names:
            raise WorkspaceError(
                f"there is no schema `{schema}`", hint=did_you_mean(schema, names, what="schemas")
            )
        found = [
            f"{name}.{row['tableName']}"
            for name in ([schema] if schema else names)
            for row in spark.sql(f"SHOW TABLES IN `{name}`").collect()
            if not row["isTemporary"]
        ]
        if not found:
            app.say("no tables yet; run a job first, or: tideline demo")
            return
        counts = " UNION ALL ".join(
            f"SELECT '{name}' AS table, count(*) AS n_rows FROM {_quoted(name)}" for name in found
        )
        _show(app, spark.sql(counts), len(found), "table")


@click.command(epilog="\b\nExample\n  tideline show community_gold.users_by_country --limit 5")
@click.argument("table", shell_complete=complete_tables)
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1), help="Rows at most.")
@click.option("--format", "form", type=FORMATS, default="table", show_default=True)
@click.option("--unmask", is_flag=True, help="Show personal columns, too.")
@click.pass_obj
def show(app: App, table: str, limit: int, form: str, unmask: bool) -> None:
    """The columns of a TABLE with what they mean, and its first rows; what is personal is masked."""
    app.is_json = form != "table"
    with _session(app) as spark:
        _refuse_unknown(spark, table)
        if form == "table":
            for row in spark.sql(f"DESCRIBE TABLE {_quoted(table)}").collect():
                if row["col_name"] and not row["col_name"].startswith("#"):
                    app.say(f"{row['col_name']}  {row['data_type']}  {row['comment'] or ''}".rstrip())
            app.say("")
        rows = spark.table(_quoted(table))
        _show(app, rows if unmask else _masked(rows, declaration_of(declared(app.root), table)), limit, form)


def _masked(rows: DataFrame, table: DeclaredTable | None) -> DataFrame:
    """`rows` with a word in place of every value that the declaration hides; null stays null."""
    from pyspark.sql import functions as F

    hidden = [name for name in rows.columns if table and table.hides(name)]
    if hidden:
        click.echo(f"masked: {', '.join(hidden)} (--unmask shows them)", err=True)
    return rows.withColumns({name: F.when(F.col(f"`{name}`").isNotNull(), F.lit(MASKED)) for name in hidden}) if hidden else rows


@click.command(epilog="\b\nExample\n  tideline history community_gold.users")
@click.argument("table", shell_complete=complete_tables)
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1), help="Versions at most.")
@click.pass_obj
def history(app: App, table: str, limit: int) -> None:
    """The versions of a TABLE, newest first: when, what, how many rows."""
    with _session(app) as spark:
        _refuse_unknown(spark, table)
        versions = spark.sql(f"DESCRIBE HISTORY {_quoted(table)}")
        _show(app, versions.select("version", "timestamp", "operation", "operationMetrics"), limit, "table")


@contextmanager
def _session(app: App) -> Iterator[SparkSession]:
    """A session whose errors are one line of the user's own query."""
    from pyspark.errors import PySparkException

    app.root = root_with_bundle(app.root)
    try:
        yield app.spark()
    except PySparkException as error:
        message = str(error).split("JVM stacktrace")[0].split("== SQL")[0]
        raise WorkspaceError(" ".join(message.split())) from None


def _refuse_unknown(spark: SparkSession, table: str) -> None:
    if spark.catalog.tableExists(_quoted(table)):
        return
    schema, _, _ = table.rpartition(".")
    known: list[str] = []
    if schema and spark.catalog.databaseExists(schema):
        known = [f"{schema}.{row['tableName']}" for row in spark.sql(f"SHOW TABLES IN `{schema}`").collect()]
    hint = did_you_mean(table, known, what="tables") if known else "list them: tideline tables"
    raise WorkspaceError(f"there is no table `{table}`", hint=hint)


def _quoted(table: str) -> str:
    return ".".join(f"`{part.strip('`')}`" for part in table.split("."))


def _show(app: App, rows: DataFrame, limit: int, form: str) -> None:
    columns, found = rows.columns, rows.limit(limit + 1).collect()
    shown = found[:limit]
    if form == "json":
        app.give([row.asDict(recursive=True) for row in shown])
    elif form == "csv":
        writer = csv.writer(sys.stdout)
        writer.writerow(columns)
        writer.writerows(shown)
    elif columns:
        table = Table(box=None, pad_edge=False)
        for name in columns:
            table.add_column(name, overflow="fold")
        for row in shown:
            table.add_row(*(Text(_text(value)) for value in row))
        app.console.print(table)
    if len(found) > limit:
        click.echo(f"only the first {limit} rows are shown (--limit)", err=True)


def _text(value: Any) -> str:
    return (
        "null"
        if value is None
        else f"{value:,}"
        if isinstance(value, int) and not isinstance(value, bool)
        else str(value)
    )
