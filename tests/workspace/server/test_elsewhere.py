"""`tideline --remote`: a bundle's jobs on a second server, with tables of its own; the first machine stays as it was."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.workspace.server.elsewhere import Laptop, make_laptop, tls_before
from tideline.workspace.jobs import RunStore
from tideline.workspace.layout import Layout, installation_root
from tideline.workspace.server import ensure_server, stop_server

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Layout]:
    layout = Layout(tmp_path_factory.mktemp("elsewhere"))
    ensure_server(layout, heap="1g", idle_minutes=10)
    yield layout
    stop_server(layout)


@pytest.fixture
def laptop(tmp_path: Path, elsewhere: Layout) -> Laptop:
    return make_laptop(tmp_path, ensure_server(elsewhere))


def test_a_job_runs_there_and_nothing_is_written_here(laptop: Laptop, elsewhere: Layout) -> None:
    done = laptop.command("run", "fill", "--json", "--param", "day=2024-02-03")
    assert done.returncode == 0, done.stderr
    assert laptop.address.token not in done.stdout + done.stderr
    run = json.loads(done.stdout)
    assert run["state"] == "SUCCESS" and run["server"] == laptop.address.remote
    assert run["tasks"]["count"]["result"]["rows"] == [{"n": 2}]
    assert run["tasks"]["program"]["attempts"][0]["output"] == "2"
    assert (elsewhere.warehouse / "shop.db" / "orders" / "_delta_log").is_dir()
    assert [path.name for path in laptop.shared.rglob("*.csv")] == ["orders.csv"]
    assert not [name for name in ("server", "warehouse", "metastore", "volumes") if (laptop.layout.home / name).exists()]
    assert not list(laptop.shared.glob(".probe-*"))
    kept = [path for path in laptop.root.rglob("*") if path.is_file()]
    assert [path for path in kept if laptop.address.token.encode() in path.read_bytes()] == []


def test_tables_and_single_notebooks_are_there_too(laptop: Laptop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    browser, opened = tmp_path / "bin" / "xdg-open", tmp_path / "opened"
    browser.parent.mkdir()
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > "{opened}.new" && mv "{opened}.new" "{opened}"\n')
    browser.chmod(0o755)
    monkeypatch.setenv("PATH", str(browser.parent), prepend=os.pathsep)
    note = laptop.command("notebook", "write.py", "--param", "day=2024-05-06", "--open")
    assert note.returncode == 0, note.stdout + note.stderr
    ends = time.monotonic() + 30  # it is started and not waited for
    while not opened.is_file() and time.monotonic() < ends:
        time.sleep(0.05)
    page = Path(opened.read_text())
    assert page.suffix == ".html" and str(page) in note.stdout and "shop.orders" in page.read_text()
    asked = laptop.command("sql", "select id, day from shop.orders order by id", "--format", "json")
    assert json.loads(asked.stdout) == [{"id": 1, "day": "2024-05-06"}, {"id": 2, "day": "2024-05-06"}]
    shown = laptop.command("show", "shop.orders", "--format", "csv")
    assert shown.stdout.splitlines()[0] == "id,day"


def test_a_wrong_token_and_none_are_told_apart_from_a_server_that_is_down(laptop: Laptop) -> None:
    for token, said in (("wrong", "does not take the token"), ("", "asks for a token")):
        done = laptop.command("sql", "select 1", token=token)
        assert done.returncode == 3
        assert said in done.stderr and "SPARK_CONNECT_AUTHENTICATE_TOKEN" in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1


def test_a_run_is_repaired_where_it_ran(laptop: Laptop) -> None:
    (laptop.root / "count.sql").write_text("select nothing from shop.orders\n")
    assert laptop.command("run", "fill").returncode == 1
    here = [sys.executable, "-m", "tideline.cli", "--root", str(laptop.root), "repair"]
    refused = subprocess.run(here, capture_output=True, text=True, cwd=installation_root(), check=False)
    assert refused.returncode == 2
    assert f"ran on {laptop.address.remote} (repair it there: tideline --remote" in refused.stderr
    (laptop.root / "count.sql").write_text("select count(*) from shop.orders where day = :day\n")
    assert laptop.command("repair").returncode == 0
    assert RunStore(laptop.layout.runs).latest().repair_count == 1


def test_over_tls_everything_works_and_an_unknown_certificate_is_explained(laptop: Laptop, tmp_path: Path) -> None:
    with tls_before(laptop.address, tmp_path) as (secured, certificate):
        doubted = laptop.command("sql", "select 1", remote=secured)
        assert doubted.returncode == 3
        assert "is not trusted: self-signed certificate" in doubted.stderr
        assert "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH" in doubted.stderr
        laptop.roots = certificate
        plain = laptop.command("sql", "select 1", remote=secured.partition("/;")[0])
        assert plain.returncode == 3
        assert "use_ssl=true" in plain.stderr
        done = laptop.command("run", "fill", remote=secured)
        assert done.returncode == 0, done.stdout + done.stderr
        assert RunStore(laptop.layout.runs).latest().server == secured


def test_a_token_in_the_address_is_gone_from_the_command_line_at_once(laptop: Laptop) -> None:
    address = f"{laptop.address.remote}/;token={laptop.address.token}"
    command = [sys.executable, "-m", "tideline.cli", "--root", str(laptop.root), "--remote", address, "sql", "select 1 as one"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=installation_root())
    limit, lines = time.monotonic() + 60, [command]
    while process.poll() is None and any(laptop.address.token in part for part in lines[-1]):
        assert time.monotonic() < limit
        time.sleep(0.01)
        lines.append(psutil.Process(process.pid).cmdline() or lines[-1])
    assert not any(laptop.address.token in part for part in lines[-1])
    assert "--remote" in lines[-1]
    assert "one" in process.communicate(timeout=120)[0]
    assert process.returncode == 0
