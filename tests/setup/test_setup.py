"""Set-up run as a person runs it: a process on a bare Python, in a copy of the repository without an environment."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

BARE_PYTHON = Path(sys.base_prefix) / "bin" / "python3"
UNREACHABLE = "http://127.0.0.1:9"


@pytest.fixture
def clone(tmp_path: Path, repository: Path) -> Path:
    """What set-up reads, and nothing that an earlier set-up left."""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(repository / name, tmp_path / name)
    shutil.copytree(repository / "requirements", tmp_path / "requirements")
    shutil.copytree(repository / "tideline" / "setup", tmp_path / "tideline" / "setup")
    shutil.copy(repository / "tideline" / "__init__.py", tmp_path / "tideline" / "__init__.py")
    return tmp_path


def test_too_little_space_is_one_line_and_changes_nothing(clone: Path) -> None:
    done = _set_up(clone, TIDELINE_NEEDED_BYTES=str(2**60))

    assert _is_one_line(done, r"setup: [\d.]+ GiB free in .*; expected at least [\d.]+ GiB\. Free some disk space")
    assert not (clone / ".venv").exists()


def test_without_a_network_the_line_says_so_and_set_up_can_be_run_again(clone: Path) -> None:
    settings = {"HTTPS_PROXY": UNREACHABLE, "HTTP_PROXY": UNREACHABLE, "PIP_RETRIES": "0", "PIP_NO_CACHE_DIR": "1"}

    for _ in range(2):
        done = _set_up(clone, PIP_NO_INDEX="", PIP_INDEX_URL="https://index.example/simple", **settings)

        assert _is_one_line(done, r"setup: packages could not be installed: .*(network|index)")
    assert not (clone / ".venv" / "setup.stamp").exists()


def test_a_package_with_another_hash_is_refused(clone: Path) -> None:
    wheel = _build_wheel(clone / "wheels")
    (clone / "requirements" / "dev.txt").write_text(f"{wheel.name.split('-')[0]}==1.0 --hash=sha256:{'0' * 64}\n")

    done = _set_up(clone, PIP_NO_INDEX="1", PIP_FIND_LINKS=str(wheel.parent))

    assert _is_one_line(done, r"setup: packages could not be installed: a package has another hash than its file below requ")


def test_no_suitable_python_is_one_line(clone: Path) -> None:
    done = subprocess.run(
        ["make", "setup", "PYTHON=python2.7 /nowhere/python3"], cwd=clone, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "none of these is Python 3.11, 3.12 or 3.13: python2.7 /nowhere/python3. Install one" in done.stderr


def test_a_second_set_up_does_nothing_and_takes_no_time(repository: Path, clone: Path) -> None:
    _pretend_done(clone)
    quickest = 9.0
    for _ in range(5):
        started = time.monotonic()
        done = subprocess.run(["make", "setup"], cwd=clone, env=_outside_make(), capture_output=True, text=True, check=False)
        quickest = min(quickest, time.monotonic() - started)

        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert quickest < 1.0  # 0.1 s on an idle machine


@pytest.mark.parametrize("changed", ["requirements/dev.txt", "requirements/jars.txt", "pyproject.toml"])
def test_changed_pins_ask_for_set_up_again(clone: Path, changed: str) -> None:
    _pretend_done(clone)
    with (clone / changed).open("a") as file:
        file.write("\n")

    assert _set_up(clone, "--is-done").returncode == 1


def test_missing_jars_ask_for_set_up_again(clone: Path) -> None:
    _pretend_done(clone)
    shutil.rmtree(clone / ".tideline")

    assert _set_up(clone, "--is-done").returncode == 1


def test_the_lock_files_pin_by_hash_and_hold_no_address(repository: Path) -> None:
    locks = sorted((repository / "requirements").glob("*.txt"))
    compiled = {"runtime.txt", "dev.txt", "workspace.txt", "connect.txt", "jars.txt", "api.txt", "ab_results.txt"}
    assert compiled == {lock.name for lock in locks}

    for lock in locks:
        text = lock.read_text()
        assert not re.search(r"https?://|--index-url|--extra-index-url|--find-links|--trusted-host", text), lock
        pins = re.findall(r"^[a-z0-9][^\s]*==.*", text, re.MULTILINE)
        assert lock.name == "jars.txt" or (pins and all("\\" in pin or "--hash" in pin for pin in pins)), lock


def test_the_workspace_list_leaves_out_what_the_runtime_brings(repository: Path) -> None:
    text = (repository / "requirements" / "workspace.txt").read_text()

    assert not re.search(r"^(pyspark|delta-spark|databricks-connect)==", text, re.MULTILINE)


def _set_up(clone: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(BARE_PYTHON), "-m", "tideline.setup", *arguments], cwd=clone, env=os.environ | environment,
        capture_output=True, text=True, timeout=200, check=False)  # fmt: skip


def _outside_make() -> dict[str, str]:
    """The environment without what an outer `make test` leaves: a nested make would say which folder it is in."""
    return {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}


def _is_one_line(done: subprocess.CompletedProcess[str], pattern: str) -> bool:
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert re.match(pattern, done.stderr), done.stderr
    return True


def _pretend_done(clone: Path) -> None:
    """What a finished set-up leaves: an interpreter, the jars, the stamp."""
    (clone / ".venv" / "bin").mkdir(parents=True)
    (clone / ".venv" / "bin" / "python").symlink_to(BARE_PYTHON)
    code = (
        "from tideline.setup import pins; pins.JARS.mkdir(parents=True); "
        "[jar.path.touch() for jar in pins.pinned_jars()]; pins.write_stamp(pins.stamp())"
    )
    subprocess.run([str(BARE_PYTHON), "-c", code], cwd=clone, check=True)


def _build_wheel(folder: Path) -> Path:
    import zipfile

    folder.mkdir()
    wheel = folder / "smallest-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("smallest.py", "")
        archive.writestr("smallest-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: smallest\nVersion: 1.0\n")
        archive.writestr("smallest-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("smallest-1.0.dist-info/RECORD", "")
    return wheel
