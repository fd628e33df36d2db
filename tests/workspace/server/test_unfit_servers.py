"""Servers on which jobs could not run: each is found out before a run, with what to do."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.workspace.server.elsewhere import make_laptop
from tideline.workspace.errors import ServerError
from tideline.workspace.layout import Layout
from tideline.workspace.server import ServerAddress, java
from tideline.workspace.server.lifecycle import _port
from tideline.workspace.server.probe import answers
from tideline.workspace.server.remote import check_server, check_storage

pytestmark = pytest.mark.deep


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerAddress]:
    """Spark without Delta, for which a path without a scheme is one of another file system than this machine's."""
    layout, port = Layout(tmp_path_factory.mktemp("plain")), _port()
    layout.server.mkdir(parents=True)
    other = {
        "spark.sql.catalogImplementation": "in-memory", "spark.sql.warehouse.dir": layout.warehouse.as_uri(),
        "spark.hadoop.fs.defaultFS": "viewfs://elsewhere/",
        "spark.hadoop.fs.viewfs.mounttable.elsewhere.link./data": layout.home.as_uri(),
    }  # fmt: skip
    command = java.command(layout, port=port, heap="1g")
    command[2] = ":".join(part for part in command[2].split(":") if "delta" not in part)
    ours = ("spark.sql.extensions=", "spark.sql.catalog.spark_catalog=", *(f"{name}=" for name in other))
    kept = [part for part in command if not part.startswith(ours)]
    kept = [part for part, after in zip(kept, [*kept[1:], ""], strict=True) if not (part == after == "--conf")]
    kept[-1:] = [*(part for name, value in other.items() for part in ("--conf", f"{name}={value}")), kept[-1]]
    with (layout.server / "out").open("wb") as out:
        server = subprocess.Popen(kept, stdout=out, stderr=out, cwd=layout.server, env=java.environment("hush"))
    limit = time.monotonic() + 180
    while not answers(port):
        assert time.monotonic() < limit and server.poll() is None, (layout.server / "out").read_text()[-2000:]
        time.sleep(0.2)
    yield ServerAddress(f"sc://localhost:{port}", "hush")
    server.kill()
    server.wait()


def test_a_server_without_delta_is_told_how_to_have_it(plain: ServerAddress, tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="has no Delta .start it with Delta's jars, spark.sql.extensions="):
        check_server(plain)
    done = make_laptop(tmp_path, plain).command("run", "fill")
    assert done.returncode == 3
    assert "has no Delta" in done.stderr and "Traceback" not in done.stderr
    assert "hush" not in done.stdout + done.stderr


def test_a_server_that_does_not_see_this_machines_files_is_told_to_share_a_folder(plain: ServerAddress, tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="does not see the files of this machine in .*--volume-root DIR"):
        check_storage(plain, tmp_path / "volumes")
    assert list((tmp_path / "volumes").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named(plain: ServerAddress, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ServerError, match="file/volumes cannot be written"):
        check_storage(plain, tmp_path / "file" / "volumes")
