"""A system from source to dashboard: its folder, a sample of what it reads, its tests, its job and its schemas."""

from __future__ import annotations

import json
import re
from pathlib import Path

import yaml

from tideline.commands.scaffold.names import check_name
from tideline.commands.scaffold.plan import Plan, render
from tideline.commands.scaffold.python_edits import with_element, with_import
from tideline.commands.scaffold.yaml_edits import has, put_after, put_before
from tideline.workspace.errors import WorkspaceError

# Where each file of a new system stands, by its template.
FILES = {
    "README.md": "src/systems/{name}/README.md",
    "init.py": "src/systems/{name}/__init__.py",
    "system.py": "src/systems/{name}/system.py",
    "bronze.py": "src/systems/{name}/bronze.py",
    "silver.py": "src/systems/{name}/silver.py",
    "gold.py": "src/systems/{name}/gold.py",
    "figures.py": "src/systems/{name}/figures.py",
    "notebook.py": "notebooks/dashboards/{name}.py",
    "samples_init.py": "tideline/samples/{name}/__init__.py",
    "samples_days.py": "tideline/samples/{name}/days.py",
    "test_system.py": "tests/systems/{name}/test_{name}.py",
    "test_sampled.py": "tests/systems/{name}/test_sampled_{name}.py",
    "test_figures.py": "tests/systems/{name}/test_{name}_figures.py",
}
JOBS, STORAGE = "resources/jobs.yml", "resources/storage.yml"
QUESTION = re.compile(r"[A-Z][\w ,.'’():/-]{5,90}\?")
ROW = re.compile(r"^\| \[\w+\]\(src/systems/.*\n", re.MULTILINE)


def plan_system(root: Path, name: str, question: str) -> Plan:
    """Everything that a system of files needs; WorkspaceError for a name that is taken or cannot be one."""
    check_name(name, "system")
    if not QUESTION.fullmatch(question):
        hint = "one plain sentence that begins with a capital and ends with `?`, 90 characters at most"
        raise WorkspaceError(f"`{question}` is no question", hint=hint)
    _refuse_taken(root, name)
    plan = Plan(root)
    words = name.replace("_", " ").capitalize()
    values = {"name": name, "question": question, "question_yaml": json.dumps(question, ensure_ascii=False), "title": words}
    for template, path in FILES.items():
        text = render(f"system/{template}.j2", **values, bootstrap=bootstrap_of(root))
        plan.create(path.format(name=name), text)
    _register(plan, name, question)
    _put_job(plan, values)
    _put_storage(plan, values)
    return plan


def bootstrap_of(root: Path) -> str:
    """The cell by which every notebook finds src, as the layer notebooks have it."""
    from tideline.workspace.notebook.format import read_notebook

    return read_notebook(root / "notebooks" / "etl" / "gold.py").cells[1].text.strip("\n")


def _refuse_taken(root: Path, name: str) -> None:
    for folder in (f"src/systems/{name}", f"tideline/samples/{name}", f"tests/systems/{name}"):
        if (root / folder).exists():
            raise WorkspaceError(f"`{name}` is taken: {folder} stands already", hint="choose another name")
    jobs = (root / JOBS).read_text(encoding="utf-8")
    if has(jobs, ("resources", "jobs", name)):
        raise WorkspaceError(f"`{name}` is taken: {JOBS} has a job of this name", hint="choose another name")


def _register(plan: Plan, name: str, question: str) -> None:
    """Where the samples, the demonstration and the README list the systems."""

    def in_samples(text: str) -> str:
        return with_element(with_import(text, "tideline.samples", name), "SYSTEMS", f'"{name}": {name}.write_day')

    def in_readme(text: str) -> str:
        rows = list(ROW.finditer(text))
        if not rows:
            raise LookupError("no table of systems")
        asked = question[0].lower() + question[1:]
        row = f"| [{name}](src/systems/{name}/README.md) | {asked} | files, JSON | raw to gold, dashboard | |\n"
        return text[: rows[-1].end()] + row + text[rows[-1].end() :]

    plan.change("tideline/samples/__init__.py", in_samples)
    plan.change("tideline/commands/samples.py", lambda text: with_element(text, "SOURCE_FOLDERS", f'"{name}": "records"'))
    plan.change("tideline/commands/demo.py", lambda text: with_element(text, "JOBS", f'"{name}"'))
    plan.change("README.md", in_readme)


def _put_job(plan: Plan, values: dict[str, str]) -> None:
    """The system's job, its task in `daily`, and its turn in the upkeep."""
    jobs = ("resources", "jobs")

    def edit(text: str) -> str:
        upkeep = yaml.safe_load(text)["resources"]["jobs"]["maintenance"]["tasks"]
        turn = render("system/maintenance_task.yml.j2", **values, before=upkeep[-1]["task_key"])
        text = put_before(text, (*jobs, "backfill"), render("system/job.yml.j2", **values))
        text = put_after(text, (*jobs, "daily", "tasks"), render("system/daily_task.yml.j2", **values))
        return put_after(text, (*jobs, "maintenance", "tasks"), turn)

    plan.change(JOBS, edit)


def _put_storage(plan: Plan, values: dict[str, str]) -> None:
    """Schemas with their grants, the landing volume, and where its files wait."""
    place = f'      {values["name"]}: {{volume_type: MANAGED, storage_location: ""}}\n'

    def edit(text: str) -> str:
        text = put_after(text, ("variables", "landing_location", "default"), place)
        text = put_after(text, ("resources", "schemas"), render("system/schemas.yml.j2", **values))
        return put_after(text, ("resources", "volumes"), render("system/volume.yml.j2", **values))

    plan.change(STORAGE, edit)
