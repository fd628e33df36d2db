"""What this machine has and lacks for a run."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import psutil

from tideline.workspace.errors import WorkspaceError
from tideline.workspace.layout import Layout
from tideline.workspace.server import java, running_server

GIB = 1024**3
LEAST_DISK, LEAST_MEMORY = 4 * GIB, 5 * GIB
PACKAGES = ("pyspark", "delta-spark", "nbclient", "ipykernel", "databricks-bundles")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "firefox")


@dataclass(frozen=True)
class Check:
    """`state` is ok, note (works, but) or missing (does not work without)."""

    name: str
    state: str
    found: str
    hint: str = ""


def examine(layout: Layout) -> list[Check]:
    """Every check, in the order in which a run needs them. Starts nothing and changes nothing."""
    return [
        _python(),
        *_packages(),
        _java(),
        _jars(layout),
        _disk(layout),
        _memory(),
        _server(layout),
        _browser(),
    ]


def _python() -> Check:
    is_new = sys.version_info >= (3, 11)
    return Check(
        "Python", "ok" if is_new else "missing", platform.python_version(), "" if is_new else "3.11 or newer"
    )


def _packages() -> Iterator[Check]:
    for name in PACKAGES:
        try:
            yield Check(name, "ok", version(name))
        except PackageNotFoundError:
            yield Check(name, "missing", "not installed", "make setup")


def _java() -> Check:
    try:
        return Check("Java", "ok", str(java.find_java()))
    except WorkspaceError as error:
        return Check("Java", "missing", error.message, error.hint)


def _jars(layout: Layout) -> Check:
    try:
        return Check("jars", "ok", f"{len(java.jars(layout))} in {layout.jars}")
    except WorkspaceError as error:
        return Check("jars", "missing", error.message, error.hint)


def _disk(layout: Layout) -> Check:
    there = next(folder for folder in (layout.home, *layout.home.parents) if folder.is_dir())
    free = shutil.disk_usage(there).free
    is_enough = free >= LEAST_DISK
    hint = (
        ""
        if is_enough
        else f"{LEAST_DISK // GIB} GiB are comfortable; tideline reset --yes frees local tables"
    )
    return Check("disk", "ok" if is_enough else "note", f"{free / GIB:.1f} GiB free at {there}", hint)


def _memory() -> Check:
    free = psutil.virtual_memory().available
    is_enough = free >= LEAST_MEMORY
    hint = "" if is_enough else f"{LEAST_MEMORY // GIB} GiB are comfortable"
    return Check("memory", "ok" if is_enough else "note", f"{free / GIB:.1f} GiB available", hint)


def _server(layout: Layout) -> Check:
    address = running_server(layout)
    return Check(
        "server", "ok", f"answers at {address.remote}" if address else "not running; a run starts it"
    )


def _browser() -> Check:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    return Check(
        "browser",
        "ok" if found else "note",
        found or "none found",
        "" if found else "reports are plain files",
    )
