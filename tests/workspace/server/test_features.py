"""Features of the platform's tables and functions that bundles rely on: each does here what it does there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest
from pyspark.sql import SparkSession

Make = Callable[..., str]


@pytest.fixture
def make(spark: SparkSession, schema_prefix: str) -> Iterator[Make]:
    """A function that makes a Delta table with ids 1 and 2, and gives its name."""
    spark.sql(f"CREATE SCHEMA {schema_prefix}features")

    def table(name: str, *, more: str = "", properties: str = "'delta.enableChangeDataFeed' = 'true'") -> str:
        full = f"{schema_prefix}features.{name}"
        spark.sql(f"CREATE TABLE {full} (id INT, name STRING) USING DELTA {more} TBLPROPERTIES ({properties})")
        spark.sql(f"INSERT INTO {full} SELECT /*+ REPARTITION(1) */ * FROM VALUES (1, 'a'), (2, 'b')")  # into one file
        return full

    yield table


def rows(spark: SparkSession, query: str, **arguments: Any) -> list[tuple[Any, ...]]:
    return sorted(tuple(row) for row in spark.sql(query, args=arguments).collect())


def test_a_merge_updates_deletes_inserts_and_counts(spark: SparkSession, make: Make) -> None:
    target = make("merged")
    spark.sql(f"""
        MERGE INTO {target} t USING (SELECT * FROM VALUES (1, 'A', false), (2, '', true), (3, 'c', false) AS s(id, name, gone)) s
        ON t.id = s.id WHEN MATCHED AND s.gone THEN DELETE WHEN MATCHED THEN UPDATE SET name = s.name
        WHEN NOT MATCHED THEN INSERT (id, name) VALUES (s.id, s.name)
    """)
    assert rows(spark, f"SELECT * FROM {target}") == [(1, "A"), (3, "c")]
    counts = spark.sql(f"DESCRIBE HISTORY {target} LIMIT 1").collect()[0]["operationMetrics"]
    names = ("numTargetRowsUpdated", "numTargetRowsDeleted", "numTargetRowsInserted")
    assert [counts[name] for name in names] == ["1", "1", "1"]


def test_the_change_feed_gives_both_images(spark: SparkSession, make: Make) -> None:
    table = make("fed")
    spark.sql(f"UPDATE {table} SET name = 'B' WHERE id = 2")
    feed = f"SELECT _change_type, id, name FROM table_changes('{table}', 2)"
    assert rows(spark, feed) == [("update_postimage", 2, "B"), ("update_preimage", 2, "b")]


def test_a_deletion_vector_removes_a_row_and_rewrites_no_file(spark: SparkSession, make: Make) -> None:
    table = make("marked", properties="'delta.enableDeletionVectors' = 'true'")
    spark.sql(f"DELETE FROM {table} WHERE id = 1")
    counts = spark.sql(f"DESCRIBE HISTORY {table} LIMIT 1").collect()[0]["operationMetrics"]
    assert (counts["numDeletionVectorsAdded"], counts["numAddedFiles"]) == ("1", "0")
    assert rows(spark, f"SELECT id FROM {table}") == [(2,)]


def test_columns_of_clustering_are_kept(spark: SparkSession, make: Make) -> None:
    table = make("clustered", more="CLUSTER BY (id)")
    assert spark.sql(f"DESCRIBE DETAIL {table}").collect()[0]["clusteringColumns"] == ["id"]


def test_a_variant_keeps_json_and_gives_its_parts(spark: SparkSession, schema_prefix: str, make: Make) -> None:
    table = f"{schema_prefix}features.documents"
    spark.sql(f"CREATE TABLE {table} (document VARIANT) USING DELTA")
    spark.sql(f"""INSERT INTO {table} SELECT parse_json('{{"a": {{"b": [1, 2.5]}}}}')""")
    parts = "variant_get(document, '$.a.b[1]', 'double'), to_json(document), try_variant_get(document, '$.x', 'int')"
    assert rows(spark, f"SELECT {parts} FROM {table}") == [(2.5, '{"a":{"b":[1,2.5]}}', None)]


def test_an_older_version_is_read_and_restored(spark: SparkSession, make: Make) -> None:
    table = make("restored")
    spark.sql(f"DELETE FROM {table}")
    assert rows(spark, f"SELECT id FROM {table} VERSION AS OF 1") == [(1,), (2,)]
    spark.sql(f"RESTORE TABLE {table} TO VERSION AS OF 1")
    assert rows(spark, f"SELECT id FROM {table}") == [(1,), (2,)]


def test_upkeep_compacts_files_and_keeps_rows(spark: SparkSession, make: Make) -> None:
    table = make("kept")
    spark.sql(f"INSERT INTO {table} VALUES (3, 'c')")
    spark.sql(f"OPTIMIZE {table}")
    spark.sql(f"VACUUM {table}")
    assert spark.sql(f"DESCRIBE DETAIL {table}").collect()[0]["numFiles"] == 1
    assert rows(spark, f"SELECT id FROM {table}") == [(1,), (2,), (3,)]


def test_a_merge_with_schema_evolution_adds_a_column(spark: SparkSession, make: Make) -> None:
    target = make("evolved")
    spark.sql(f"""
        MERGE WITH SCHEMA EVOLUTION INTO {target} t USING (SELECT 1 AS id, 'x' AS name, 7L AS score) s ON t.id = s.id
        WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *
    """)
    assert [tuple(row) for row in spark.sql(f"SELECT * FROM {target} ORDER BY id").collect()] == [(1, "x", 7), (2, "b", None)]


def test_comments_of_tables_and_columns_are_kept(spark: SparkSession, make: Make) -> None:
    table = make("described")
    spark.sql(f"COMMENT ON TABLE {table} IS 'one row per thing'")
    spark.sql(f"ALTER TABLE {table} ALTER COLUMN name COMMENT 'what it is called'")
    described = {row["col_name"]: row["comment"] for row in spark.sql(f"DESCRIBE TABLE {table}").collect()}
    assert described["name"] == "what it is called"
    assert spark.catalog.getTable(table).description == "one row per thing"


def test_names_and_values_are_parameters(spark: SparkSession, make: Make) -> None:
    table = make("asked")
    assert rows(spark, "SELECT name FROM IDENTIFIER(:t) WHERE id = :id", t=table, id=2) == [("b",)]


def test_pandas_functions_run_by_batch_and_by_group(spark: SparkSession, make: Make) -> None:
    table = spark.table(make("given"))

    def longer(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for batch in batches:
            yield batch.assign(name=batch["name"] + "!")

    def total(group: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame({"n": [len(group)]})

    assert sorted(row["name"] for row in table.mapInPandas(longer, table.schema).collect()) == ["a!", "b!"]
    assert [row["n"] for row in table.groupBy("id").applyInPandas(total, "n long").collect()] == [1, 1]


def test_a_wrong_cast_is_an_error_as_on_serverless_compute(spark: SparkSession) -> None:
    with pytest.raises(Exception, match="CAST_INVALID_INPUT"):
        spark.sql("SELECT cast('x' AS int)").collect()


def test_a_stream_reads_what_is_available_and_ends(spark: SparkSession, make: Make, tmp_path: Any) -> None:
    table = make("streamed")
    target = f"{table}_copy"
    stream = spark.readStream.table(table).writeStream.option("checkpointLocation", f"{tmp_path}/checkpoint")
    stream.trigger(availableNow=True).toTable(target).awaitTermination()
    assert rows(spark, f"SELECT id FROM {target}") == [(1,), (2,)]


def test_the_python_class_of_delta_is_not_served(spark: SparkSession, make: Make) -> None:
    from delta.tables import DeltaTable

    with pytest.raises(Exception):  # noqa: B017  # whatever the client says; `tideline capabilities` names SQL instead
        DeltaTable.forName(spark, make("by_class")).toDF().collect()
