"""One of the project's own jobs on a second server, from a workspace that has none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tideline.workspace.layout import Layout, installation_root
from tideline.workspace.server import ensure_server, stop_server

pytestmark = pytest.mark.deep


def test_a_day_of_vouchers_is_brought_to_gold_there(tmp_path: Path, repository: Path) -> None:
    elsewhere, home, shared = Layout(tmp_path / "elsewhere"), tmp_path / "home", tmp_path / "shared"
    elsewhere.root.mkdir()
    address = ensure_server(elsewhere, heap="2g", idle_minutes=10)
    own = {"TIDELINE_HOME": str(home), "SPARK_CONNECT_AUTHENTICATE_TOKEN": address.token}

    def tideline(*arguments: str) -> str:
        command = [sys.executable, "-m", "tideline.cli", "--root", str(repository), "--remote", address.remote]
        done = subprocess.run(
            [*command, "--volume-root", str(shared), *arguments], capture_output=True, text=True, check=False,
            cwd=installation_root(), env=os.environ | own, timeout=900,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    try:
        tideline("sample", "vouchers", "--days", "1", "--scale", "0.05")
        run = json.loads(tideline("run", "vouchers", "--json"))
        assert (run["state"], run["server"]) == ("SUCCESS", address.remote)
        (counted,) = json.loads(tideline("sql", "select count(*) as n from vouchers_gold.segment_vouchers", "--format", "json"))
        assert counted["n"] > 0
        assert (elsewhere.warehouse / "vouchers_gold.db" / "segment_vouchers" / "_delta_log").is_dir()
        assert not [name for name in ("server", "warehouse", "metastore", "volumes") if (home / name).exists()]
    finally:
        stop_server(elsewhere)
