"""A changed configuration value: the next ordinary run gives what a rebuild gives."""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import systems
from tests.systems.deployment import Deployment, deployed
from tideline.samples import write_day

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
LAYERS = ("raw", "bronze", "silver", "gold")


@dataclass(frozen=True)
class Change:
    """A value of a system's configuration, as its file writes it, and a table of gold that it decides."""

    system: str
    source: str
    scale: float
    old: str
    new: str
    table: str

    @property
    def name(self) -> str:
        """What the copy of the system is called."""
        return f"{self.system}_elsewhere"


CHANGES = (
    Change(
        "ab_testing", "events", 0.005, "ATTRIBUTION_WINDOW_HOURS = 48", "ATTRIBUTION_WINDOW_HOURS = 1", "gold.variant_results"
    ),
    Change("vouchers", "drops", 0.001, '= ("Peru",)', '= ("Latvia", "China")', "gold.segment_vouchers"),
)  # fmt: skip


@pytest.fixture(params=[CHANGES[0], pytest.param(CHANGES[1], marks=pytest.mark.deep)], ids=lambda change: change.system)
def change(request: pytest.FixtureRequest) -> Change:
    found: Change = request.param
    return found


@pytest.fixture
def copied(change: Change, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The system under another name, so that its configuration can be edited."""
    folder = tmp_path / "systems" / change.name
    shutil.copytree(repository / "src" / "systems" / change.system, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in folder.rglob("*.py"):
        code = file.read_text().replace(f"systems.{change.system}", f"systems.{change.name}")
        file.write_text(code.replace(f'name="{change.system}"', f'name="{change.name}"'))
    monkeypatch.setattr(systems, "__path__", [*systems.__path__, str(folder.parent)])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield folder
    _forget(change)


def _forget(change: Change) -> None:
    for name in [name for name in sys.modules if name.startswith(f"systems.{change.name}")]:
        del sys.modules[name]


def _reload(change: Change, deployment: Deployment) -> None:
    """What another process would find: the code as it is on disk now."""
    _forget(change)
    importlib.invalidate_caches()
    deployment.system = importlib.import_module(f"systems.{change.name}.system").SYSTEM


def test_the_next_run_after_a_changed_value_gives_what_a_rebuild_gives(
    spark: Any, change: Change, copied: Path, tmp_path: Path
) -> None:
    with deployed(spark, tmp_path / "volumes", change.name, change.source) as deployment:
        write_day(change.system, deployment.landing, 1, scale=change.scale, seed=5)
        deployment.run(*LAYERS)
        before = deployment.fingerprint("gold")
        config = copied / "config.py"
        assert change.old in config.read_text()
        config.write_text(config.read_text().replace(change.old, change.new))
        _reload(change, deployment)

        outcomes = deployment.run(*LAYERS[1:])

        after = deployment.fingerprint("gold")
        deployment.run("silver", "gold", rebuild=True)
        assert (outcomes[change.table].path, outcomes[change.table].why) == ("full", "code or configuration changed")
        assert after[change.table] != before[change.table]
        assert deployment.fingerprint("gold") == after
