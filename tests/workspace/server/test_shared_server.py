"""What every notebook and command takes for granted of the server."""

from __future__ import annotations

import threading

import pandas as pd
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from tideline.workspace.server import ServerAddress, close_session, open_session


def test_a_delta_table_is_written_and_read(spark: SparkSession, schema_prefix: str) -> None:
    table = f"{schema_prefix}a.numbers"
    spark.sql(f"CREATE SCHEMA {schema_prefix}a")
    spark.range(3).write.format("delta").saveAsTable(table)

    assert sorted(row.id for row in spark.table(table).collect()) == [0, 1, 2]


def test_sql_parameters_reach_the_query_with_deltas_extension_on(spark: SparkSession) -> None:
    assert spark.sql("SELECT :name AS name", args={"name": "o'neill"}).collect() == [("o'neill",)]


def test_temporary_views_belong_to_one_session(spark: SparkSession, spark_server: ServerAddress) -> None:
    spark.range(1).createOrReplaceTempView("mine")
    other = open_session(spark_server)

    assert not other.catalog.tableExists("mine")
    other.stop()


def test_python_functions_run_with_the_same_python(spark: SparkSession) -> None:
    doubled = F.udf(lambda number: number * 2, "long")

    assert spark.range(2).select(doubled("id")).collect() == [(0,), (2,)]


def test_times_are_utc_and_shuffles_small(spark: SparkSession) -> None:
    assert spark.conf.get("spark.sql.session.timeZone") == "UTC"
    assert spark.conf.get("spark.sql.shuffle.partitions") == "2"


def test_a_pandas_table_goes_there_and_back(spark: SparkSession) -> None:
    sent = pd.DataFrame({"country": ["DE", None], "users": [3, 1]})

    received = spark.createDataFrame(sent).toPandas()

    pd.testing.assert_frame_equal(received, sent)


def test_a_session_ends_though_a_result_was_dropped_half_read(spark_server: ServerAddress) -> None:
    for _ in range(10):
        session = open_session(spark_server)
        rows = session.sql("SELECT id, repeat('x', 500) FROM range(30000)").toLocalIterator()
        next(rows)
        del rows
        ending = threading.Thread(target=close_session, args=(spark_server, session), daemon=True)
        ending.start()
        ending.join(30)
        assert not ending.is_alive()
