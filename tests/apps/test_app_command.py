"""`tideline app ab_results`: it says the address, serves the page, and takes the app with it when it ends."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from tests.apps.served import free_port

ROOT = Path(__file__).resolve().parents[2]


def test_the_command_serves_the_app_and_ends_it(tmp_path: Path) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "tideline.cli", "--root", str(ROOT), "app", "ab_results", "--port", str(port)]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout and process.stdout.readline() == f"ab_results: {address}/ (Ctrl-C ends it)\n"
        until = time.monotonic() + 60
        while not _answers(address):
            assert process.poll() is None and time.monotonic() < until
            time.sleep(0.1)
        assert "<title>Streamlit</title>" in requests.get(address, timeout=10).text
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        with pytest.raises(requests.ConnectionError):
            requests.get(address, timeout=5)
    finally:
        process.kill()


def _answers(address: str) -> bool:
    try:
        return requests.get(f"{address}/_stcore/health", timeout=5).ok
    except requests.ConnectionError:
        return False
