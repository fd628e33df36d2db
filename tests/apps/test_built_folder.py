"""Each app starts from the folder that it is deployed from, and from that alone: own requirements, no repository."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from tests.apps.served import ROOT, Api, environment, free_port, wait_until_it_answers
from tests.apps.test_ab_testing_api import write
from tideline.commands.build import MOST_BYTES, build_apps

pytestmark = pytest.mark.long

APPS = sorted(path.parent.name for path in ROOT.glob("apps/*/app.yaml"))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    assert [each.name for each in build_apps(ROOT, folder)] == APPS
    return folder


def test_there_are_apps_and_the_bundle_deploys_each_from_its_folder() -> None:
    declared = yaml.safe_load((ROOT / "resources" / "apps.yml").read_text())["resources"]["apps"]
    assert APPS and sorted(declared) == APPS
    for name, app in declared.items():
        assert app["source_code_path"] == f"../.build/apps/{name}"
        assert app["config"]["command"] == yaml.safe_load((ROOT / "apps" / name / "app.yaml").read_text())["command"]


@pytest.mark.parametrize("app", APPS)
def test_a_folder_holds_what_starts_what_is_installed_and_the_wheel(app: str, built: Path) -> None:
    files = {file.name: file.stat().st_size for file in (built / app).iterdir()}
    assert set(files) == {"app.yaml", "requirements.txt", "tideline_apps-0.1.0-py3-none-any.whl"}
    assert all(0 < size < MOST_BYTES for size in files.values())


@pytest.mark.parametrize("app", APPS)
def test_an_app_starts_from_its_folder_alone_where_the_environment_says(app: str, built: Path, tmp_path: Path) -> None:
    folder = built / app
    python = environment_of(folder, tmp_path / "venv")
    write(tmp_path / "warehouse")
    with started(folder, python, tmp_path) as found:
        ASKED[app](found, python, tmp_path)


def ask_api(found: Api, python: Path, home: Path) -> None:
    answer = found.get("/experiment/search|order/result?day=whole").json()
    assert answer["results"]["winner"] == "8"


def ask_web(found: Api, python: Path, home: Path) -> None:
    """A page is drawn when a browser opens it: Streamlit's own runner does so, with what the folder's requirements brought."""
    assert found.get("/").status_code == 200
    code = (
        "from importlib.util import find_spec; from streamlit.testing.v1 import AppTest\n"
        "app = AppTest.from_file(find_spec('apps.ab_results.main').origin, default_timeout=120).run()\n"
        "assert not app.exception\nprint([each.proto.body for each in app.get('html')])"
    )
    env = {"PATH": os.environ["PATH"], "TIDELINE_GOLD": str(home / "warehouse")}
    drawn = subprocess.run([python, "-c", code], cwd=home, env=env, capture_output=True, text=True, check=True, timeout=180)
    assert "Variant 8 won" in drawn.stdout


ASKED = {"api": ask_api, "ab_results": ask_web}
HEALTH = {"api": "/health", "ab_results": "/_stcore/health"}


def environment_of(folder: Path, place: Path) -> Path:
    """Its Python, with what the folder's requirements name and nothing else."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
    python = place / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps", "--no-compile"]
    subprocess.run([*pip, "--require-hashes", "-r", "requirements.txt"], cwd=folder, check=True)
    return python


@contextmanager
def started(folder: Path, python: Path, home: Path) -> Iterator[Api]:
    """The app as the platform starts it: its command in its folder, host and port from the environment."""
    command = yaml.safe_load((folder / "app.yaml").read_text())["command"]
    port = str(free_port())
    told = {name: value for name, value in environment(home).items() if name.startswith("TIDELINE_")}
    process = subprocess.Popen(
        [str(python.parent / command[0]), *command[1:]], cwd=folder,
        env={"PATH": os.environ["PATH"], "DATABRICKS_APP_PORT": port, **told},
    )  # fmt: skip
    found = Api(f"http://127.0.0.1:{port}", process)
    try:
        wait_until_it_answers(found, HEALTH[folder.name])
        yield found
    finally:
        process.terminate()
        process.wait(20)
