"""Python packages: an environment of this project's own, every package by version and hash."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

from tideline.setup.pins import PACKAGE_PINS, ROOT, VENV, SetupError

_EXPLAINED = {
    "DO NOT MATCH THE HASHES": "a package has another hash than requirements/dev.txt says; run it again, and if it stays "
    "so ask whoever runs your package mirror: it may have been tampered with",
    "No space left on device": "the disk is full; free some space and run it again",
    "CERTIFICATE_VERIFY_FAILED": "the package index's certificate is not trusted; name your authority's file in PIP_CERT",
    "No matching distribution": "a pinned package was not found: is there a network, and is pip's package index complete?",
    "Connection": "pip's package index was not reached; check the network and proxy (HTTPS_PROXY), then run it again",
    "Temporary failure in name resolution": "no network; connect and run it again",
}
_REPORT_EVERY = 50


def make_environment() -> None:
    """Make .venv, or mend it; one that another Python version made is replaced."""
    if not _is_of_this_python():
        shutil.rmtree(VENV, ignore_errors=True)
    done = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False)
    if done.returncode:
        said = _last(done.stdout + done.stderr)
        raise SetupError(f"`python -m venv` failed: {said}. On Debian or Ubuntu: apt-get install python3-venv")


def install() -> None:
    """Install the pinned packages, then the `tideline` command itself (editable)."""
    _pip("--require-hashes", "-r", str(PACKAGE_PINS))
    _pip("--no-deps", "--no-build-isolation", "--editable", str(ROOT))


def explain(output: str, what: str) -> SetupError:
    """The error for a fetch that failed: a known reason in plain words, else the output's last line."""
    known = next((said for sign, said in _EXPLAINED.items() if sign in output), "")
    return SetupError(f"{what}: {known or _last(output)}")


def _pip(*arguments: str) -> None:
    command = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check", *arguments]
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


def _is_of_this_python() -> bool:
    try:
        return f"version = {sys.version_info[0]}.{sys.version_info[1]}." in (VENV / "pyvenv.cfg").read_text()
    except OSError:
        return False


def _last(output: str) -> str:
    """The line that names the error: a Python error, else any, else the last line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    named = [line for line in lines if re.match(r"[A-Za-z.]*Error: ", line)]
    errors = [line for line in lines if "error" in line.lower()]
    return (named or errors or lines or ["no output"])[-1][:300]
