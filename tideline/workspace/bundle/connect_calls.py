"""Calls that fail over Spark Connect or on serverless compute, found in a syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tideline.workspace.bundle.code_facts import Call
from tideline.workspace.errors import Place

# Attribute -> what to do instead.
FAILING = {
    "sparkContext": "Spark Connect has no context; use the session's own methods",
    "rdd": "use DataFrame functions, or mapInPandas",
    "_jvm": "the Java side is out of reach; use SQL or a Python UDF",
    "_jsc": "the Java side is out of reach",
    "_jconf": "the Java side is out of reach; use spark.conf",
    "_jsparkSession": "the Java side is out of reach; use SQL",
    "_jdf": "the Java side is out of reach; use DataFrame functions",
    "_jseq": "the Java side is out of reach; use DataFrame functions",
    "enableHiveSupport": "the catalogue belongs to the server",
    "setJobGroup": "use spark.addTag",
    "setLogLevel": "the log level belongs to the server",
    "hadoopConfiguration": "storage is configured by the workspace",
    "newSession": "use one session",
}
FAILING_NAMES = {"SparkContext", "SQLContext", "HiveContext", "sqlContext"}
CACHING = {"cache", "persist"}
GLOBAL_VIEWS = {"createGlobalTempView", "createOrReplaceGlobalTempView"}
SETTABLE = {
    "spark.sql.shuffle.partitions",
    "spark.sql.session.timeZone",
    "spark.sql.ansi.enabled",
    "spark.sql.files.maxPartitionBytes",
    "spark.sql.legacy.timeParserPolicy",
    "spark.databricks.execution.timeout",
}
RULE, WARNING_RULE = "not-over-connect", "not-on-serverless"


def objections(tree: ast.Module, path: Path) -> list[Call]:
    """Each objection once per line, in the order of the file."""
    found = {
        (call.place.line, call.message): call for node in ast.walk(tree) for call in _about(node, tree, path)
    }
    return sorted(found.values(), key=lambda call: call.place)


def _about(node: ast.AST, tree: ast.Module, path: Path) -> Iterator[Call]:
    if isinstance(node, ast.Attribute) and node.attr in FAILING and not _is_own(node):
        yield _error(node, path, f"`.{node.attr}` does not exist over Spark Connect", FAILING[node.attr])
    elif isinstance(node, ast.Name) and node.id in FAILING_NAMES and isinstance(node.ctx, ast.Load):
        yield _error(node, path, f"`{node.id}` does not exist over Spark Connect", "use `spark`")
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "sc":
        if not _assigns(tree, "sc"):
            yield _error(node, path, "`sc` does not exist over Spark Connect", "use `spark`")
    elif isinstance(node, ast.Call):
        yield from _about_call(node, path)
    elif (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.startswith(("dbfs:/", "/dbfs/"))
    ):
        yield _warning(
            node, path, f"`{node.value[:40]}` lies in DBFS, which serverless compute lacks", "use a volume"
        )


def _about_call(node: ast.Call, path: Path) -> Iterator[Call]:
    if not isinstance(node.func, ast.Attribute):
        return
    name = node.func.attr
    if name in CACHING and not node.args and not _is_module(node.func.value):
        yield _warning(
            node.func, path, f"`.{name}()` fails on serverless compute", "write the rows, or read them again"
        )
    elif name in GLOBAL_VIEWS:
        yield _warning(node.func, path, f"`.{name}()` fails on serverless compute", "use a temporary view")
    elif name == "set" and isinstance(node.func.value, ast.Attribute) and node.func.value.attr == "conf":
        key = node.args[0] if node.args else None
        if isinstance(key, ast.Constant) and isinstance(key.value, str) and key.value not in SETTABLE:
            yield _warning(
                node.func,
                path,
                f"serverless compute refuses to set `{key.value}`",
                "leave it to the workspace",
            )


def _is_own(node: ast.Attribute) -> bool:
    """`self.rdd` and the like are the code's own attributes."""
    return isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}


def _is_module(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in {"functools", "diskcache"}


def _assigns(tree: ast.Module, name: str) -> bool:
    return any(
        isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store)
        for node in ast.walk(tree)
    )


def _error(node: ast.expr, path: Path, message: str, hint: str) -> Call:
    return Call(RULE, Place(path, node.lineno, node.col_offset + 1), message, hint)


def _warning(node: ast.expr, path: Path, message: str, hint: str) -> Call:
    return Call(WARNING_RULE, Place(path, node.lineno, node.col_offset + 1), message, hint, "warning")
