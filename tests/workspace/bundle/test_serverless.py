"""Code that fails on serverless compute or over Spark Connect is refused at its line and column, wherever it is deployed."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

import pytest

from tests.workspace.bundle.bundles import findings, load, write
from tideline.workspace.bundle import Finding, connect_names, lint

HEADER = "# Databricks notebook source\n"
JOB = """
    resources:
      jobs:
        j: {tasks: [{task_key: a, notebook_task: {notebook_path: a.py}}]}
"""
CONNECT, SERVERLESS = "not-over-connect", "not-on-serverless"
# A line of Python that stands alone -> the column that is named, and the rule.
PYTHON = {
    "spark.sparkContext.addFile('x')": (7, CONNECT),
    "n = spark.table('t').rdd.getNumPartitions()": (22, CONNECT),
    "sc.textFile('x')": (1, CONNECT),
    "SparkContext.getOrCreate()": (1, CONNECT),
    "sqlContext.sql('select 1')": (1, CONNECT),
    "from pyspark import SparkContext": (21, CONNECT),
    "from pyspark.sql import SQLContext, Row": (25, CONNECT),
    "from pyspark.mllib.stat import Statistics": (32, CONNECT),
    "import py4j.java_gateway": (8, CONNECT),
    "spark._jvm.java.lang.System.gc()": (7, CONNECT),
    "spark._jsc.hadoopConfiguration()": (7, CONNECT),
    "getattr(spark, '_jsparkSession')": (16, CONNECT),
    "rows._jdf.queryExecution()": (6, CONNECT),
    "rows.sql_ctx.tables()": (6, CONNECT),
    "builder.enableHiveSupport()": (9, CONNECT),
    "spark.newSession()": (7, CONNECT),
    "spark_context.setLogLevel('ERROR')": (15, CONNECT),
    "context.setJobGroup('a', 'b')": (9, CONNECT),
    "context.accumulator(0)": (9, CONNECT),
    "context.parallelize([1])": (9, CONNECT),
    "context.setCheckpointDir('x')": (9, CONNECT),
    "spark.table('t').cache()": (18, SERVERLESS),
    "rows.persist()": (6, SERVERLESS),
    "rows.unpersist()": (6, SERVERLESS),
    "rows.checkpoint()": (6, SERVERLESS),
    "rows.localCheckpoint()": (6, SERVERLESS),
    "spark.catalog.cacheTable('t')": (15, SERVERLESS),
    "spark.catalog.clearCache()": (15, SERVERLESS),
    "rows.createGlobalTempView('v')": (6, SERVERLESS),
    "rows.createOrReplaceGlobalTempView('v')": (6, SERVERLESS),
    "spark.udf.registerJavaFunction('f', 'a.B')": (11, SERVERLESS),
    "spark.conf.set('spark.sql.adaptive.enabled', 'false')": (12, SERVERLESS),
    "spark.read.csv('dbfs:/tmp/x')": (16, SERVERLESS),
    "open('/dbfs/tmp/x')": (6, SERVERLESS),
    "dbutils.fs.ls('/tmp')": (15, SERVERLESS),
    "dbutils.fs.cp('file:/a', '/mnt/a')": (26, SERVERLESS),
    "dbutils.fs.mount('s3a://b', '/Volumes/a/b/c')": (12, SERVERLESS),
    "rows.writeStream.trigger(processingTime='1 minute').toTable('t')": (18, SERVERLESS),
    "rows.writeStream.trigger(continuous='1 second').start()": (18, SERVERLESS),
    "rows.writeStream.option('a', 'b').start()": (35, SERVERLESS),
    "spark.sql('CACHE TABLE t')": (12, SERVERLESS),
    "spark.sql(f'UNCACHE TABLE {name}')": (13, SERVERLESS),
    "spark.sql('CREATE GLOBAL TEMPORARY VIEW v AS SELECT 1')": (19, SERVERLESS),
    "spark.sql('SELECT * FROM global_temp.v')": (26, SERVERLESS),
    "spark.sql(\"CREATE TABLE t (a INT) LOCATION 'dbfs:/x'\")": (45, SERVERLESS),
    "spark.sql('CREATE TABLE t (a INT) STORED AS ORC')": (35, SERVERLESS),
    "spark.sql('ADD JAR x.jar')": (12, SERVERLESS),
    "spark.sql(\"CREATE FUNCTION f AS 'a.B' USING JAR 'x.jar'\")": (39, SERVERLESS),
    "spark.sql('SET spark.sql.adaptive.enabled = false')": (16, SERVERLESS),
    "spark.sql('SELECT ${env:HOME}')": (19, SERVERLESS),
}  # fmt: skip
FINE = """
    spark.table('t').rdds, self.rdd, cls.rdd
    spark.conf.set('spark.sql.shuffle.partitions', '8')
    spark.conf.set(key, 'x')
    rows.createOrReplaceTempView('v')
    rows.writeStream.trigger(availableNow=True).toTable('t')
    rows.writeStream.trigger(once=True).start()
    spark.sql('SELECT 1 -- CACHE TABLE t')
    spark.sql('SET spark.sql.ansi.enabled = true')
    dbutils.fs.ls('/Volumes/a/b/c'); dbutils.fs.ls('file:/tmp'); dbutils.fs.ls(path)
    functools.cache(work); disk.persist(rows)
    F.broadcast(rows)
    "a sentence about dbfs:/ and CACHE TABLE"
