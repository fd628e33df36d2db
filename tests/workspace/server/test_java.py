"""The environment that the server's process gets, without starting one."""

from __future__ import annotations

import sys

import pytest

from tideline.workspace.server.java import environment


def test_workers_have_the_python_of_this_process_unless_another_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TIDELINE_WORKER_PYTHON", raising=False)
    monkeypatch.setenv("SPARK_REMOTE", "sc://localhost:1")
    monkeypatch.setenv("PYSPARK_PYTHON", "/somebody/elses/python")
    given = environment("secret")
    assert given["PYSPARK_PYTHON"] == sys.executable
    assert given["SPARK_CONNECT_AUTHENTICATE_TOKEN"] == "secret" and "SPARK_REMOTE" not in given

    monkeypatch.setenv("TIDELINE_WORKER_PYTHON", "/own/python3.12")
    assert environment("secret")["PYSPARK_PYTHON"] == "/own/python3.12"
