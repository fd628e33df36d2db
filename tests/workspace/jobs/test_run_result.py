"""The state of a run, from its leaves."""

from __future__ import annotations

import pytest

from tideline.workspace.jobs.result import run_result

CHAIN = {"a": [], "b": ["a"], "c": ["b"]}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ("SUCCESS SUCCESS SUCCESS", "SUCCESS"),
        ("SUCCESS EXCLUDED DISABLED", "SUCCESS"),
        ("FAILED SUCCESS SUCCESS", "SUCCESS_WITH_FAILURES"),
        ("FAILED UPSTREAM_FAILED UPSTREAM_FAILED", "FAILED"),
        ("SUCCESS SUCCESS TIMEDOUT", "FAILED"),
        ("SUCCESS CANCELED UPSTREAM_CANCELED", "FAILED"),
        ("FAILED UPSTREAM_FAILED SUCCESS", "SUCCESS_WITH_FAILURES"),
        ("FAILED DISABLED DISABLED", "FAILED"),
        ("SUCCESS FAILED DISABLED", "FAILED"),
    ],
)
def test_the_leaves_decide(found: str, expected: str) -> None:
    assert run_result(dict(zip("abc", found.split(), strict=True)), CHAIN) == expected
