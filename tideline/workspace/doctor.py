"""What this machine has and lacks for the local workspace, each with what to do about it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

import psutil

from tideline.workspace.errors import ServerError
from tideline.workspace.layout import Layout
from tideline.workspace.server import java, running_server, state

GIB = 1024**3


@dataclass(frozen=True)
class Check:
    """One thing that was looked at. `is_needed` tells a lack that stops work from one that only narrows it."""

    name: str
    ok: bool
    found: str
    what_to_do: str = ""
    is_needed: bool = True


def doctor(layout: Layout) -> list[Check]:
    """Every check, in a fixed order; changes nothing and starts nothing that stays."""
    checks: list[Callable[[Layout], Check]] = [
        _python, _packages, _java, _jars, _disk, _memory, _port, _server, _chromium]  # fmt: skip
    return [check(layout) for check in checks]


def _python(layout: Layout) -> Check:
    ok = (3, 11) <= sys.version_info[:2] <= (3, 13)
    return Check("Python", ok, f"{sys.version.split()[0]} at {sys.executable}", "install Python 3.11, 3.12 or 3.13")


def _packages(layout: Layout) -> Check:
    names = ("pyspark", "delta", "pandas", "nbclient", "databricks.bundles")
    missing = [name for name in names if not _is_installed(name)]
    found = f"missing: {', '.join(missing)}" if missing else "the pinned packages are installed"
    return Check("packages", not missing, found, "make setup")


def _java(layout: Layout) -> Check:
    try:
        path = java.find_java()
        said = subprocess.run([path, "-version"], capture_output=True, text=True, timeout=30, check=True).stderr
    except (ServerError, OSError, subprocess.SubprocessError) as error:
        return Check("Java", False, str(error), "make setup, or install Java 17 or 21")
    return Check("Java", True, f"{said.splitlines()[0]} at {path}")


def _jars(layout: Layout) -> Check:
    try:
        found = java.jars(layout)
    except ServerError as error:
        return Check("jars", False, error.message, "make setup")
    return Check("jars", True, f"{', '.join(jar.name for jar in found)} in {layout.jars}")


def _disk(layout: Layout) -> Check:
    folder = next(path for path in [layout.home, *layout.home.parents] if path.exists())
    free = shutil.disk_usage(folder).free
    may_write = os.access(folder, os.W_OK)
    found = f"{free / GIB:.1f} GiB free in {folder}" + ("" if may_write else ", which cannot be written to")
    return Check("disk", free >= 2 * GIB and may_write, found, "free 2 GiB, or set TIDELINE_HOME to another folder")


def _memory(layout: Layout) -> Check:
    memory = psutil.virtual_memory()
    ok = memory.available >= 3 * GIB or running_server(layout) is not None
    found = f"{memory.available / GIB:.1f} of {memory.total / GIB:.1f} GiB available, {os.cpu_count()} processors"
    return Check("memory", ok, found, "close programs, or start with a smaller heap: --heap 2g", is_needed=False)


def _port(layout: Layout) -> Check:
    wanted = os.environ.get("TIDELINE_PORT") or "0"
    known = state.read(layout)
    if known and known.is_alive and wanted in ("0", str(known.port)):
        return Check("port", True, f"{known.port}, held by this bundle's own server")
    advice = "set TIDELINE_PORT to a free port, or leave it unset"
    if not wanted.isdecimal() or int(wanted) > 65535:
        return Check("port", False, f"TIDELINE_PORT is {wanted!r}", advice)
    try:
        with socket.create_server(("127.0.0.1", int(wanted))):
            return Check("port", True, f"{wanted} is free" if wanted != "0" else "any free one on loopback")
    except OSError as error:
        return Check("port", False, f"{wanted}: {error.strerror}", advice)


def _server(layout: Layout) -> Check:
    known, running = state.read(layout), running_server(layout)
    if running and known:
        used = psutil.Process(known.pid).memory_info().rss / GIB
        return Check("server", True, f"running at {running.remote}, process {known.pid}, {used:.1f} GiB")
    if known and known.is_alive:
        found = f"process {known.pid} lives but does not answer on port {known.port}"
        return Check("server", False, found, "tideline stop; the next command starts a new one")
    return Check("server", True, "not running; the next command that needs it starts it")


def _chromium(layout: Layout) -> Check:
    path = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
    found = path or "no Chromium; only the browser tests need it"
    return Check("Chromium", path is not None, found, "install Debian's package chromium", is_needed=False)


def _is_installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def is_healthy(checks: list[Check]) -> bool:
    """Whether nothing that is needed is lacking."""
    return all(check.ok or not check.is_needed for check in checks)


def doctor_text(checks: list[Check]) -> str:
    """The checks as lines: a mark, the name, what was found, and what to do where it is not well."""
    width = max((len(check.name) for check in checks), default=0)
    return "\n".join(_line(check, width) for check in checks)


def _line(check: Check, width: int) -> str:
    mark = "ok  " if check.ok else "LACK" if check.is_needed else "note"
    advice = "" if check.ok or not check.what_to_do else f"\n{'':{width + 6}}do: {check.what_to_do}"
    return f"{mark}  {check.name:{width}}  {check.found}{advice}"
