"""The environment of Databricks Connect: what it holds, and what is said where it cannot be made."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.over_connect import LEFT_OUT, SELECTED

BARE_PYTHON = Path(sys.base_prefix) / "bin" / "python3"


@pytest.fixture
def clone(tmp_path: Path, repository: Path) -> Path:
    """What this set-up reads, and no environment."""
    shutil.copy(repository / "Makefile", tmp_path / "Makefile")
    shutil.copytree(repository / "requirements", tmp_path / "requirements")
    shutil.copytree(repository / "tideline" / "setup", tmp_path / "tideline" / "setup")
    shutil.copy(repository / "tideline" / "__init__.py", tmp_path / "tideline" / "__init__.py")
    return tmp_path


def test_no_python_of_the_version_is_one_sentence_with_the_remedy(clone: Path) -> None:
    done = _make(clone, "PYTHON_CONNECT=python2.7 /nowhere/python3.12")

    assert done.returncode == 2
    said = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert said == [
        "test-connect: none of these is Python 3.12: python2.7 /nowhere/python3.12. "
        "Install it, or name it: make PYTHON_CONNECT=/path/to/python3.12 test-connect"
    ]
    assert not (clone / ".venv-connect").exists()


@pytest.mark.skipif(sys.version_info[:2] == (3, 12), reason="this Python is the right one")
def test_another_python_is_refused_by_the_set_up_itself(clone: Path) -> None:
    done = subprocess.run(
        [str(BARE_PYTHON), "-m", "tideline.setup.connect"], cwd=clone, capture_output=True, text=True, check=False)

    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert re.match(r"setup: Python 3\.\d+\.\d+ \(.*\); Databricks Connect needs 3\.12: make PYTHON_CONNECT=", done.stderr)


def test_it_is_set_up_anew_only_when_its_pins_change(clone: Path) -> None:
    code = "from tideline.setup import connect; connect._STAMP.parent.mkdir(); connect._STAMP.write_text(connect._wanted())"
    subprocess.run([str(BARE_PYTHON), "-c", code], cwd=clone, check=True)
    asked = [str(BARE_PYTHON), "-m", "tideline.setup.connect", "--is-done"]
    assert subprocess.run(asked, cwd=clone, check=False).returncode == 0

    with (clone / "requirements" / "connect.txt").open("a") as pins:
        pins.write("\n")
    assert subprocess.run(asked, cwd=clone, check=False).returncode == 1


def test_the_list_has_the_client_and_what_notebooks_import_but_no_other_pyspark(repository: Path) -> None:
    names = {pin: set(re.findall(r"^([a-z0-9][\w.-]*)==", (repository / "requirements" / f"{pin}.txt").read_text(), re.M))
             for pin in ("connect", "workspace")}  # fmt: skip
    assert "databricks-connect" in names["connect"]
    assert names["workspace"] <= names["connect"]
    assert names["connect"].isdisjoint({"pyspark", "delta-spark", "tideline"})


def test_what_is_selected_and_left_out_exists(repository: Path) -> None:
    assert [path for path in (*SELECTED, *LEFT_OUT) if not (repository / path.partition("::")[0]).exists()] == []
    tests = [each.split("::") for each in LEFT_OUT if "::" in each]
    assert [name for file, name in tests if f"def {name}(" not in (repository / file).read_text(encoding="utf-8")] == []
    assert [file for file in LEFT_OUT if not file.startswith(SELECTED)] == []


def _make(clone: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Outside an outer make, whose flags would say which folder this one is in."""
    environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    return subprocess.run(
        ["make", "connect-environment", *arguments], cwd=clone, env=environment, capture_output=True, text=True, check=False)
