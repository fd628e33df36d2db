"""Names that Spark Connect lacks or that serverless compute refuses, each with what to do instead."""

from __future__ import annotations

_CONTEXT = "Spark Connect has no context; use the session's own methods"
_JAVA = "the Java side is out of reach; use DataFrame functions, SQL or a Python UDF"
_RDD = "use DataFrame functions, or mapInPandas"
# Attribute, or text given to getattr -> what to do instead.
FAILING = {
    "sparkContext": _CONTEXT,
    "rdd": _RDD,
    "parallelize": "use spark.createDataFrame",
    "mapPartitions": _RDD,
    "mapPartitionsWithIndex": _RDD,
    "reduceByKey": _RDD,
    "saveAsTextFile": "use DataFrame.write",
    "wholeTextFiles": "use spark.read.text with wholetext=True",
    "accumulator": "return the numbers as columns and aggregate them",
    "_jvm": _JAVA,
    "_jsc": _JAVA,
    "_jconf": "the Java side is out of reach; use spark.conf",
    "_jsparkSession": _JAVA,
    "_jdf": _JAVA,
    "_jseq": _JAVA,
    "_jcols": _JAVA,
    "_jmap": _JAVA,
    "_jreader": _JAVA,
    "_jwrite": _JAVA,
    "sql_ctx": "use `spark`, or DataFrame.sparkSession",
    "enableHiveSupport": "the catalogue belongs to the server",
    "setJobGroup": "use spark.addTag",
    "setLogLevel": "the log level belongs to the server",
    "hadoopConfiguration": "storage is configured by the workspace",
    "newSession": "use one session",
    "setCheckpointDir": "write the rows to a table, and read them again",
}
# A name that is used, or imported from pyspark.
FAILING_NAMES = {"SparkContext", "SQLContext", "HiveContext", "StreamingContext", "sqlContext"}
FAILING_MODULES = {
    "py4j": _JAVA,
    "pyspark.mllib": "it works on RDDs; use pyspark.ml",
    "pyspark.rdd": _RDD,
    "pyspark.streaming": "use Structured Streaming",
    "pyspark.context": _CONTEXT,
    "pyspark.accumulators": "return the numbers as columns and aggregate them",
}
_AGAIN = "write the rows, or read them again"
# Method without arguments of its own meaning -> what to do instead; the last four are the catalogue's.
KEEPING = {
    "cache": _AGAIN,
    "persist": _AGAIN,
    "unpersist": "nothing can be persisted, so there is nothing to release",
    "checkpoint": "write the rows to a table, and read them again",
    "localCheckpoint": "write the rows to a table, and read them again",
}
REFUSED_METHODS = {
    "cacheTable": _AGAIN,
    "uncacheTable": "nothing can be cached, so there is nothing to release",
    "clearCache": "nothing can be cached, so there is nothing to release",
    "createGlobalTempView": "use a temporary view",
    "createOrReplaceGlobalTempView": "use a temporary view",
    "dropGlobalTempView": "use a temporary view",
    "registerJavaFunction": "jars are not taken; use a Python UDF",
    "registerJavaUDAF": "jars are not taken; use a Python UDF",
}
SETTABLE = {
    "spark.sql.shuffle.partitions",
    "spark.sql.session.timeZone",
    "spark.sql.ansi.enabled",
    "spark.sql.files.maxPartitionBytes",
    "spark.sql.legacy.timeParserPolicy",
    "spark.databricks.execution.timeout",
}
MOUNTING = {"mount", "unmount", "updateMount", "refreshMounts", "mounts"}
DBFS = ("dbfs:/", "/dbfs/")
# Where `dbutils.fs` may look for a path without a scheme; any other lies in the root of DBFS.
PLAIN_ROOTS = ("/Volumes/", "/Workspace/")
