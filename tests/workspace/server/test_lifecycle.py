"""The server's life, with real server processes: start, reuse, crash, restart, idle end."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from tideline.workspace.errors import ServerError
from tideline.workspace.layout import Layout, installation_root
from tideline.workspace.server import (
    ServerAddress,
    ensure_server,
    interrupt_session,
    open_session,
    running_server,
    state,
    stop_server,
)

pytestmark = pytest.mark.long

START_AND_SLEEP = """
import sys, time
from pathlib import Path
from tideline.workspace.layout import Layout
from tideline.workspace.server import ensure_server, open_session
address = ensure_server(Layout(Path(sys.argv[1])), heap="1g", idle_minutes=5)
session = open_session(address)
session.sql("CREATE TABLE IF NOT EXISTS kept USING delta AS SELECT 7 AS number").collect()
print("ready", flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Layout]:
    """A workspace whose server the tests of this module start, kill and stop, one after the other."""
    layout = Layout(tmp_path_factory.mktemp("lifecycle"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1")  # many starts, little work
        yield layout
        stop_server(layout)


def test_a_server_survives_the_client_that_started_it_and_is_found_again(layout: Layout) -> None:
    client = subprocess.Popen(
        [sys.executable, "-c", START_AND_SLEEP, str(layout.root)], stdout=subprocess.PIPE, text=True,
        cwd=installation_root())  # fmt: skip
    assert client.stdout is not None and client.stdout.readline() == "ready\n"
    client.kill()
    client.wait()

    address = running_server(layout)

    assert address is not None
    assert _kept_numbers(address) == [7]
    assert ensure_server(layout) == address


def test_the_token_is_private_and_on_no_command_line(layout: Layout) -> None:
    address = ensure_server(layout, heap="1g")
    known = state.read(layout)
    assert known is not None

    assert len(address.token) > 30
    assert address.token not in repr(address) and address.token not in repr(known)
    assert stat.S_IMODE((layout.server / "server.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(layout.server.stat().st_mode) == 0o700
    for process in [psutil.Process(known.pid), psutil.Process(known.pid).parent()]:
        assert process is not None and address.token not in " ".join(process.cmdline())


def test_it_listens_on_loopback_only(layout: Layout) -> None:
    ensure_server(layout, heap="1g")
    known = state.read(layout)
    assert known is not None

    listening = [c.laddr.ip for c in psutil.Process(known.pid).net_connections("tcp") if c.status == "LISTEN"]

    assert listening and {ip.removeprefix("::ffff:") for ip in listening} == {"127.0.0.1"}


def test_a_client_with_another_token_is_refused(layout: Layout) -> None:
    address = ensure_server(layout, heap="1g")
    ask = "from pyspark.sql import SparkSession; SparkSession.builder.create().sql('SELECT 1').collect()"

    refused = subprocess.run(
        [sys.executable, "-c", ask], env=os.environ | ServerAddress(address.remote, "guess").env(), text=True,
        capture_output=True, timeout=60, check=False)  # fmt: skip

    assert refused.returncode != 0
    assert "authentication token" in refused.stderr.lower() or "UNAUTHENTICATED" in refused.stderr


def test_a_query_whose_client_is_gone_is_interrupted(layout: Layout) -> None:
    address = ensure_server(layout, heap="1g")
    session_id = "6f9f2a54-0c1f-4c35-8f8a-000000000001"
    # Spark looks for an interrupt between batches of 1,000 rows of a range: no join, whose one batch takes minutes.
    slow = "SELECT sum(hash(id)) FROM range(1000000000000)"
    code = (
        "import sys; from tideline.workspace.server import *; "
        f"s = open_session(ServerAddress({address.remote!r}, sys.argv[1]), {session_id!r}); "
        f"print('ready', flush=True); s.sql({slow!r}).collect()"
    )
    client = subprocess.Popen(
        [sys.executable, "-c", code, address.token], stdout=subprocess.PIPE, cwd=installation_root())
    assert client.stdout is not None and client.stdout.readline() == b"ready\n"
    busy = _seconds_until(lambda: _processor_share(layout) > 0.3, limit=30)
    time.sleep(3)  # a new server is busy with itself at first; by now it is the query
    client.kill()
    client.wait()

    interrupt_session(address, session_id)

    assert busy < 30
    assert _seconds_until(lambda: _processor_share(layout) < 0.3, limit=30) < 30
    interrupt_session(address, session_id)


def test_a_killed_server_is_started_again_with_its_tables(layout: Layout) -> None:
    ensure_server(layout, heap="1g")
    before = state.read(layout)
    assert before is not None
    os.kill(before.pid, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(before.pid)] if psutil.pid_exists(before.pid) else [], timeout=10)

    address = ensure_server(layout, heap="1g")

    after = state.read(layout)
    assert after is not None and after.pid != before.pid and after.token != before.token
    assert _kept_numbers(address) == [7]


def test_a_server_ends_with_its_supervisor(layout: Layout) -> None:
    ensure_server(layout, heap="1g")
    known = state.read(layout)
    assert known is not None
    server = psutil.Process(known.pid)
    supervisor = server.parent()
    assert supervisor is not None

    supervisor.terminate()

    psutil.wait_procs([server, supervisor], timeout=30)
    assert not server.is_running() or server.status() == psutil.STATUS_ZOMBIE


def test_a_state_file_that_names_a_stranger_starts_a_server_and_spares_the_stranger(layout: Layout) -> None:
    stop_server(layout)
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    state.write(layout, state.ServerState(stranger.pid, 1.0, 15000, "old"))

    with ThreadPoolExecutor(2) as callers:
        first, second = callers.map(lambda _: _ensure_in_process(layout), range(2))

    assert first == second
    assert stranger.poll() is None
    assert len(_servers_of(layout)) == 1
    stranger.kill()


def test_a_frozen_server_counts_as_not_running(layout: Layout) -> None:
    ensure_server(layout, heap="1g")
    known = state.read(layout)
    assert known is not None
    os.kill(known.pid, signal.SIGSTOP)

    found = running_server(layout)

    os.kill(known.pid, signal.SIGCONT)
    assert found is None
    assert running_server(layout) is not None


def test_stopping_ends_the_process_and_says_whether_there_was_one(layout: Layout) -> None:
    address = ensure_server(layout, heap="1g")

    assert stop_server(layout) is True
    assert _servers_of(layout) == []
    assert running_server(layout) is None
    assert stop_server(layout) is False
    with pytest.raises(ServerError, match="no Spark server answers"):
        open_session(address)


def test_an_unused_server_ends_by_itself(layout: Layout) -> None:
    ensure_server(layout, heap="1g", idle_minutes=0.1)

    assert _seconds_until(lambda: not _servers_of(layout), limit=60) < 60
    assert _seconds_until(lambda: state.read(layout) is None, limit=10) < 10


def test_a_port_in_use_is_said_in_one_line(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("TIDELINE_PORT", str(port))

        with pytest.raises(ServerError, match=rf"port {port} is in use .*TIDELINE_PORT"):
            ensure_server(layout)


def test_a_port_that_is_no_number_is_refused(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDELINE_PORT", "spark")

    with pytest.raises(ServerError, match="TIDELINE_PORT is 'spark'"):
        ensure_server(layout)


def test_missing_jars_name_the_command_that_fetches_them(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDELINE_JARS", str(layout.root / "none"))

    with pytest.raises(ServerError, match="no Delta jars in .*make setup"):
        ensure_server(layout)


def test_a_start_that_fails_shows_the_end_of_the_log_and_what_to_do(layout: Layout) -> None:
    with pytest.raises(ServerError, match=r"Invalid maximum heap size.*name the heap like 4g"):
        ensure_server(layout, heap="plenty")


def test_a_damaged_state_file_counts_as_none(layout: Layout) -> None:
    layout.server.mkdir(parents=True, exist_ok=True)
    for text in ["", "{", json.dumps({"pid": 1}), "[]"]:
        (layout.server / "server.json").write_text(text)

        assert running_server(layout) is None


def _ensure_in_process(layout: Layout) -> str:
    """`ensure_server` as another command would call it, in a process of its own; gives the address."""
    code = (
        "import sys; from pathlib import Path; from tideline.workspace.layout import Layout; "
        "from tideline.workspace.server import ensure_server; "
        "print(ensure_server(Layout(Path(sys.argv[1])), heap='1g', idle_minutes=5).remote)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(layout.root)], capture_output=True, text=True, check=True,
        cwd=installation_root())  # fmt: skip
    return done.stdout


def _kept_numbers(address: ServerAddress) -> list[int]:
    session = open_session(address)
    numbers = [row.number for row in session.table("kept").collect()]
    session.stop()
    return numbers


def _servers_of(layout: Layout) -> list[int]:
    sign = f"databaseName={layout.metastore};"
    found = []
    for process in psutil.process_iter(["pid", "cmdline", "status"]):
        if any(sign in part for part in process.info["cmdline"] or []) and process.info["status"] != "zombie":
            found.append(process.info["pid"])
    return found


def _processor_share(layout: Layout) -> float:
    known = state.read(layout)
    assert known is not None
    return psutil.Process(known.pid).cpu_percent(interval=1.0) / 100


def _seconds_until(is_so: Callable[[], bool], *, limit: float) -> float:
    started = time.monotonic()
    while time.monotonic() - started < limit:
        if is_so():
            break
        time.sleep(0.2)
    return time.monotonic() - started
