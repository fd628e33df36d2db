"""The official command against the control plane, where it is installed: every step of a deployment's life."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.workspace.bundle.bundles import write
from tests.workspace.control.conftest import Plane

CLI = os.environ.get("DATABRICKS_CLI_PATH", "")
BUNDLE = {
    "databricks.yml": """
        bundle: {name: orchard}
        targets: {dev: {mode: development, default: true}}
        resources:
          jobs:
            pick:
              name: pick
              parameters: [{name: fruit, default: pear}]
              tasks:
                - task_key: is_pear
                  condition_task: {op: EQUAL_TO, left: "{{job.parameters.fruit}}", right: pear}
                - task_key: last
                  depends_on: [{task_key: is_pear, outcome: "true"}]
                  condition_task: {op: EQUAL_TO, left: a, right: a}
          schemas: {orchard: {catalog_name: dev, name: orchard, comment: what grows}}
          volumes: {landing: {catalog_name: dev, schema_name: "${resources.schemas.orchard.name}", name: landing}}
          registered_models: {ripeness: {catalog_name: dev, schema_name: "${resources.schemas.orchard.name}", name: ripeness}}
          experiments: {ripeness: {name: "/Users/${workspace.current_user.userName}/ripeness"}}
          secret_scopes: {keys: {name: orchard-cli-keys}}
          apps: {shop: {name: orchard-cli-shop, source_code_path: ./app}}
        """,
    "app/app.py": "print('open')\n",
    "notebooks/look.py": "# Databricks notebook source\nprint(1)\n",
}
pytestmark = pytest.mark.skipif(not CLI, reason="THE OFFICIAL COMMAND WAS NOT ASKED: set DATABRICKS_CLI_PATH")


@pytest.fixture
def bundle(quiet: Plane, tmp_path: Path) -> Callable[..., str]:
    """Runs `databricks bundle ...` in a bundle of its own, with an empty home; gives what it says."""
    root, home = write(tmp_path / "orchard", BUNDLE), tmp_path / "home"
    home.mkdir()
    own = {
        **quiet.address.env(), "HOME": str(home), "DATABRICKS_CONFIG_FILE": str(home / "none"),
        "DATABRICKS_CLI_DISABLE_UPDATE_CHECK": "1", "DATABRICKS_BUNDLE_ENGINE": "direct",
    }  # fmt: skip
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DATABRICKS_", "BUNDLE_VAR_"))}

    def ask(*arguments: str) -> str:
        done = subprocess.run(
            [CLI, "bundle", *arguments], cwd=root, env=kept | own, capture_output=True, text=True, timeout=300, check=False
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    return ask


def test_the_official_command_deploys_runs_and_destroys(quiet: Plane, bundle: Callable[..., str]) -> None:
    kept = quiet.layout.home / "control" / "kept"
    before = sorted(kept.rglob("*.json"))
    assert "Validation OK" in bundle("validate", "--strict")
    assert "0 to add" not in bundle("plan")
    bundle("deploy", "--auto-approve")
    assert "0 to add, 0 to change" in bundle("plan")
    said = bundle("run", "pick")
    assert "SUCCESS" in said
    assert "pick" in json.dumps(json.loads(bundle("summary", "--output", "json"))["resources"]["jobs"])
    bundle("destroy", "--auto-approve")
    assert sorted(kept.rglob("*.json")) == before
