"""A notebook that needs more than the runtime names it in its environment block: the versions of the one list."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tideline.workspace.notebook.format import parse

ROOT = Path(__file__).resolve().parents[2]
LOCK = (ROOT / "requirements" / "workspace.txt").read_text()
NOTEBOOKS = sorted((ROOT / "notebooks").rglob("*.py"))
# Modules of the models that the serverless runtime lacks or has in another version, and the package of each.
NEEDED = {
    "mlflow": "mlflow", "usearch": "usearch", "implicit": "implicit", "threadpoolctl": "threadpoolctl",
    "jax": "jax", "numpyro": "numpyro", "openai": "openai",
    "budoux": "budoux", "py3langid": "py3langid", "stopwordsiso": "stopwordsiso",
}  # fmt: skip


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_notebook_asks_for_is_what_the_lock_pins(path: Path) -> None:
    dependencies = parse(path.read_text()).environment().get("dependencies", [])
    for dependency in dependencies:
        assert re.search(rf"^{re.escape(dependency)} ", LOCK, re.M), dependency
    needed = {NEEDED[module] for module in modules_of(path) if module in NEEDED}
    assert needed <= {dependency.split("==")[0] for dependency in dependencies}


def modules_of(path: Path, seen: set[Path] | None = None) -> set[str]:
    """Packages that a notebook imports, through the project's own modules too."""
    seen = set() if seen is None else seen
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names += [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            module = ROOT / "src" / f"{name.replace('.', '/')}.py"
            found.add(name.split(".")[0])
            if module.is_file() and module not in seen:
                seen.add(module)
                found |= modules_of(module, seen)
    return found


def test_the_notebook_of_silver_names_what_workers_import_for_it() -> None:
    """Python functions run in the notebook's environment; nothing else imports these packages."""
    modules = modules_of(ROOT / "src" / "systems" / "community" / "comment_features.py")
    needed = {NEEDED[module] for module in modules if module in NEEDED}
    dependencies = parse((ROOT / "notebooks" / "etl" / "silver.py").read_text()).environment()["dependencies"]
    assert needed == {"budoux", "py3langid", "stopwordsiso"} == {each.split("==")[0] for each in dependencies}


def test_the_notebooks_of_layers_need_no_library_of_the_models() -> None:
    """They import a system's declarations, and nothing that only its models need."""
    for name in ("payments", "funnel", "community", "ab_testing", "vouchers"):
        modules = imported_at_start(ROOT / "src" / "systems" / name / "system.py")
        assert not {"mlflow", "usearch", "implicit", "jax", "numpyro", "openai", "pydantic"} & modules, name


def imported_at_start(path: Path, seen: set[Path] | None = None) -> set[str]:
    """Like `modules_of`, without what stands in functions or is imported for types only."""
    seen = set() if seen is None else seen
    found: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or "", *[f"{node.module}.{alias.name}" for alias in node.names]]
        for name in names:
            found.add(name.split(".")[0])
            module = ROOT / "src" / f"{name.replace('.', '/')}.py"
            if module.is_file() and module not in seen:
                seen.add(module)
                found |= imported_at_start(module, seen)
    return found
