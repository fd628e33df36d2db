"""The benchmark's page and what it needs; nothing is measured here."""

from __future__ import annotations

import subprocess
import sys

import pytest

from benchmarks.page import replaced
from benchmarks.peers.environments import PEERS, ROOT, lock_of

PAGE = "# Results\n\nWords.\n\n## One\n\n| 1 |\n\n## Two\n\n| 2 |\n"


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        (["## One", "", "| new |"], PAGE.replace("| 1 |", "| new |")),
        (["## Two", "", "| new |"], PAGE.replace("| 2 |", "| new |")),
        (["## Three", "", "| 3 |"], PAGE + "\n## Three\n\n| 3 |\n"),
    ],
    ids=["the first", "the last", "a new one"],
)
def test_one_section_is_replaced_and_the_others_stay(section, expected):
    assert replaced(PAGE, section) == expected


@pytest.mark.parametrize("peer", PEERS)
def test_a_peer_is_locked_with_hashes_and_no_address(peer):
    lock = lock_of(peer).read_text()
    assert "--hash=sha256:" in lock
    assert "://" not in lock


def test_cases_run_without_the_project_s_packages():
    """A peer's environment has none of them."""
    script = "import benchmarks.cases, benchmarks.peers.process, sys; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "benchmarks.cases" in loaded
    assert [name for name in loaded if name.split(".")[0] in ("engine", "tideline", "utils", "pyspark")] == []


def test_an_unknown_section_is_refused_with_those_there_are():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "speed"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "invalid choice: 'speed'" in done.stderr
    assert "merge" in done.stderr
