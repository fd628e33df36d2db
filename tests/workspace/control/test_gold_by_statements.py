"""Gold read in both ways, from files and by statements: the same rows in the same types, of the same commit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pyarrow as pa
import pytest
from databricks.sdk.service.sql import ExternalLink

from engine.catalog import PROPERTIES
from tests.workspace.control.conftest import Plane
from utils.errors import SourceError
from utils.gold import DeltaGold, Gold
from utils.statements import StatementGold, _fetched, arrow_type

TABLE = "shop_gold.answers"


@pytest.fixture(scope="module")
def places(spark: Any, plane: Plane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Gold]]:
    prefix = f"g{abs(hash(str(tmp_path_factory.getbasetemp()))) % 10**8}_"
    schema = f"{prefix}shop_gold"
    properties = ", ".join(f"'{key}' = '{value}'" for key, value in PROPERTIES.items())
    spark.sql(f"CREATE SCHEMA {schema}").collect()
    spark.sql(f"""
        CREATE TABLE {schema}.answers USING DELTA COMMENT 'one row per id' TBLPROPERTIES ({properties}) AS
        SELECT id, CAST(id AS INT) AS n, id / 3 AS share, id % 2 = 0 AS is_even, IF(id = 3, NULL, concat('é ', id)) AS word,
          DATE '2024-02-28' + CAST(id AS INT) AS day, TIMESTAMP '2024-02-29T12:00:00.000001' AS at,
          array(named_struct('variant', CAST(id AS STRING), 'n', id, 'rate', id / 7, 'best', IF(id = 2, NULL, 0.5D))) AS variants
        FROM range(0, 40000, 1, 1)""").collect()
    spark.sql(f"DELETE FROM {schema}.answers WHERE id % 1000 = 5").collect()
    spark.sql(f"ALTER TABLE {schema}.answers ALTER COLUMN id COMMENT 'Its number.'").collect()
    # More than a statement may answer inline.
    spark.sql(f"""
        CREATE TABLE {schema}.large USING DELTA AS
        SELECT id, IF(id = 7, NULL, repeat('x', 1200)) AS text FROM range(0, 25000, 1, 1)""").collect()
    location = spark.sql(f"DESCRIBE DETAIL {schema}.answers").collect()[0]["location"]
    yield {
        "files": DeltaGold(Path(urlparse(location).path).parents[1], prefix),
        "statements": StatementGold("any", "spark_catalog", prefix, connect=lambda: plane.client),
    }
    spark.sql(f"DROP SCHEMA {schema} CASCADE").collect()


def table_of(place: Gold, commit: int, table: str = TABLE) -> pa.Table:
    """All rows."""
    return pa.Table.from_batches(list(place.read(table, f"{table}@{commit}"))).combine_chunks()


def test_both_see_the_same_commit_and_the_same_rows_in_the_same_types(places: dict[str, Gold]) -> None:
    versions = {name: place.version([TABLE]) for name, place in places.items()}
    assert versions == {"files": f"{TABLE}@2", "statements": f"{TABLE}@2"}
    files, statements = (table_of(place, 1).sort_by("id") for place in places.values())
    assert statements.num_rows == 39_960
    assert statements.schema.types == [each.type for each in files.schema]
    assert statements.equals(files.cast(statements.schema))


def test_both_read_a_table_that_is_larger_than_an_answer(places: dict[str, Gold]) -> None:
    files, statements = (table_of(place, 0, "shop_gold.large").sort_by("id") for place in places.values())
    assert statements.nbytes > 25 * 1024**2
    assert statements.equals(files.cast(statements.schema))


def test_a_link_that_leads_nowhere_is_said_without_its_address() -> None:
    with pytest.raises(SourceError, match="chunk 3 of a result could not be fetched: ConnectionError") as told:
        _fetched(ExternalLink(chunk_index=3, external_link="http://127.0.0.1:9/result?signature=secret"))
    assert "secret" not in str(told.value)


def test_both_read_an_older_commit(places: dict[str, Gold]) -> None:
    assert [table_of(place, 0).num_rows for place in places.values()] == [40_000, 40_000]


def test_both_read_the_named_columns_only(places: dict[str, Gold]) -> None:
    for place in places.values():
        assert {tuple(batch.schema.names) for batch in place.read(TABLE, f"{TABLE}@2", ("word", "n"))} == {("word", "n")}


def test_a_table_that_is_not_there_yet_has_no_version(places: dict[str, Gold]) -> None:
    for place in places.values():
        assert place.version([TABLE, "shop_gold.nothing"]) is None
        assert place.version(["no_gold.nothing"]) is None


def test_a_statement_that_fails_is_said_with_its_cause(places: dict[str, Gold]) -> None:
    with pytest.raises(SourceError, match=r"VERSION AS OF 99"):
        list(places["statements"].read(TABLE, f"{TABLE}@99"))


def test_a_type_that_is_not_known_is_named() -> None:
    with pytest.raises(SourceError, match="INTERVAL"):
        arrow_type("INTERVAL")


def test_both_describe_a_table_alike_and_count_no_deleted_row(places: dict[str, Gold]) -> None:
    files, statements = (place.describe(TABLE) for place in places.values())
    assert files is not None and statements is not None
    # The log says when the commit was prepared, the history when its file was there.
    assert abs((files.changed_at - statements.changed_at).total_seconds()) < 10
    assert files == replace(statements, changed_at=files.changed_at)
    assert (files.comment, files.n_rows, files.commit) == ("one row per id", 39_960, 2)
    assert files.fields[:2] == (("id", "bigint", "Its number."), ("n", "int", ""))
    assert files.fields[-1].type == "array<struct<variant:string,n:bigint,rate:double,best:double>>"
    assert [place.describe("shop_gold.no_such") for place in places.values()] == [None, None]
