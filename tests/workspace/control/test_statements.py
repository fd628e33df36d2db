"""SQL statements through the platform's client, against real Spark."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
import requests
from databricks.sdk.errors import InvalidParameterValue, NotImplemented
from databricks.sdk.service.jobs import PerformanceTarget, RunResultState
from databricks.sdk.service.sql import (
    ColumnInfoTypeName,
    Disposition,
    ExecuteStatementRequestOnWaitTimeout,
    Format,
    QueryTag,
    ServiceErrorCode,
    StatementParameterListItem,
    StatementResponse,
    StatementState,
)

from tests.workspace.control.conftest import Plane, ended

Sql = Callable[..., StatementResponse]
PEOPLE = """VALUES ('ada'), ("o'neill") AS people(name)"""
SLOW = "SELECT count(*) FROM range(1000000000000) WHERE id % 7 = (SELECT count(*) FROM range(3))"


def rows(answer: StatementResponse) -> list[list[str]]:
    assert answer.status is not None
    assert answer.status.state is StatementState.SUCCEEDED, answer.status.error
    assert answer.result is not None
    return answer.result.data_array or []


def named(name: str, value: str | None, kind: str | None = None) -> StatementParameterListItem:
    return StatementParameterListItem(name, type=kind, value=value)


def test_every_value_is_text_or_null_and_every_column_has_its_type(sql: Sql) -> None:
    answer = sql(
        """
        SELECT 1 AS a, 2L AS a, 1.50BD AS price, 0.1D AS share, true AS ok, 'x' AS word, NULL AS nothing,
          DATE '2024-02-29' AS day, TIMESTAMP '2024-02-29T12:00:00.5+02:00' AS at,
          TIMESTAMP_NTZ '2024-02-29 12:00:00.000001' AS local, X'00FF' AS bytes,
          array(1, NULL) AS list, named_struct('b', 'c', 'D', NULL) AS pair, map('k', 1) AS dict
        """
    )
    assert rows(answer) == [
        ["1", "2", "1.50", "0.1", "true", "x", None, "2024-02-29", "2024-02-29T10:00:00.500Z",
         "2024-02-29T12:00:00.000001", "AP8=", "[1,null]", '{"b":"c","D":null}', '{"k":1}'],
    ]  # fmt: skip
    assert answer.manifest is not None
    assert answer.manifest.schema is not None
    columns = answer.manifest.schema.columns or []
    assert [(each.name, each.type_text) for each in columns] == [
        ("a", "INT"), ("a", "BIGINT"), ("price", "DECIMAL(3,2)"), ("share", "DOUBLE"), ("ok", "BOOLEAN"),
        ("word", "STRING"), ("nothing", "VOID"), ("day", "DATE"), ("at", "TIMESTAMP"), ("local", "TIMESTAMP_NTZ"),
        ("bytes", "BINARY"), ("list", "ARRAY<INT>"), ("pair", "STRUCT<b: STRING, D: VOID>"),
        ("dict", "MAP<STRING, INT>"),
    ]  # fmt: skip
    assert [each.position for each in columns] == list(range(14))
    assert columns[1].type_name is ColumnInfoTypeName.LONG
    assert (columns[2].type_precision, columns[2].type_scale) == (3, 2)


@pytest.mark.parametrize("name", ["ada", "o'neill", "x' OR '1'='1", "ada'; DROP TABLE people; --", "\\' OR 1=1 --"])
def test_what_a_parameter_holds_is_never_sql(sql: Sql, name: str) -> None:
    found = rows(sql(f"SELECT name FROM {PEOPLE} WHERE name = :name", parameters=[named("name", name)]))
    assert found == ([[name]] if name in ("ada", "o'neill") else [])


def test_parameters_have_their_types(sql: Sql) -> None:
    given = {
        "i": ("7", "INT"), "b": ("-128", "TINYINT"), "d": ("12.345", "DECIMAL(10, 2)"), "day": ("2024-02-29", "date"),
        "at": ("2024-03-31T01:30:00Z", "TIMESTAMP"), "l": ("2024-03-31 02:30:00", "TIMESTAMP_NTZ"),
        "f": ("0.5", "DOUBLE"), "ok": ("true", "BOOLEAN"), "n": (None, "INT"), "s": ("7", None),
    }  # fmt: skip
    answer = sql(
        f"SELECT {', '.join(f'typeof(:{name}), CAST(:{name} AS STRING)' for name in given)}, :i + 1",
        parameters=[named(name, value, kind) for name, (value, kind) in given.items()],
    )
    found = rows(answer)[0]
    assert dict(zip(given, zip(found[0:-1:2], found[1:-1:2], strict=True), strict=True)) == {
        "i": ("int", "7"), "b": ("tinyint", "-128"), "d": ("decimal(10,2)", "12.35"), "day": ("date", "2024-02-29"),
        "at": ("timestamp", "2024-03-31 01:30:00"), "l": ("timestamp_ntz", "2024-03-31 02:30:00"),
        "f": ("double", "0.5"), "ok": ("boolean", "true"), "n": ("int", None), "s": ("string", "7"),
    }  # fmt: skip
    assert found[-1] == "8"


def test_a_type_is_no_place_for_sql_either(sql: Sql) -> None:
    with pytest.raises(InvalidParameterValue, match="is no type of a parameter"):
        sql("SELECT :a", parameters=[named("a", "1", "INT) AS x, (SELECT 1")])


@pytest.mark.parametrize(
    ("statement", "parameters", "sql_state", "said"),
    [
        ("SELECT * FROM no_such_table", [], "42P01", "[TABLE_OR_VIEW_NOT_FOUND]"),
        ("SELECT 1; SELECT 2", [], "42601", "[PARSE_SYNTAX_ERROR]"),
        ("SELECT :missing", [], "42P02", "[UNBOUND_SQL_PARAMETER]"),
        ("SELECT :a", [("a", "seven", "INT")], "22018", "[CAST_INVALID_INPUT]"),
        ("SELECT 1 / id FROM range(1)", [], "22012", "[DIVIDE_BY_ZERO]"),
    ],
)
def test_wrong_sql_is_a_failed_statement_with_its_reason(
    sql: Sql, statement: str, parameters: list[tuple[str, str, str]], sql_state: str, said: str
) -> None:
    status = sql(statement, parameters=[named(*each) for each in parameters]).status
    assert status is not None
    assert status.error is not None
    assert (status.state, status.error.error_code, status.sql_state) == (
        StatementState.FAILED, ServiceErrorCode.BAD_REQUEST, sql_state,
    )  # fmt: skip
    assert (status.error.message or "").startswith(said)
    assert "Relation" not in (status.error.message or "")  # no dump of a plan


def test_a_row_limit_says_whether_it_cut_anything_off(sql: Sql) -> None:
    for n_rows, is_truncated in ((3, False), (4, True)):
        answer = sql(f"SELECT id FROM range({n_rows})", row_limit=3)
        assert answer.manifest is not None
        assert (len(rows(answer)), answer.manifest.truncated) == (3, is_truncated)
    answer = sql("SELECT '12345' FROM range(9)", byte_limit=11)
    assert answer.manifest is not None
    assert (len(rows(answer)), answer.manifest.truncated) == (2, True)


def test_a_large_result_comes_in_chunks_and_too_large_a_one_not_at_all(sql: Sql, plane: Plane) -> None:
    answer = sql("SELECT id FROM range(25000)")
    assert answer.manifest is not None
    assert (answer.manifest.total_chunk_count, answer.manifest.total_row_count) == (3, 25000)
    found, chunk = rows(answer), answer.result
    while chunk is not None and chunk.next_chunk_index is not None:
        chunk = plane.client.statement_execution.get_statement_result_chunk_n(
            answer.statement_id or "", chunk.next_chunk_index
        )
        found += chunk.data_array or []
    assert [int(row[0]) for row in found] == list(range(25000))
    status = sql("SELECT repeat('x', 1024 * 1024) FROM range(30)").status
    assert status is not None
    assert status.error is not None
    assert status.error.error_code is ServiceErrorCode.RESOURCE_EXHAUSTED


def test_no_row_means_no_data_array_as_on_the_platform(sql: Sql) -> None:
    answer = sql("SELECT id FROM range(0)")
    assert answer.result is not None
    assert answer.manifest is not None
    assert (answer.result.data_array, answer.result.row_count, answer.manifest.total_row_count) == (None, 0, 0)


def test_commands_have_an_effect_and_a_schema_can_be_chosen(sql: Sql, schema_prefix: str) -> None:
    schema = f"{schema_prefix}shop"
    assert rows(sql(f"CREATE SCHEMA {schema}")) == []
    rows(sql("CREATE TABLE fruit (name STRING) USING delta", schema=schema))
    rows(sql("INSERT INTO fruit VALUES (:name)", schema=schema, parameters=[named("name", "pear")]))
    assert rows(sql(f"SELECT name FROM {schema}.fruit", catalog="spark_catalog")) == [["pear"]]


def test_sessions_are_their_own(sql: Sql) -> None:
    rows(sql("CREATE TEMPORARY VIEW mine AS SELECT 1"))
    status = sql("SELECT * FROM mine").status
    assert status is not None
    assert status.state is StatementState.FAILED


def test_a_statement_that_is_not_waited_for_is_polled(sql: Sql, plane: Plane) -> None:
    begun = sql("SELECT id FROM range(1) WHERE java_method('java.lang.Thread', 'sleep', 500L) = 'null'", wait_timeout="0s")
    assert begun.status is not None
    assert begun.status.state in (StatementState.PENDING, StatementState.RUNNING)
    assert begun.result is None
    assert rows(ended(plane, begun)) == [["0"]]


def test_a_statement_is_cancelled_when_asked_or_when_its_time_is_over(sql: Sql, plane: Plane) -> None:
    begun = sql(SLOW, wait_timeout="0s")
    time.sleep(1)
    plane.client.statement_execution.cancel_execution(begun.statement_id or "")
    status = ended(plane, begun).status
    assert status is not None
    assert status.state is StatementState.CANCELED

    before = time.monotonic()
    status = sql(SLOW, wait_timeout="5s", on_wait_timeout=ExecuteStatementRequestOnWaitTimeout.CANCEL).status
    assert status is not None
    assert status.state is StatementState.CANCELED
    assert 5 <= time.monotonic() - before < 30


@pytest.mark.parametrize("timeout", ["3s", "51s", "10", "-1s", "1m"])
def test_an_odd_wait_is_refused(sql: Sql, timeout: str) -> None:
    with pytest.raises(InvalidParameterValue, match="wait_timeout"):
        sql("SELECT 1", wait_timeout=timeout)


def test_any_warehouse_tags_and_targets_are_taken(plane: Plane, quiet: Plane) -> None:
    """They are recorded in the table of what is emulated: one server, one performance."""
    execute = plane.client.statement_execution.execute_statement
    tags = [QueryTag(key="team", value="trees")]
    for warehouse in ("any", "other"):
        answer = ended(plane, execute("SELECT 7", warehouse, query_tags=tags))
        assert answer.result is not None
        assert answer.result.data_array == [["7"]]
    run = quiet.client.jobs.run_now(quiet.job("compare"), performance_target=PerformanceTarget.STANDARD).result()
    assert run.state is not None
    assert run.state.result_state is RunResultState.SUCCESS


def test_what_is_not_served_is_not_ignored(sql: Sql, plane: Plane) -> None:
    with pytest.raises(NotImplemented, match="CSV, EXTERNAL_LINKS"):
        sql("SELECT 1", disposition=Disposition.EXTERNAL_LINKS, format=Format.CSV)
    headers = {"Authorization": f"Bearer {plane.address.token}"}
    body = {"statement": "SELECT 1", "warehouse_id": "any", "row_limt": 3}
    answer = requests.post(
        f"{plane.address.host}/api/2.0/sql/statements", json=body, headers=headers, timeout=10
    )
    assert (answer.status_code, answer.json()["error_code"]) == (501, "NOT_IMPLEMENTED")
    assert "`row_limt`" in answer.json()["message"]
