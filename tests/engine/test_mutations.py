"""The engine broken on purpose, in named ways: for each a test fails. Otherwise that test proves nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
# What is broken: file of the engine, the code as it is, the code as it must not be, the test (or file) that sees it.
MUTATIONS: dict[str, tuple[str, str, str, str]] = {
    "an older record overwrites a newer row": (
        "merge.py",
        "WHEN MATCHED AND {is_newer} THEN UPDATE SET {updates}",
        "WHEN MATCHED THEN UPDATE SET {updates}",
        "test_latest_version.py",
    ),
    "a tie is decided by who comes last": (
        "merge.py",
        "s._content_hash > t._content_hash))",
        "s._content_hash <> t._content_hash))",
        "test_latest_version.py",
    ),
    "null equals nothing in a difference": (
        "merge.py",
        '{old} IS DISTINCT FROM {new}"',
        '{old} <> {new}"',
        "test_derived.py::test_a_changed_lookup_touches_the_slices_that_look_it_up",
    ),
    "tombstones are shown": (
        "shape.py",
        'else "NOT _is_deleted"',
        'else "true"',
        "test_derived.py::test_children_of_a_deleted_parent_disappear",
    ),
    "a failed table's cursor moves": (
        "run_log.py",
        "status IN ('written', 'nothing to do')",
        "status IN ('written', 'nothing to do', 'failed')",
        "test_derived.py::test_promise_21_a_broken_fail_check_leaves_the_table_as_it_was",
    ),
    "only new images touch slices": (
        "derived.py",
        "    if not table.slice_by:\n        return feed.limit(1)",
        "    feed = feed.where(\"_change_type <> 'update_preimage'\")\n    if not table.slice_by:\n        return feed.limit(1)",
        "test_derived.py",
    ),
    "a history forgets what confirmed a version": (
        "history.py",
        "return versions(events, table, shape).select(*names), old",
        "return versions(events, table, shape).where('_is_shown').select(*names), old",
        "test_history.py",
    ),
    "null is taken for empty": (
        "history.py",
        "else value).alias(name)",
        "else F.coalesce(value.cast('string'), F.lit(''))).alias(name)",
        "test_history.py",
    ),
    "bounds are those of the least key": (
        "batch.py",
        "BETWEEN {_literal(low)} AND {_literal(high)}",
        "BETWEEN {_literal(low)} AND {_literal(low)}",
        "test_model.py",
    ),
    "a bad row is set aside anew by every run": (
        "quarantine.py",
        'F.sha2(identity, 256).alias("quarantine_id")',
        'F.expr("uuid()").alias("quarantine_id")',
        "test_crashes.py",
    ),
    "a repeated file lands again": (
        "sources/files.py",
        "known: set[str]) -> Decision:",
        "known: set[str]) -> Decision:\n    known = set()",
        "test_landing.py",
    ),
}


def _run(spark_server: Any, source: Path, test: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-m", "not deep", f"tests/engine/{test}", "-p", "no:cacheprovider"]
    command += ["-o", f"pythonpath={source} {ROOT}"]
    environment = os.environ | spark_server.env() | {"TIDELINE_TEST_REMOTE": spark_server.remote}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.deep
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", MUTATIONS)
def test_a_broken_engine_is_seen(name: str, spark_server: Any, tmp_path: Path) -> None:
    file, right, wrong, test = MUTATIONS[name]
    source = tmp_path / "src"
    shutil.copytree(ROOT / "src", source, ignore=shutil.ignore_patterns("__pycache__"))
    path = source / "engine" / file
    code = path.read_text()
    assert code.count(right) >= 1, f"{file} no longer says {right!r}"
    path.write_text(code.replace(right, wrong))
    done = _run(spark_server, source, test)
    assert done.returncode == 1, done.stdout[-3000:]  # 1: tests ran and some failed
    assert " failed" in done.stdout or " error" in done.stdout
