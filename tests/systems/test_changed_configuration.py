"""A changed configuration value: the next ordinary run gives what a rebuild gives."""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import systems
from tests.systems.deployment import Deployment, deployed
from tideline.samples import write_day

pytestmark = pytest.mark.timeout(900)
NAME = "ab_testing_elsewhere"
LAYERS = ("raw", "bronze", "silver", "gold")


@pytest.fixture
def copied(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The A/B tests under another name, so that their configuration can be edited."""
    folder = tmp_path / "systems" / NAME
    shutil.copytree(repository / "src" / "systems" / "ab_testing", folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in folder.rglob("*.py"):
        code = file.read_text().replace("systems.ab_testing", f"systems.{NAME}")
        file.write_text(code.replace('name="ab_testing"', f'name="{NAME}"'))
    monkeypatch.setattr(systems, "__path__", [*systems.__path__, str(folder.parent)])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield folder
    _forget()


def _forget() -> None:
    for name in [name for name in sys.modules if name.startswith(f"systems.{NAME}")]:
        del sys.modules[name]


def _reload(deployment: Deployment) -> None:
    """What another process would find: the code as it is on disk now."""
    _forget()
    importlib.invalidate_caches()
    deployment.system = importlib.import_module(f"systems.{NAME}.system").SYSTEM


def test_the_next_run_after_a_changed_value_gives_what_a_rebuild_gives(spark: Any, copied: Path, tmp_path: Path) -> None:
    with deployed(spark, tmp_path / "volumes", NAME, "events") as deployment:
        write_day("ab_testing", deployment.landing, 1, scale=0.005, seed=5)
        deployment.run(*LAYERS)
        before = deployment.fingerprint("gold")
        config = copied / "config.py"
        assert "ATTRIBUTION_WINDOW_HOURS = 48" in config.read_text()
        config.write_text(config.read_text().replace("ATTRIBUTION_WINDOW_HOURS = 48", "ATTRIBUTION_WINDOW_HOURS = 1"))
        _reload(deployment)

        outcomes = deployment.run(*LAYERS[1:])

        after = deployment.fingerprint("gold")
        deployment.run("silver", "gold", rebuild=True)
        assert (outcomes["gold.variant_results"].path, outcomes["gold.variant_results"].why) == (
            "full", "code or configuration changed")  # fmt: skip
        assert after != before
        assert deployment.fingerprint("gold") == after
