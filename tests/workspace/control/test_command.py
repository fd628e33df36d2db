"""`tideline control`, and `tideline stop`, which ends it too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.workspace.bundle.bundles import write
from tests.workspace.control.conftest import FILES
from tideline.cli import exit_code
from tideline.commands.app import App
from tideline.commands.control import control
from tideline.workspace.control import running_control
from tideline.workspace.errors import WorkspaceError


def ask(root: Path, *arguments: str) -> Result:
    return CliRunner().invoke(control, arguments, obj=App(root), standalone_mode=False, catch_exceptions=False)


def test_it_is_started_found_and_ended_with_all_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    local = {"pyproject.toml": '[tool.tideline.variables]\nplace = "{volumes}"\nn_trees = 3\n'}
    variables = "variables: {place: {default: a}, n_trees: {default: 1}}\n        targets:"
    declared = FILES["databricks.yml"].replace("targets:", variables)
    root = write(tmp_path, {**FILES, "databricks.yml": declared, **local})
    assert ask(root, "status").return_value == 1
    with pytest.raises(WorkspaceError, match="start it: tideline control start"):
        ask(root, "env")
    with pytest.raises(WorkspaceError, match="prdo"):
        ask(root, "start", "-t", "prdo")
    try:
        said = ask(root, "start", "-t", "prod").output
        address = running_control(App(root).layout)
        assert address is not None
        assert address.host in said
        assert address.token not in said
        assert json.loads(ask(root, "status", "--json").output) == {"is_running": True, "host": address.host}
        assert ask(root, "env").output.splitlines() == [
            f"export DATABRICKS_HOST={address.host}",
            f"export DATABRICKS_TOKEN={address.token}",
            "export DATABRICKS_AUTH_TYPE=pat",
            f"export BUNDLE_VAR_place={App(root).layout.volumes}",
            "export BUNDLE_VAR_n_trees=3",
        ]
    finally:
        assert exit_code(["--root", str(root), "stop"]) == 0
    assert capsys.readouterr().out.splitlines() == ["the control plane is stopped", "no server is running"]
    assert running_control(App(root).layout) is None
    assert ask(root, "stop").output == "no control plane is running\n"
