"""Python that fails over Spark Connect or on serverless compute, found in a syntax tree at its line and column."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tideline.workspace.bundle import connect_names as names
from tideline.workspace.bundle.code_facts import Call
from tideline.workspace.bundle.code_tree import dotted, place_in, place_of
from tideline.workspace.bundle.connect_sql import sql_objections
from tideline.workspace.errors import Place

RULE, SERVERLESS_RULE = "not-over-connect", "not-on-serverless"


def objections(tree: ast.Module, path: Path, code: str) -> list[Call]:
    """Each objection once per line, in the order of the file."""
    look = _Look(path, code.split("\n"), owns_sc=_assigns(tree, "sc"))
    found = {(call.place.line, call.message): call for node in ast.walk(tree) for call in look.at(node)}
    return sorted(found.values(), key=lambda call: call.place)


@dataclass(frozen=True)
class _Look:
    path: Path
    lines: list[str]
    owns_sc: bool

    def at(self, node: ast.AST) -> Iterator[Call]:
        if isinstance(node, ast.Attribute):
            yield from self._attribute(node)
        elif isinstance(node, ast.Name):
            if node.id in names.FAILING_NAMES and isinstance(node.ctx, ast.Load):
                yield self._missing(node, node.id, "use `spark`")
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from self._import(node)
        elif isinstance(node, ast.Call):
            yield from self._call(node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith(names.DBFS):
            yield self._refused(
                node, f"`{node.value[:40]}` lies in DBFS, which serverless compute lacks", "use a volume")

    def _attribute(self, node: ast.Attribute) -> Iterator[Call]:
        if not names.FAILING.keys().isdisjoint(_chain(node.value)):
            return  # what fails before it is named already
        if node.attr in names.FAILING and not _is_own(node):
            yield self._missing(node, f".{node.attr}", names.FAILING[node.attr])
        elif isinstance(node.value, ast.Name) and node.value.id == "sc" and not self.owns_sc:
            yield self._missing(node.value, "sc", "use `spark`")

    def _import(self, node: ast.Import | ast.ImportFrom) -> Iterator[Call]:
        module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
        for alias in node.names:
            name = f"{module}.{alias.name}" if module else alias.name
            known = next((key for key in names.FAILING_MODULES if f"{name}.".startswith(f"{key}.")), None)
            if known:
                yield self._missing(alias, known, names.FAILING_MODULES[known])
            elif module.startswith("pyspark") and alias.name in names.FAILING_NAMES:
                yield self._missing(alias, alias.name, "use `spark`")

    def _call(self, node: ast.Call) -> Iterator[Call]:
        if isinstance(node.func, ast.Name):
            yield from self._getattr(node)
        if not isinstance(node.func, ast.Attribute):
            return
        name = node.func.attr
        if name in names.KEEPING and not node.args and not _is_module(node.func.value):
            yield self._refused(node.func, f"`.{name}()` fails on serverless compute", names.KEEPING[name])
        elif name in names.REFUSED_METHODS:
            yield self._refused(node.func, f"`.{name}()` fails on serverless compute", names.REFUSED_METHODS[name])
        elif name == "set" and isinstance(node.func.value, ast.Attribute) and node.func.value.attr == "conf":
            yield from self._conf(node.func, node.args[:1])
        elif name in ("trigger", "start", "toTable"):
            yield from self._stream(node, node.func)
        elif name == "sql":
            yield from self._sql(node)
        elif dotted(node.func)[:2] == ["dbutils", "fs"]:
            yield from self._files(node, node.func)

    def _getattr(self, node: ast.Call) -> Iterator[Call]:
        asked = node.args[1] if isinstance(node.func, ast.Name) and node.func.id == "getattr" and len(node.args) > 1 else None
        if isinstance(asked, ast.Constant) and asked.value in names.FAILING:
            yield self._missing(asked, f".{asked.value}", names.FAILING[str(asked.value)])

    def _conf(self, setter: ast.Attribute, keys: list[ast.expr]) -> Iterator[Call]:
        for key in keys:
            if isinstance(key, ast.Constant) and isinstance(key.value, str) and key.value not in names.SETTABLE:
                yield self._refused(
                    setter, f"serverless compute refuses to set `{key.value}`", "leave it to the workspace")

    def _stream(self, node: ast.Call, method: ast.Attribute) -> Iterator[Call]:
        """Serverless compute runs a stream until nothing is left, and not for ever."""
        asked = {keyword.arg for keyword in node.keywords if keyword.arg}
        above = _chain(method.value)
        if method.attr == "trigger":
            for kind in sorted(asked & {"processingTime", "continuous"}):
                yield self._refused(method, f"a stream with {kind} fails on serverless compute", "use availableNow=True")
        elif "writeStream" in above and "trigger" not in above and not asked & {"trigger", "availableNow", "once"}:
            message = "a stream without a trigger runs for ever, which serverless compute refuses"
            yield self._refused(method, message, "use .trigger(availableNow=True)")

    def _sql(self, node: ast.Call) -> Iterator[Call]:
        for part in ast.walk(node.args[0]) if node.args else ():
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                for at, message, hint in sql_objections(part.value):
                    place = place_in(self.lines, part.value, at, first=part.lineno, path=self.path)
                    yield Call(SERVERLESS_RULE, place or self._place(part), message, hint)

    def _files(self, node: ast.Call, method: ast.Attribute) -> Iterator[Call]:
        if method.attr in names.MOUNTING:
            yield self._refused(method, f"`dbutils.fs.{method.attr}` fails on serverless compute", "use a volume")
        for given in node.args[: 2 if method.attr in ("cp", "mv") else 1]:
            text = given.value if isinstance(given, ast.Constant) and isinstance(given.value, str) else ""
            if text.startswith("/") and not f"{text}/".startswith((*names.PLAIN_ROOTS, *names.DBFS)):
                message = f"`{text[:40]}` lies in the root of DBFS, which serverless compute lacks"
                yield self._refused(given, message, "use a volume, or file:/ for the machine's own disk")

    def _missing(self, node: ast.expr | ast.alias, name: str, hint: str) -> Call:
        return Call(RULE, self._place(node), f"`{name}` does not exist over Spark Connect", hint)

    def _refused(self, node: ast.expr, message: str, hint: str) -> Call:
        return Call(SERVERLESS_RULE, self._place(node), message, hint)

    def _place(self, node: ast.expr | ast.alias) -> Place:
        return place_of(self.lines, node, path=self.path)


def _chain(node: ast.expr) -> list[str]:
    """The attributes of a chain of calls, the last first."""
    found = []
    while isinstance(node, ast.Attribute | ast.Call):
        if isinstance(node, ast.Attribute):
            found.append(node.attr)
            node = node.value
        else:
            node = node.func
    return found


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
