"""What this machine has and lacks for a run."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import psutil

from tideline.workspace.errors import WorkspaceError
from tideline.workspace.layout import Layout
from tideline.workspace.server import java, running_server, state

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
        _port(layout),
        _server(layout),
        _browser(),
    ]


def _python() -> Check:
    fits = (3, 11) <= sys.version_info[:2] <= (3, 13)
    hint = "" if fits else "install 3.11, 3.12 or 3.13, then make setup"
    return Check("Python", "ok" if fits else "missing", f"{platform.python_version()} at {sys.executable}", hint)


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


def _port(layout: Layout) -> Check:
    wanted, known = os.environ.get("TIDELINE_PORT") or "0", state.read(layout)
    if known and known.is_alive:
        return Check("port", "ok", f"{known.port}, held by this bundle's own server")
    hint = "set TIDELINE_PORT to a free port, or leave it unset"
    if not wanted.isdecimal() or int(wanted) > 65535:
        return Check("port", "missing", f"TIDELINE_PORT is {wanted!r}", hint)
    try:
        with socket.create_server(("127.0.0.1", int(wanted))):
            return Check("port", "ok", f"{wanted} is free" if int(wanted) else "any free one on loopback")
    except OSError as error:
        return Check("port", "missing", f"{wanted}: {error.strerror}", hint)


def _server(layout: Layout) -> Check:
    known, address = state.read(layout), running_server(layout)
    if address:
        return Check("server", "ok", f"answers at {address.remote}")
    if known and known.is_alive:
        found = f"process {known.pid} lives but does not answer on port {known.port}"
        return Check("server", "note", found, "tideline stop; the next run starts another")
    return Check("server", "ok", "not running; a run starts it")


def _browser() -> Check:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    return Check(
        "browser",
        "ok" if found else "note",
        found or "none found",
        "" if found else "reports are plain files",
    )
