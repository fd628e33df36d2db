"""sql_task: a file of statements in a session of its own; parameters are named markers, never pasted text."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tideline.workspace.errors import JobError, Place
from tideline.workspace.jobs import states as s
from tideline.workspace.jobs.context import Done, Work
from tideline.workspace.jobs.kinds.notebook import parameters_of
from tideline.workspace.jobs.records import TaskError
from tideline.workspace.notebook.kernel.sql_text import Statement, statements
from tideline.workspace.server import interrupt_session, open_session

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SHOWN_ROWS = 1000


def run_sql_file(work: Work) -> Done:
    """Run the statements in order; `{{tasks.<key>.output.rows}}` and `.first_row.<column>` name the last result."""
    file = Path(str(work.fields.get("file", {}).get("path")))
    if not file.is_file():
        raise JobError("no such SQL file", place=Place(file))
    work.attempt.parameters = sql_parameters(work)
    found = list(statements(file.read_text(encoding="utf-8")))
    address, session_id = work.running.pool().address, str(uuid.uuid4())
    session = open_session(address, session_id)
    with ThreadPoolExecutor(1) as thread:
        job = thread.submit(_run_all, session, found, work)
        while not wait([job], timeout=0.1).done:
            if work.stop.is_set():
                interrupt_session(address, session_id)
                wait([job])
        if work.stop.is_set():
            return Done(s.CANCELED)
        done = job.result()
    session.stop()
    return done


def sql_parameters(work: Work) -> dict[str, str]:
    """The task's parameters, with the job's over them."""
    own = {"base_parameters": work.fields.get("parameters") or {}}
    spec = {**work.spec, work.task.kind: own}
    return parameters_of(Work(**{**work.__dict__, "spec": spec}))


def _run_all(session: SparkSession, found: list[Statement], work: Work) -> Done:
    from pyspark.errors import PySparkException

    rows: list[Any] = []
    for number, statement in enumerate(found, start=1):
        work.running.log.tell("cell", work.path, state="running", number=number, total=len(found), cell="sql")
        try:
            names = statement.markers()
            missing = [name for name in names if name not in work.attempt.parameters]
            if missing:
                raise JobError(f"`:{missing[0]}` has no value", hint="add it to the task's parameters")
            args = {name: work.attempt.parameters[name] for name in names}
            rows = session.sql(statement.text, args=args or None).limit(SHOWN_ROWS).collect()
        except PySparkException as error:
            return Done(s.FAILED, _error(work, error, statement))
    first = rows[0].asDict() if rows else {}
    work.task.result = {"rows": [row.asDict() for row in rows], "first_row": first}
    return Done(s.SUCCESS, output="\n".join(_line(row.asDict()) for row in rows[:20]))


def _line(row: Mapping[str, Any]) -> str:
    return json.dumps(row, default=str, ensure_ascii=False)


def _error(work: Work, error: Exception, statement: Statement) -> TaskError:
    message = str(error).split("JVM stacktrace")[0].strip()
    return TaskError(type(error).__name__, message, work.task.notebook_path, 0, statement.line + 1)
