"""One dashboard more: a notebook over a table of gold, the figure that it shows, the figure's tests, a task in the job."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tideline.commands.scaffold.declared import NUMBERS, VALUES, Read, chosen, declared_system, tables_of
from tideline.commands.scaffold.names import check_name
from tideline.commands.scaffold.plan import Plan, render
from tideline.commands.scaffold.system import JOBS, bootstrap_of
from tideline.commands.scaffold.yaml_edits import put_after
from tideline.workspace.errors import WorkspaceError

# The same two values as a figure writes them.
SHOWN = {"string": VALUES["string"], "date": ('"2024-01-01"', '"2024-01-02"')}


def plan_dashboard(root: Path, system: str, name: str, *, reads: str) -> Plan:
    """The files of a dashboard that shows a number of a gold table by one of its columns."""
    check_name(name, "dashboard")
    declared = declared_system(root, system)
    tables = [table for table in tables_of(declared, "gold") if reads or (_number(table) and _label(table))]
    table = chosen(tables, reads, f"table of {system}_gold with something to show")
    number, label = _number(table), _label(table)
    if number is None or label is None:
        raise WorkspaceError(f"`{table.path}` has no number to show by a word or a day", hint="name another table: --table")
    plan, job = Plan(root), _job_of(root, system, name)
    values = {
        "system": system, "name": name, "table": table, "number": number, "label": label, "job": job,
        "title": f"{number.name.replace('_', ' ').capitalize()} by {label.name.replace('_', ' ')}",
        "question": declared.question, "values": VALUES[label.type], "shown": SHOWN[label.type],
        "bootstrap": bootstrap_of(root),
    }  # fmt: skip
    plan.create(f"notebooks/dashboards/{name}.py", render("dashboard/notebook.py.j2", **values))
    plan.create(f"src/systems/{system}/{name}_figures.py", render("dashboard/figures.py.j2", **values))
    plan.create(f"tests/systems/{system}/test_{name}_figures.py", render("dashboard/test_figures.py.j2", **values))
    task = render("dashboard/task.yml.j2", **values)
    plan.change(JOBS, lambda text: put_after(text, ("resources", "jobs", job, "tasks"), task))
    return plan


def _number(table: Read) -> Any:
    """The first column that can be added up."""
    return next((column for column in table.columns if column.type.partition("(")[0] in NUMBERS), None)


def _label(table: Read) -> Any:
    """The first column that names what is added up."""
    return next((column for column in table.columns if column.type in SHOWN), None)


def _job_of(root: Path, system: str, name: str) -> str:
    """The job that brings the system's gold up to date."""
    jobs = yaml.safe_load((root / JOBS).read_text(encoding="utf-8"))["resources"]["jobs"]
    for key, job in jobs.items():
        tasks = {task["task_key"] for task in job["tasks"]}
        if job.get("tags", {}).get("system") == system and "gold" in tasks:
            if name in tasks:
                raise WorkspaceError(f"job `{key}` has a task `{name}` already", hint="choose another name")
            return str(key)
    raise WorkspaceError(f"{JOBS}: no job of `{system}` has a task `gold`", hint="add the system's job first")
