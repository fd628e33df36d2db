"""Every `{{...}}` of the job service, and none handed on as text."""

from __future__ import annotations

import pytest

from tideline.workspace.errors import JobError
from tideline.workspace.jobs.references import Scope
from tideline.workspace.jobs.trigger import Trigger

SCOPE = Scope(
    job={"id": "7", "name": "daily", "run_id": "70", "repair_count": 2},
    parameters={"as_of": "2023-06-01", "odd name": "x"},
    started_at=1685602861.5,  # 2023-06-01T07:01:01Z, a Thursday
    task={"name": "gold", "run_id": "701", "execution_count": 1, "notebook_path": "/n/gold"},
    tasks={
        "raw": {
            "run_id": "700", "result_state": "SUCCESS", "error_code": "", "execution_count": 3,
            "notebook_path": "/n/raw", "values": {"n": 41, "name": "a b", "list": [1, {"k": None}], "yes": True},
            "output": {"rows": 5},
        }
    },
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{job.id}}-{{job.name}}", "7-daily"),
        ("{{job.run_id}}", "70"),
        ("{{job.repair_count}}", "2"),
        ("{{ job.parameters.as_of }}", "2023-06-01"),
        ("{{job.parameters.`odd name`}}", "x"),
        ("{{job.start_time.iso_date}}", "2023-06-01"),
        ("{{job.start_time.iso_datetime}}", "2023-06-01T07:01:01"),
        ("{{job.start_time.year}}/{{job.start_time.month}}/{{job.start_time.day}}", "2023/6/1"),
        ("{{job.start_time.hour}}:{{job.start_time.minute}}:{{job.start_time.second}}", "7:1:1"),
        ("{{job.start_time.timestamp_ms}}", "1685602861500"),
        ("{{job.start_time.iso_weekday}} {{job.start_time.is_weekday}}", "4 true"),
        ("{{job.trigger.type}}", "one_time"),
        ("{{job.trigger.time.iso_date}}", "2023-06-01"),
        ("{{task.name}} {{task.run_id}} {{task.execution_count}}", "gold 701 1"),
        ("{{task.notebook_path}}", "/n/gold"),
        ("{{tasks.raw.result_state}}", "SUCCESS"),
        ("{{tasks.raw.error_code}}", ""),
        ("{{tasks.raw.execution_count}}{{tasks.raw.run_id}}", "3700"),
        ("{{tasks.raw.values.n}}", "41"),
        ("{{tasks.raw.values.name}}", "a b"),
        ("{{tasks.raw.values.list}}", '[1,{"k":null}]'),
        ("{{tasks.raw.values.yes}}", "true"),
        ("{{tasks.raw.output.rows}}", "5"),
        ("{{workspace.id}}", "0"),
        ("{{backfill.iso_datetime}}", "2023-06-01T07:01:01"),
        ("{{job_id}} {{run_id}} {{parent_run_id}} {{task_key}}", "7 701 70 gold"),
        ("{{start_date}}", "2023-06-01"),
        ("no reference { } here", "no reference { } here"),
    ],
)
def test_each_reference_has_its_value(text: str, expected: str) -> None:
    assert SCOPE.fill(text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{job.parameters.as_off}}", "did you mean `as_of`"),
        ("{{tasks.bronze.values.n}}", "there is no `bronze`"),
        ("{{tasks.raw.values.m}}", "there is no `m`"),
        ("{{jobs.id}}", "begins with no namespace"),
        ("{{input}}", "outside a for_each_task"),
        ("{{job.trigger.file_arrival.location}}", "has no value here"),
        ("{{job.run_id}", "make no reference"),
        ("{{}}", "is empty"),
    ],
)
def test_an_unresolved_reference_is_an_error(text: str, said: str) -> None:
    with pytest.raises(JobError, match=said):
        SCOPE.fill(text)


def test_inputs_are_text_as_it_is_and_objects_as_compact_json() -> None:
    assert Scope(input="a b").fill("<{{input}}>") == "<a b>"
    assert Scope(input=12).fill("{{input}}") == "12"
    assert Scope(input={"k": "v", "n": 1}).fill("{{input}} {{input.k}} {{input.n}}") == '{"k":"v","n":1} v 1'
    with pytest.raises(JobError, match="the input is no object"):
        Scope(input="a").fill("{{input.k}}")


def test_deep_data_is_filled_in_and_other_types_are_kept() -> None:
    assert SCOPE.fill({"a": ["{{job.id}}", 1, None], "b": True}) == {"a": ["7", 1, None], "b": True}


TABLES = {
    "main.shop.orders": {"version": 7, "commit_timestamp": 1685602861.0},
    "main.shop.orders_of_today": {"version": 1, "commit_timestamp": 1685602862.0},
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{job.trigger.type}}", "table"),
        ("{{job.trigger.time.iso_datetime}}", "2023-06-01T07:00:00"),
        ("{{job.trigger.file_arrival.location}}", "/Volumes/a/b/c"),
        ("{{job.trigger.table_update.updated_tables}}", '["main.shop.orders","main.shop.orders_of_today"]'),
        ("{{job.trigger.table_update.main.shop.orders.version}}", "7"),
        ("{{job.trigger.table_update.`main.shop.orders_of_today`.version}}", "1"),
        ("{{job.trigger.table_update.main.shop.orders.commit_timestamp.iso_datetime}}", "2023-06-01T07:01:01"),
    ],
)
def test_a_triggered_run_knows_its_trigger(text: str, expected: str) -> None:
    trigger = Trigger("table", at=1685602800.0, location="/Volumes/a/b/c", tables=TABLES)
    assert Scope(started_at=1685602861.5, trigger=trigger).fill(text) == expected


@pytest.mark.parametrize("name", ["main.shop.order.version", "main.shop.orders.commit_timestamp", "main.shop.orders"])
def test_a_table_that_was_not_updated_has_no_version(name: str) -> None:
    with pytest.raises(JobError, match="has no value here"):
        Scope(trigger=Trigger("table", tables=TABLES)).fill("{{job.trigger.table_update." + name + "}}")
