"""Which tasks run, in which order, and over which items."""

from __future__ import annotations

import pytest

from tideline.workspace.errors import JobError
from tideline.workspace.jobs.loops import concurrency_of, items_of
from tideline.workspace.jobs.select import in_order, select

GRAPH = {
    "raw": [],
    "bronze": ["raw"],
    "silver": ["bronze"],
    "gold": ["silver"],
    "dash": ["gold"],
    "alone": [],
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bronze", "bronze"),
        ("+silver", "raw bronze silver"),
        ("silver+", "silver gold dash"),
        ("+silver+", "raw bronze silver gold dash"),
        ("alone,gold+", "alone gold dash"),
        (" raw , dash ", "raw dash"),
    ],
)
def test_plus_takes_what_is_before_or_after(text: str, expected: str) -> None:
    assert select(text, GRAPH) == set(expected.split())


def test_an_unknown_task_is_refused_with_the_closest_name() -> None:
    with pytest.raises(JobError, match="no task `bronz`.*did you mean `bronze`"):
        select("bronz", GRAPH)


def test_a_selection_of_nothing_is_refused() -> None:
    with pytest.raises(JobError, match="names no task"):
        select(" , ", GRAPH)


def test_waves_put_each_task_after_those_it_needs() -> None:
    assert in_order(GRAPH) == [["raw", "alone"], ["bronze"], ["silver"], ["gold"], ["dash"]]


def test_a_circle_is_named() -> None:
    with pytest.raises(JobError, match="wait for each other.*: a, b"):
        in_order({"a": ["b"], "b": ["a"]})


@pytest.mark.parametrize(
    ("text", "items"), [('["a", 1, true]', ["a", 1, True]), ("[]", []), ('[{"k": 1}]', [{"k": 1}])]
)
def test_inputs_are_an_array(text: str, items: list[object]) -> None:
    assert items_of(text) == items


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b", "no JSON"),
        ('{"a": 1}', "no array"),
        ("[null]", "empty"),
        ("[[1]]", "nested"),
        ('[1, {"a": 1}]', "mix"),
    ],
)
def test_other_inputs_are_refused(text: str, said: str) -> None:
    with pytest.raises(JobError, match=said):
        items_of(text)


def test_concurrency_is_one_unless_said() -> None:
    assert (concurrency_of(None), concurrency_of("3")) == (1, 3)
    with pytest.raises(JobError, match="expected 1 to 100"):
        concurrency_of(0)
