"""What a line of a Delta log's history says, for each kind of write."""

from __future__ import annotations

from typing import Any

import pytest

from tideline.workspace.web.commits import Commit, commit_of

MERGED = {"numTargetRowsInserted": "1", "numTargetRowsUpdated": "2", "numTargetRowsDeleted": "3", "numOutputRows": "9"}


def entry(operation: str, metrics: dict[str, str], **more: Any) -> dict[str, Any]:
    return {"version": 3, "timestamp": 1_685_600_000_000, "operation": operation, "operationMetrics": metrics, **more}


def counts(commit: Commit) -> tuple[int | None, int | None, int | None]:
    return commit.inserted, commit.updated, commit.deleted


@pytest.mark.parametrize(
    ("operation", "metrics", "expected"),
    [
        ("MERGE", MERGED, (1, 2, 3)),
        ("WRITE", {"numOutputRows": "7"}, (7, None, None)),
        ("UPDATE", {"numUpdatedRows": "4", "numCopiedRows": "8"}, (None, 4, None)),
        ("DELETE", {"numDeletedRows": "5", "numCopiedRows": "8"}, (None, None, 5)),
        ("OPTIMIZE", {"numAddedFiles": "1", "numRemovedFiles": "6"}, (None, None, None)),
        ("SET TBLPROPERTIES", {}, (None, None, None)),
    ],
)  # fmt: skip
def test_rows_are_those_that_the_operation_says(
    operation: str, metrics: dict[str, str], expected: tuple[int | None, ...]
) -> None:
    commit = commit_of(entry(operation, metrics))
    assert counts(commit) == expected
    assert commit.changes_rows == any(expected)


def test_files_duration_and_the_writers_note_are_told() -> None:
    metrics = {"numAddedFiles": "1", "numRemovedFiles": "6", "executionTimeMs": "1500"}
    commit = commit_of(entry("OPTIMIZE", metrics, userMetadata="nightly"))
    assert (commit.files_added, commit.files_removed, commit.seconds, commit.note) == (1, 6, 1.5, "nightly")
    assert (commit.version, commit.at) == (3, 1_685_600_000.0)


def test_predicates_are_left_out_since_they_may_name_a_person() -> None:
    commit = commit_of(entry("DELETE", {}, operationParameters={"predicate": "[\"(id = 'anna')\"]", "mode": "x" * 1000}))
    assert "anna" not in repr(commit) and len(commit.details) == 300


def test_a_commit_that_says_nothing_is_a_commit() -> None:
    assert commit_of({"version": 0}) == Commit(0, 0.0, "unknown")
