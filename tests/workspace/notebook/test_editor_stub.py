"""What editors are told of a notebook's injected names is what the kernel injects: same names, same signatures."""

from __future__ import annotations

import inspect
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tideline.workspace.notebook.kernel.dbutils import DbUtils
from tideline.workspace.notebook.kernel.dbutils.files import FileInfo
from tideline.workspace.notebook.kernel.dbutils.secrets import SecretMetadata, SecretScope
from tideline.workspace.notebook.kernel.dbutils.utility import Utility
from tideline.workspace.notebook.kernel.display import display, displayHTML
from tideline.workspace.notebook.kernel.runtime import names_for

CONTEXT = ("job_id", "job_name", "task_run_id", "run_id", "task_key", "user")


class Unasked:
    """Where there is no runner, nothing can be asked of it."""

    def ask(self, *arguments: Any, **named: Any) -> Any:
        raise AssertionError("the signatures alone are looked at")


@pytest.fixture(scope="module")
def stub(repository: Path) -> dict[str, Any]:
    """The stub's names; compiled as this file is, its annotations stay text, as those of the kernel are."""
    text = (repository / "__builtins__.pyi").read_text(encoding="utf-8")
    names: dict[str, Any] = {"__name__": "stub"}
    exec(compile(text, "__builtins__.pyi", "exec"), names)
    return names


@pytest.fixture
def dbutils(tmp_path: Path) -> DbUtils:
    folders = {"dbfs": str(tmp_path)}
    context = {"in_for_each": False, "in_job": False, "task_values": {}, **dict.fromkeys(CONTEXT, "")}
    return DbUtils({"context": context, "parameters": {}, "folders": folders, "notebook_path": "/n"}, channel=Unasked())


def test_the_stub_names_what_lint_knows_and_the_kernel_injects(stub: dict[str, Any], repository: Path, dbutils: DbUtils) -> None:
    linted = tomllib.loads((repository / "pyproject.toml").read_text())["tool"]["ruff"]["builtins"]
    functions = {name for name, value in stub.items() if inspect.isfunction(value) and value.__module__ == "stub"}
    told = functions | stub["__annotations__"].keys()

    class Session:
        sql = table = None

    assert told == set(linted)
    assert told <= names_for(Session, dbutils).keys()


def test_every_part_of_dbutils_has_the_methods_that_the_stub_tells(stub: dict[str, Any], dbutils: DbUtils) -> None:
    compared = list(_differences("dbutils", dbutils, stub["_DbUtils"], stub))
    assert len(compared) >= 30
    assert [said for said in compared if said] == []


def test_display_and_get_argument_are_called_alike(stub: dict[str, Any], dbutils: DbUtils) -> None:
    for name, real in (("display", display), ("displayHTML", displayHTML), ("getArgument", dbutils.widgets.getArgument)):
        assert _signature(stub[name]) == _signature(real), name


def test_what_calls_give_back_has_the_fields_that_the_stub_tells(stub: dict[str, Any]) -> None:
    for told, real in (("_FileInfo", FileInfo), ("_SecretScope", SecretScope), ("_SecretMetadata", SecretMetadata)):
        assert stub[told]._fields == real._fields
        assert _methods(stub[told], tuple) == _methods(real, tuple)


def _differences(name: str, real: Utility, told: type, stub: dict[str, Any]) -> Iterator[str]:
    """Per method and part: empty, or what the stub says otherwise."""
    ours, theirs = _methods(type(real), Utility), _methods(told, object)
    for method in sorted(ours.keys() | theirs.keys()):
        same = ours.get(method) == theirs.get(method)
        yield "" if same else f"{name}.{method}: {ours.get(method)}; the stub: {theirs.get(method)}"
    parts = {part for part in vars(real) if not part.startswith("_")}
    annotated = inspect.get_annotations(told)
    yield "" if parts == annotated.keys() else f"{name}: {sorted(parts)}; the stub: {sorted(annotated)}"
    for part in parts & annotated.keys():
        if annotated[part] != "Any":
            yield from _differences(f"{name}.{part}", getattr(real, part), stub[annotated[part]], stub)


def _methods(of: type, base: type) -> dict[str, str]:
    """Public methods that the class itself has, with their signatures."""
    found = {name: value for name, value in inspect.getmembers(of, inspect.isfunction) if not name.startswith("_")}
    return {name: _signature(value) for name, value in found.items() if not hasattr(base, name)}


def _signature(function: Callable[..., Any]) -> str:
    """Parameters, defaults and types as text; the stub's private classes carry an underscore, and self is nobody's business."""
    text = str(inspect.signature(function)).replace("self, ", "").replace("self", "")
    return text.replace("'", "").replace("_FileInfo", "FileInfo").replace("_Secret", "Secret")
