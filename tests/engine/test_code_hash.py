"""Which files decide a table's content: the system's for what is derived, its own and the configuration for bronze."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from engine.spec import Column, Derived, Input, Latest
from engine.system import code_hash

FILES = {
    "system.py": "", "config.py": "LEAST = 1", "silver.py": "", "gold/__init__.py": "", "gold/periods.py": "",
    "gold/answers.py": "def answers(rows): return rows", "bronze/__init__.py": "", "bronze/cleaning.py": "",
    "bronze/records.py": "def records(records): return records",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def function(file: Path, name: str) -> object:
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, name)


COLUMNS = [Column("id", "string", "Key.")]


def hashes(folder: Path) -> dict[str, str]:
    answers = Derived(
        build=function(folder / "gold" / "answers.py", "answers"), layer="gold", inputs={"rows": Input("silver.rows")},
        key=["id"], grain="one row per id", columns=COLUMNS,
    )  # fmt: skip
    records = Latest(
        build=function(folder / "bronze" / "records.py", "records"), source="raw.records", key=["id"], sequence="id",
        grain="one row per id", columns=COLUMNS,
    )  # fmt: skip
    return {"gold": code_hash(answers), "bronze": code_hash(records)}


@pytest.mark.parametrize(("changed", "voided"), [
    ("config.py", {"gold", "bronze"}),
    ("silver.py", {"gold"}),
    ("gold/periods.py", {"gold"}),
    ("bronze/cleaning.py", {"gold", "bronze"}),
    ("gold/figures.py", set()),
])  # fmt: skip
def test_a_layer_in_files_of_its_own_depends_on_the_whole_system(changed: str, voided: set[str], folder: Path) -> None:
    before = hashes(folder)
    (folder / changed).write_text("# another line")
    after = hashes(folder)
    assert {name for name in before if before[name] != after[name]} == voided
