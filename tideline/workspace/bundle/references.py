"""`{{...}}`: what the job service fills in when a run starts, and which of it exists."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tideline.workspace.bundle.suggest import did_you_mean

BRACES = re.compile(r"\{\{([^{}]*)\}\}")
ONE_BRACE = re.compile(r"\{\s*[A-Za-z_][\w.`-]*\s*\}\}")
STEP = re.compile(r"`([^`]*)`|([^.`]+)|(\.)")
PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")

TIMES = frozenset(
    {"iso_date", "iso_datetime", "year", "month", "day", "hour", "minute", "second", "timestamp_ms"}
    | {"iso_weekday", "is_weekday"}
)
JOB = frozenset({"id", "name", "run_id", "repair_count", "parameters", "start_time", "trigger"})
TRIGGER = frozenset({"type", "time", "file_arrival", "table_update"})
TASK = frozenset({"name", "run_id", "execution_count", "notebook_path"})
OTHER_TASK = frozenset(
    {"run_id", "result_state", "error_code", "execution_count", "notebook_path", "values", "output"}
)
WORKSPACE = frozenset({"id", "url"})
NAMESPACES = frozenset({"job", "task", "tasks", "workspace", "input", "backfill"})
# The flat names of earlier years, and what they are called now.
DEPRECATED = {
    "job_id": "job.id",
    "run_id": "task.run_id",
    "parent_run_id": "job.run_id",
    "task_key": "task.name",
    "start_date": "job.start_time.iso_date",
    "start_time": "job.start_time.timestamp_ms",
    "task_retry_count": "task.execution_count",
}


@dataclass(frozen=True)
class Reference:
    """One `{{...}}`: its inner text, its steps without backticks, and the steps that lack them."""

    text: str
    steps: tuple[str, ...]
    unquoted: tuple[str, ...]

    def __str__(self) -> str:
        return "{{" + self.text + "}}"


def references_in(text: str) -> list[Reference]:
    """The references of a text, in order."""
    return [_reference(match.group(1).strip()) for match in BRACES.finditer(text)]


def has_odd_braces(text: str) -> bool:
    """Are there braces left that look like a reference? The job service would hand them on as they are.

    `}}` alone ends nested JSON and is no mistake.
    """
    rest = BRACES.sub("", text)
    return "{{" in rest or ONE_BRACE.search(rest) is not None


def problem_of(reference: Reference) -> tuple[str, str] | None:
    """What is wrong with a reference by its form and names alone, with a hint; None where it can exist."""
    steps = reference.steps
    if not steps:
        return f"`{reference}` is empty", ""
    if steps[0] in DEPRECATED and len(steps) == 1:
        return None
    if steps[0] not in NAMESPACES:
        hint = did_you_mean(steps[0], NAMESPACES)
        return f"`{reference}` begins with no namespace of the job service", hint
    for step in reference.unquoted:
        if not PLAIN.match(step):
            return f"`{reference}`: `{step}` needs backticks", "write {{tasks.`" + step + "`...}}"
    return _by_namespace(reference)


def _by_namespace(reference: Reference) -> tuple[str, str] | None:
    space, rest = reference.steps[0], reference.steps[1:]
    if space == "input":
        if len(rest) <= 1:
            return None
        return (
            f"`{reference}` goes deeper than a top-level key of the input",
            "hand nested values on as one text",
        )
    if not rest:
        return f"`{reference}` names a namespace, not a value", ""
    if space == "backfill":
        return None if rest == ("iso_datetime",) else _unknown(reference, rest[0], {"iso_datetime"})
    if space in ("task", "workspace"):
        known = TASK if space == "task" else WORKSPACE
        return None if len(rest) == 1 and rest[0] in known else _unknown(reference, rest[0], known)
    return _job(reference, rest) if space == "job" else _other_task(reference, rest[1:])


def _job(reference: Reference, rest: tuple[str, ...]) -> tuple[str, str] | None:
    first, more = rest[0], rest[1:]
    if first not in JOB:
        return _unknown(reference, first, JOB)
    if first == "start_time":
        return _time(reference, more)
    if first == "parameters":
        return (
            None
            if len(more) == 1
            else (f"`{reference}` names no parameter", "write {{job.parameters.<name>}}")
        )
    if first == "trigger":
        if not more or more[0] not in TRIGGER:
            return _unknown(reference, more[0] if more else "", TRIGGER)
        return _time(reference, more[1:]) if more[0] == "time" else None
    return None if not more else _unknown(reference, more[0], ())


def _time(reference: Reference, more: tuple[str, ...]) -> tuple[str, str] | None:
    return (
        None if len(more) == 1 and more[0] in TIMES else _unknown(reference, more[0] if more else "", TIMES)
    )


def _other_task(reference: Reference, rest: tuple[str, ...]) -> tuple[str, str] | None:
    if not rest:
        return f"`{reference}` names a task, not one of its values", ""
    if rest[0] not in OTHER_TASK:
        return _unknown(reference, rest[0], OTHER_TASK)
    if rest[0] == "values":
        return (
            None
            if len(rest) == 2
            else (f"`{reference}` names no task value", "write {{tasks.<task>.values.<key>}}")
        )
    return None if rest[0] == "output" or len(rest) == 1 else _unknown(reference, rest[1], ())


def _unknown(reference: Reference, name: str, known: object) -> tuple[str, str]:
    names = sorted(known) if isinstance(known, (set, frozenset)) else []
    return f"`{reference}` does not exist", did_you_mean(name, names)


def _reference(text: str) -> Reference:
    steps: list[str] = []
    unquoted: list[str] = []
    for quoted, plain, _ in STEP.findall(text):
        if quoted:
            steps.append(quoted)
        elif plain:
            steps.append(plain.strip())
            unquoted.append(plain.strip())
    return Reference(text, tuple(steps), tuple(unquoted))
