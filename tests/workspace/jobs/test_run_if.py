"""When a task runs: every condition against every mixture of states."""

from __future__ import annotations

from itertools import product

import pytest

from tideline.workspace.jobs import states as s
from tideline.workspace.jobs.run_if import RULES, RUN, Dependency, decide

TABLE = [
    # run_if, states before, expected
    ("ALL_SUCCESS", "SUCCESS SUCCESS", RUN),
    ("ALL_SUCCESS", "SUCCESS EXCLUDED", RUN),
    ("ALL_SUCCESS", "SUCCESS DISABLED", RUN),
    ("ALL_SUCCESS", "DISABLED", RUN),
    ("ALL_SUCCESS", "EXCLUDED EXCLUDED", "EXCLUDED"),
    ("ALL_SUCCESS", "SUCCESS FAILED", "UPSTREAM_FAILED"),
    ("ALL_SUCCESS", "SUCCESS TIMEDOUT", "UPSTREAM_FAILED"),
    ("ALL_SUCCESS", "UPSTREAM_FAILED", "UPSTREAM_FAILED"),
    ("ALL_SUCCESS", "SUCCESS CANCELED", "UPSTREAM_CANCELED"),
    ("ALL_SUCCESS", "UPSTREAM_CANCELED", "UPSTREAM_CANCELED"),
    ("ALL_SUCCESS", "CANCELED FAILED", "UPSTREAM_FAILED"),
    ("ALL_SUCCESS", "SUCCESS_WITH_FAILURES", RUN),
    ("AT_LEAST_ONE_SUCCESS", "SUCCESS FAILED", RUN),
    ("AT_LEAST_ONE_SUCCESS", "EXCLUDED FAILED", RUN),
    ("AT_LEAST_ONE_SUCCESS", "FAILED TIMEDOUT", "UPSTREAM_FAILED"),
    ("AT_LEAST_ONE_SUCCESS", "CANCELED", "UPSTREAM_CANCELED"),
    ("AT_LEAST_ONE_SUCCESS", "EXCLUDED", "EXCLUDED"),
    ("NONE_FAILED", "SUCCESS EXCLUDED", RUN),
    ("NONE_FAILED", "SUCCESS FAILED", "UPSTREAM_FAILED"),
    ("NONE_FAILED", "SUCCESS CANCELED", "UPSTREAM_CANCELED"),
    ("NONE_FAILED", "EXCLUDED DISABLED", "EXCLUDED"),
    ("ALL_DONE", "FAILED CANCELED", RUN),
    ("ALL_DONE", "SUCCESS", RUN),
    ("ALL_DONE", "EXCLUDED", "EXCLUDED"),
    ("AT_LEAST_ONE_FAILED", "SUCCESS FAILED", RUN),
    ("AT_LEAST_ONE_FAILED", "SUCCESS CANCELED", RUN),
    ("AT_LEAST_ONE_FAILED", "SUCCESS EXCLUDED", "EXCLUDED"),
    ("AT_LEAST_ONE_FAILED", "DISABLED", "EXCLUDED"),
    ("ALL_FAILED", "FAILED TIMEDOUT", RUN),
    ("ALL_FAILED", "FAILED SUCCESS", "EXCLUDED"),
    ("ALL_FAILED", "FAILED EXCLUDED", "EXCLUDED"),
    ("ALL_FAILED", "UPSTREAM_FAILED CANCELED", RUN),
]  # fmt: skip


@pytest.mark.parametrize(("run_if", "before", "expected"), TABLE)
def test_each_condition_reads_the_states_before_it(run_if: str, before: str, expected: str) -> None:
    assert decide(run_if, [Dependency(state) for state in before.split()]) == expected


@pytest.mark.parametrize("run_if", RULES)
def test_a_task_without_dependencies_runs(run_if: str) -> None:
    assert decide(run_if, []) == RUN


@pytest.mark.parametrize("run_if", RULES)
def test_the_branch_that_was_not_taken_is_excluded_whatever_the_condition(run_if: str) -> None:
    edges = [Dependency(s.SUCCESS, wanted="true", outcome="false"), Dependency(s.FAILED)]
    assert decide(run_if, edges) == s.EXCLUDED


def test_the_branch_that_was_taken_runs() -> None:
    assert decide("ALL_SUCCESS", [Dependency(s.SUCCESS, wanted="true", outcome="true")]) == RUN


def test_a_failed_condition_fails_both_branches() -> None:
    assert decide("ALL_SUCCESS", [Dependency(s.FAILED, wanted="true")]) == s.UPSTREAM_FAILED


@pytest.mark.parametrize("run_if", RULES)
def test_every_mixture_of_three_states_has_an_answer_that_does_not_depend_on_order(run_if: str) -> None:
    answers = {RUN, s.EXCLUDED, s.UPSTREAM_FAILED, s.UPSTREAM_CANCELED}
    for before in product(sorted(s.TERMINAL), repeat=3):
        answer = decide(run_if, [Dependency(state) for state in before])
        assert answer in answers
        assert answer == decide(run_if, [Dependency(state) for state in reversed(before)])
