"""Facts from Python source, by its syntax tree."""

from __future__ import annotations

import ast
from pathlib import Path

from tideline.workspace.bundle.code_facts import Call, Facts, Handed
from tideline.workspace.bundle.code_tree import argument, constants_of, dotted, texts_of
from tideline.workspace.bundle.connect_calls import objections
from tideline.workspace.bundle.sql_values import written_values
from tideline.workspace.errors import Place

DECLARING = {"text", "dropdown", "combobox", "multiselect"}
READING = {"get", "getArgument"}
REMOVING = {"remove", "removeAll"}


def scan_code(code: str, path: Path) -> Facts:
    """The facts; broken Python gives the one objection that it is broken, and nothing is known."""
    try:
        tree = ast.parse(code)
    except SyntaxError as error:
        place = Place(path, error.lineno or 0, error.offset or 0)
        broken = Call("broken-python", place, f"the code is no Python: {error.msg}")
        return Facts(path, reads_all_known=False, sets_all_known=False, forbidden=[broken])
    scan = _Scan(tree, path)
    scan.visit(tree)
    scan.facts.forbidden += [*objections(tree, path, code), *written_values(tree, path, code)]
    return scan.facts


def scan_function(code: str, path: Path, handed: Handed) -> Facts:
    """The facts of one function or method that was given `dbutils`, its parameters bound to the texts given with it."""
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return Facts(path, reads_all_known=False, sets_all_known=False)
    scan = _Scan(tree, path)
    for statement in tree.body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            scan.visit(statement)
    found = next((node for node in ast.walk(tree) if _defines(node, handed.function)), None)
    names = _bound(found, handed) if isinstance(found, ast.FunctionDef) else {}
    if not isinstance(found, ast.FunctionDef) or names.get("dbutils") is None:
        scan.facts.reads_all_known = scan.facts.sets_all_known = False
        return scan.facts
    scan.loops = {name: texts for name, texts in names.items() if texts}
    for statement in found.body:
        scan.visit(statement)
    return scan.facts


def _defines(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.FunctionDef) and node.name == name


def _bound(function: ast.FunctionDef, handed: Handed) -> dict[str, list[str]]:
    """Parameter -> the texts it can have; `dbutils` is in it only under its own name."""
    names = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
    if names[:1] in (["self"], ["cls"]):
        names = names[1:]
    bound: dict[str, list[str]] = {}
    for spot, texts in {**handed.texts, handed.dbutils_at: []}.items():
        if isinstance(spot, str):
            bound[spot] = texts
        elif spot < len(names):
            bound[names[spot]] = texts
    return bound