"""


def said(found: list[Finding]) -> list[str]:
    return [f"{each.place.file}:{each.place.line}:{each.place.column} {each.severity} {each.rule}" for each in found]


@pytest.mark.parametrize("line", PYTHON)
def test_python_that_fails_is_refused_at_its_column(tmp_path: Path, line: str) -> None:
    column, rule = PYTHON[line]
    write(tmp_path, {"src/own/module.py": f"import os\n\n\ndef work(spark, rows):\n    {line}\n"})
    assert said(findings(tmp_path, JOB)) == [f"src/own/module.py:5:{column + 4} error {rule}"]


def test_the_column_is_that_of_the_word_in_chains_over_lines_and_behind_other_letters(tmp_path: Path) -> None:
    code = """
        kept = (
            spark.table("t")
            .where("name = 'Ærø'").cache()
        )
        spark.sql('''
            SELECT 1;
            CACHE TABLE t
        ''')
        """
    write(tmp_path, {"src/module.py": code})
    assert said(findings(tmp_path, JOB)) == [
        "src/module.py:3:28 error not-on-serverless", "src/module.py:7:5 error not-on-serverless"]


def test_what_works_is_not_refused(tmp_path: Path) -> None:
    write(tmp_path, {"src/module.py": dedent(FINE)})
    assert said(findings(tmp_path, JOB)) == []


CELLS = {
    "%scala\nval x = 1": ["a.py:4:1 error not-on-serverless"],
    "%r\nx <- 1": ["a.py:4:1 error not-on-serverless"],
    "%sql\nSELECT 1;\n  CACHE TABLE t": ["a.py:6:11 error not-on-serverless"],
    "%sql SELECT * FROM global_temp.v": ["a.py:4:28 error not-on-serverless"],
    "%python\nrows.cache()": ["a.py:5:14 error not-on-serverless"],
    "%fs ls /tmp": ["a.py:4:16 error not-on-serverless"],
    "%fs ls dbfs:/tmp": ["a.py:4:16 error not-on-serverless"],
    "%sh\ncp x /dbfs/tmp": ["a.py:5:14 error not-on-serverless"],
    "%pip install numpy pandas==2.2.3 -r r.txt ./own.whl": ["a.py:4:22 warning unpinned-install"],
    "%pip install numpy==2.2.1 -c all.txt": [],
    "%pip list": [],
    "%fs ls /Volumes/a/b/c": [],
    "%sql SELECT 1": [],
}


@pytest.mark.parametrize("text", CELLS)
def test_cells_that_fail_are_refused_at_their_place_in_the_file(tmp_path: Path, text: str) -> None:
    cell = "".join(f"# MAGIC {line}\n" for line in text.split("\n"))
    write(tmp_path, {"a.py": f"{HEADER}x = 1\n# COMMAND ----------\n{cell}"})
    assert said(lint(load(tmp_path, JOB))) == CELLS[text]


def test_a_sql_notebook_is_read_too(tmp_path: Path) -> None:
    write(tmp_path, {"n.sql": "-- Databricks notebook source\nSELECT 1;\nCLEAR CACHE\n"})
    assert said(findings(tmp_path, JOB)) == ["n.sql:3:1 error not-on-serverless"]


def test_everything_that_is_deployed_is_read_and_nothing_else(tmp_path: Path) -> None:
    offence = "rows.cache()\n"
    for folder in ("notebooks", "src/systems/x", "src/engine", "src/utils", "apps/x",
                   "tests/deep", "old", ".hidden", "env/lib", "src/__pycache__"):  # fmt: skip
        write(tmp_path, {f"{folder}/x.py": offence})
    write(tmp_path, {"env/pyvenv.cfg": "", "src/template.py": "{{ no_python }} if\n"})
    found = findings(tmp_path, "sync: {exclude: [tests/**, old/*.py]}\n" + dedent(JOB).lstrip())
    assert [str(each.place.file) for each in found] == [
        "apps/x/x.py", "notebooks/x.py", "src/engine/x.py", "src/systems/x/x.py", "src/utils/x.py"]


def test_on_a_cluster_it_may_work_and_is_a_warning(tmp_path: Path) -> None:
    write(tmp_path, {"src/x.py": "rows.cache()\nrows.rdd\n"})
    with_cluster = JOB.replace("task_key: a,", "task_key: a, existing_cluster_id: c,")
    assert said(findings(tmp_path, with_cluster)) == [
        "src/x.py:1:6 warning not-on-serverless", "src/x.py:2:6 error not-over-connect"]


def test_every_name_in_the_lists_is_found(tmp_path: Path) -> None:
    expected = {}
    lines = []
    for names, template in (
        (connect_names.FAILING, "x.{}"),
        (connect_names.FAILING_NAMES, "print({})"),
        (connect_names.FAILING_MODULES, "import {}"),
        (connect_names.KEEPING, "x.{}()"),
        (connect_names.REFUSED_METHODS, "x.{}(1)"),
        (connect_names.MOUNTING, "dbutils.fs.{}(1)"),
    ):
        for name in sorted(names):
            lines.append(template.format(name))
            expected[len(lines)] = name
    write(tmp_path, {"src/x.py": "\n".join(lines)})
    found = {each.place.line: each.message for each in findings(tmp_path, JOB)}
    assert sorted(found) == sorted(expected)
    assert [name for line, name in expected.items() if not re.search(rf"\b{name}\b", found[line])] == []
