"""Python packages: an environment of this project's own, every package by version and hash."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from tideline.setup.pins import PACKAGE_PINS, ROOT, VENV, SetupError

_EXPLAINED = {
    "DO NOT MATCH THE HASHES": "a package has another hash than its file below requirements/ says; run it again, and if it stays "
    "so ask whoever runs your package mirror: it may have been tampered with",
    "No space left on device": "the disk is full; free some space and run it again",
    "CERTIFICATE_VERIFY_FAILED": "the package index's certificate is not trusted; name your authority's file in PIP_CERT",
    "No matching distribution": "a pinned package was not found: is there a network, and is pip's package index complete?",
    "Connection": "pip's package index was not reached; check the network and proxy (HTTPS_PROXY), then run it again",
    "Temporary failure in name resolution": "no network; connect and run it again",
}
_REPORT_EVERY = 50


def make_environment(folder: Path = VENV) -> None:
    """Make an environment of this Python, or mend it; one that another Python version made is replaced."""
    if not _is_of_this_python(folder):
        shutil.rmtree(folder, ignore_errors=True)
    done = subprocess.run([sys.executable, "-m", "venv", str(folder)], capture_output=True, text=True, check=False)
    if done.returncode:
        said = _last(done.stdout + done.stderr)
        raise SetupError(f"`python -m venv` failed: {said}. On Debian or Ubuntu: apt-get install python3-venv")


def install() -> None:
    """Install the pinned packages, then the `tideline` command itself (editable)."""
    install_pins(VENV, PACKAGE_PINS)
    _pip(VENV, "--no-deps", "--no-build-isolation", "--editable", str(ROOT))


def install_pins(folder: Path, pins: Path) -> None:
    """Install what a compiled file pins, every package by its hash."""
    _pip(folder, "--require-hashes", "-r", str(pins))


def explain(output: str, what: str) -> SetupError:
    """The error for a fetch that failed: a known reason in plain words, else the output's last line."""
    known = next((said for sign, said in _EXPLAINED.items() if sign in output), "")
    return SetupError(f"{what}: {known or _last(output)}")


def _pip(folder: Path, *arguments: str) -> None:
    command = [str(folder / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    lines, seen = [], 0
    for line in process.stdout or ():
        lines.append(line)
        if line.startswith("Collecting "):
            seen += 1
            if seen % _REPORT_EVERY == 0:
                print(f"setup:   {seen} packages collected", flush=True)
    if process.wait():
        raise explain("".join(lines[-200:]), "packages could not be installed")


def _is_of_this_python(folder: Path) -> bool:
    try:
        return f"version = {sys.version_info[0]}.{sys.version_info[1]}." in (folder / "pyvenv.cfg").read_text()
    except OSError:
        return False


def _last(output: str) -> str:
    """The line that names the error: a Python error, else any, else the last line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    named = [line for line in lines if re.match(r"[A-Za-z.]*Error: ", line)]
    errors = [line for line in lines if "error" in line.lower()]
    return (named or errors or lines or ["no output"])[-1][:300]