class _Scan(ast.NodeVisitor):
    def __init__(self, tree: ast.Module, path: Path) -> None:
        self.facts = Facts(path)
        self.constants = constants_of(tree)
        self.loops: dict[str, list[str]] = {}
        self.sources: dict[str, str] = {}

    def place(self, node: ast.expr) -> Place:
        return Place(self.facts.path, node.lineno, node.col_offset + 1)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.facts.imports.append(alias.name)
            self.sources[alias.asname or alias.name.split(".")[0]] = alias.name

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            name = f"{node.module}.{alias.name}" if node.module and not node.level else ""
            if name:
                self.facts.imports.append(name)
                self.sources[alias.asname or alias.name] = name

    def visit_For(self, node: ast.For) -> None:
        self._bind(node.target, node.iter)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        self._bind(node.target, node.iter)
        self.generic_visit(node)

    def visit_DictComp(self, node: ast.DictComp) -> None:
        self._comprehension(node)

    def visit_ListComp(self, node: ast.ListComp) -> None:
        self._comprehension(node)

    def _comprehension(self, node: ast.DictComp | ast.ListComp) -> None:
        for generator in node.generators:
            self.visit_comprehension(generator)
        self.generic_visit(node)

    def _bind(self, target: ast.expr, source: ast.expr) -> None:
        """A loop over a literal, or over a constant of the module, gives its variable known values."""
        first = target.elts[0] if isinstance(target, ast.Tuple) and target.elts else target
        values = self._values(source)
        if isinstance(first, ast.Name) and values is not None:
            self.loops[first.id] = values

    def _values(self, source: ast.expr) -> list[str] | None:
        if isinstance(source, ast.Call) and isinstance(source.func, ast.Attribute):
            source = source.func.value
        return self.constants.get(source.id) if isinstance(source, ast.Name) else texts_of(source)

    def visit_Call(self, node: ast.Call) -> None:
        chain = dotted(node.func)
        if chain[:2] == ["dbutils", "widgets"] and len(chain) == 3:
            self._widget(chain[2], node)
        elif chain == ["getArgument"]:
            self._read(node)
        elif chain[:3] == ["dbutils", "jobs", "taskValues"] and len(chain) == 4:
            self._task_value(chain[3], node)
        else:
            self._handed(chain, node)
        for child in ast.iter_child_nodes(node):
            if child is not node.func or chain[:1] != ["dbutils"]:
                self.visit(child)

    def _handed(self, chain: list[str], node: ast.Call) -> None:
        """Note a call that is given `dbutils`, with what is known of its other arguments."""
        arguments: dict[int | str, ast.expr] = dict(enumerate(node.args))
        arguments |= {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
        at = [
            spot for spot, value in arguments.items() if isinstance(value, ast.Name) and value.id == "dbutils"
        ]
        if not at:
            return
        if not chain:
            self.facts.reads_all_known = self.facts.sets_all_known = False
            return
        texts = {spot: found for spot, value in arguments.items() if (found := self._known_texts(value))}
        self.facts.handed.append(Handed(self.sources.get(chain[0], ""), chain[-1], texts, at[0]))

    def _known_texts(self, node: ast.expr) -> list[str]:
        if isinstance(node, ast.Name):
            return self.loops.get(node.id) or self.constants.get(node.id, [])
        return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """`dbutils.widgets` and task values under another name are out of sight."""
        chain = dotted(node)
        if chain in (["dbutils", "widgets"], ["dbutils", "jobs"], ["dbutils", "jobs", "taskValues"]):
            self.facts.reads_all_known = self.facts.sets_all_known = False
        elif chain[:1] != ["dbutils"]:
            self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        if isinstance(node.value, ast.Name) and node.value.id == "dbutils":
            self.facts.reads_all_known = self.facts.sets_all_known = False
        self.generic_visit(node)

    def _widget(self, method: str, node: ast.Call) -> None:
        if method in DECLARING:
            names = self._names(argument(node, 0, "name"))
            default = argument(node, 1, "defaultValue")
            for name in names:
                text = default.value if isinstance(default, ast.Constant) else None
                self.facts.widgets_declared.setdefault(
                    name, (str(text) if text is not None else None, self.place(node))
                )
                if default is None or text is not None:
                    self.facts.defaults_known.add(name)
        elif method in READING:
            self._read(node)
        elif method not in REMOVING:
            self.facts.reads_all_known = False

    def _read(self, node: ast.Call) -> None:
        for name in self._names(argument(node, 0, "name")):
            has_default = argument(node, 1, "defaultValue") is not None
            self.facts.widgets_read.setdefault(name, self.place(node))
            if has_default:
                self.facts.widgets_declared.setdefault(name, ("", self.place(node)))

    def _names(self, node: ast.expr | None) -> list[str]:
        """The widget names that an expression can have; none, and a note, where that is not to be seen."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return [node.value]
        if isinstance(node, ast.Name) and node.id in self.loops:
            return self.loops[node.id]
        if isinstance(node, ast.Name) and len(self.constants.get(node.id, [])) == 1:
            return self.constants[node.id]
        self.facts.reads_all_known = False
        return []

    def _task_value(self, method: str, node: ast.Call) -> None:
        if method == "set":
            key = argument(node, 0, "key")
            if isinstance(key, ast.Constant):
                self.facts.values_set.setdefault(str(key.value), self.place(node))
            else:
                self.facts.sets_all_known = False
        elif method == "get":
            task, key = argument(node, 0, "taskKey"), argument(node, 1, "key")
            if isinstance(task, ast.Constant) and isinstance(key, ast.Constant):
                self.facts.values_read.append((str(task.value), str(key.value), self.place(node)))
