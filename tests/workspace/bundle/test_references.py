"""`{{...}}`: how it is read, and which of it exists."""

from __future__ import annotations

import pytest

from tideline.workspace.bundle.references import problem_of, references_in


def test_references_are_found_in_order_with_backticks_taken_off() -> None:
    found = references_in("a {{ job.id }} b {{tasks.`my-task`.values.`a.b`}} {c}")
    assert [reference.steps for reference in found] == [
        ("job", "id"),
        ("tasks", "my-task", "values", "a.b"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "job.id",
        "job.name",
        "job.run_id",
        "job.repair_count",
        "job.parameters.as_of",
        "job.start_time.iso_date",
        "job.start_time.is_weekday",
        "job.trigger.type",
        "job.trigger.time.iso_datetime",
        "job.trigger.file_arrival.location",
        "task.name",
        "task.execution_count",
        "tasks.load.result_state",
        "tasks.load.values.rows",
        "tasks.load.output.rows",
        "tasks.`a b`.run_id",
        "workspace.id",
        "input",
        "input.country",
        "backfill.iso_datetime",
        "run_id",
    ],
)
def test_what_the_job_service_knows_has_no_problem(text: str) -> None:
    assert problem_of(references_in("{{" + text + "}}")[0]) is None


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("", "is empty", ""),
        ("jobs.id", "begins with no namespace", "did you mean `job`?"),
        ("job", "names a namespace, not a value", ""),
        ("job.idd", "does not exist", "did you mean `id`?"),
        ("job.start_time", "does not exist", "known:"),
        ("job.start_time.isodate", "does not exist", "did you mean `iso_date`?"),
        ("job.parameters", "names no parameter", "{{job.parameters.<name>}}"),
        ("tasks.load", "names a task, not one of its values", ""),
        ("tasks.load.value.x", "does not exist", "did you mean `values`?"),
        ("tasks.load.values", "names no task value", "{{tasks.<task>.values.<key>}}"),
        ("tasks.my-task.run_id", "`my-task` needs backticks", "{{tasks.`my-task`"),
        ("input.a.b", "goes deeper than a top-level key", "one text"),
        ("backfill.date", "does not exist", "iso_datetime"),
    ],
)
def test_what_does_not_exist_is_named_with_what_was_meant(text: str, message: str, hint: str) -> None:
    found = problem_of(references_in("{{" + text + "}}")[0])
    assert found is not None
    assert message in found[0] and hint in found[1]
