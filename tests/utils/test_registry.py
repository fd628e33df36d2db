"""Which version of a model counts, asked of a registry over HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from mlflow.exceptions import MlflowException

from utils.registry import version_at


@contextmanager
def registry(status: int, answer: dict[str, object]) -> Iterator[None]:
    """A registry that says one thing only."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Silent."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with pytest.MonkeyPatch.context() as patch:
            for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"):
                patch.setenv(name, f"http://127.0.0.1:{server.server_port}")
            yield
    finally:
        server.shutdown()
        server.server_close()


def test_the_version_under_the_alias_counts() -> None:
    with registry(200, {"model_version": {"name": "m", "version": "7"}}):
        found = version_at("m", "champion")
    assert found is not None and str(found.version) == "7"


@pytest.mark.parametrize("code", ["RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE", "NOT_FOUND"])
def test_a_model_that_is_not_there_is_none(code: str) -> None:
    with registry(404, {"error_code": code, "message": "no such model"}):
        assert version_at("m", "champion") is None


@pytest.mark.parametrize(("status", "code"), [(403, "PERMISSION_DENIED"), (401, "UNAUTHENTICATED"), (400, "BAD_REQUEST")])
def test_a_registry_that_refuses_is_not_one_without_a_model(status: int, code: str) -> None:
    """Else what comes next would be a champion without having met the one that is there."""
    with registry(status, {"error_code": code, "message": "no"}), pytest.raises(MlflowException, match=code):
        version_at("m", "champion")
