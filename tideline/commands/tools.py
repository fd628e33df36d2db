"""What tests and apps of this project look for on a machine, besides what a run needs: nothing here stops a run."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

from tideline.workspace.doctor import Check

TEST_BROWSERS = ("chromium", "google-chrome")


def examine_tools(ports: Mapping[str, int]) -> list[Check]:
    """The browser, the data and the official command that tests ask for, and the ports (by app) that apps listen on."""
    return [_test_browser(), _real_data(), _official_command(), *_app_ports(ports)]


def _test_browser() -> Check:
    name, named = "browser tests", os.environ.get("TIDELINE_CHROMIUM")
    if named:
        is_there = os.access(named, os.X_OK)
        hint = "" if is_there else "TIDELINE_CHROMIUM names no program: correct it, or unset it"
        return Check(name, "ok" if is_there else "note", named, hint)
    found = next((path for browser in TEST_BROWSERS if (path := shutil.which(browser))), None)
    hint = "" if found else "they are skipped; install chromium, or set TIDELINE_CHROMIUM"
    return Check(name, "ok" if found else "note", found or "no chromium", hint)


def _real_data() -> Check:
    name, named = "real data", os.environ.get("TIDELINE_REAL_DATA")
    if not named:
        return Check(name, "note", "TIDELINE_REAL_DATA is not set", "tests on real data sets are skipped")
    is_there = Path(named).is_dir()
    return Check(name, "ok" if is_there else "note", named, "" if is_there else "TIDELINE_REAL_DATA names no folder: correct it")


def _official_command() -> Check:
    name, named = "databricks command", os.environ.get("DATABRICKS_CLI_PATH")
    if named:
        is_there = os.access(named, os.X_OK)
        hint = "" if is_there else "DATABRICKS_CLI_PATH names no program: correct it, or unset it"
        return Check(name, "ok" if is_there else "note", named, hint)
    found = shutil.which("databricks")
    hint = "set DATABRICKS_CLI_PATH, and its tests ask it, too" if found else "only deployments need it; its tests are skipped"
    return Check(name, "note", found or "not found", hint)


def _app_ports(ports: Mapping[str, int]) -> Iterator[Check]:
    for app, port in ports.items():
        try:
            with socket.create_server(("127.0.0.1", port)):
                yield Check(f"port of {app}", "ok", f"{port} is free")
        except OSError as error:
            yield Check(f"port of {app}", "note", f"{port}: {error.strerror}", f"tideline app {app} --port OTHER")
