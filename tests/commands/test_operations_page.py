"""docs/operations.md does what it says: its commands exist with their options, jobs and parameters, and run in their order."""

from __future__ import annotations

import inspect
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest
from databricks.sdk import WorkspaceClient

from tests.commands.parsed import parse
from tideline.samples import write_day
from tideline.workspace.bundle import load_bundle

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL))
FORGET = "A person must be forgotten"
RUN = [name for name in SECTIONS if name != FORGET]
VIEW = "vouchers_gold.cleaning_report"
# What has happened when a person comes to a command of the page: commands by what they end with, 0 or 1.
BEFORE: dict[str, list[tuple[str, int]]] = {
    "tideline runs --job vouchers --limit 5": [
        ("tideline run vouchers --only raw,bronze,silver", 0),
        (f'tideline sql "create view {VIEW} as select 1 as someone_was_here"', 0),
        ("tideline run vouchers --only gold", 1),
    ],
    "tideline repair": [(f'tideline sql "drop view {VIEW}"', 0)],
    "tideline source stop payments": [
        ("tideline source start payments", 0),
        ("tideline sample payments --days 1 --scale 0.01", 0),
        ("tideline run payments_companies", 0),
    ],
}
# What a look must find, by the command's beginning.
SAID = {
    "tideline runs": "FAILED",
    'tideline sql "select table_name, error': "gold.cleaning_report",
    'tideline sql "select source': "raw.drops",
    'tideline sql "select file, note': "channel",
    'tideline sql "select table_name, check_name': "bronze.uses",
    "tideline history": "MERGE",
    'tideline sql "select table_name, path, why': "sliced",
}


def commands(section: str, program: str) -> list[str]:
    blocks = re.findall(r"^```\n(.*?)^```", SECTIONS[section], re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.startswith(f"{program} ")]


def all_commands(program: str) -> list[str]:
    return [line for section in SECTIONS for line in commands(section, program)]


def test_every_block_holds_commands_that_are_looked_at_here() -> None:
    blocks = re.findall(r"^```\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    assert len(lines) > 25
    assert sorted(lines) == sorted([*all_commands("tideline"), *all_commands("databricks")])


@pytest.mark.parametrize("line", all_commands("tideline"))
def test_a_command_of_the_page_exists_with_its_options_and_its_job(line: str) -> None:
    context = parse(shlex.split(line)[1:])
    bundle = load_bundle(ROOT)
    if context.info_name == "run":
        bundle.job(context.params["job"])
    if context.info_name == "notebook":
        assert (ROOT / context.params["path"]).is_file()


@pytest.mark.parametrize("line", [line for line in all_commands("databricks") if " bundle run " in line])
def test_a_run_in_a_workspace_names_a_job_its_parameters_and_its_tasks(line: str) -> None:
    _, _, _, key, *options = shlex.split(line)
    given = dict(zip(options[::2], options[1::2], strict=True))
    job = load_bundle(ROOT, target=given.pop("--target"), environment={}).job(key)
    declared = {parameter["name"] for parameter in job["parameters"]}
    named = {pair.partition("=")[0] for pair in given.pop("--params", "").split(",") if pair}
    tasks = {task["task_key"] for task in job["tasks"]}
    assert named <= declared
    assert set(filter(None, given.pop("--only", "").split(","))) <= tasks
    assert given == {}


@pytest.mark.parametrize("line", [line for line in all_commands("databricks") if " bundle run " not in line])
def test_any_other_command_of_a_workspace_is_one_of_the_official_client_with_its_arguments(line: str) -> None:
    """The official command and client are made from one description: `jobs repair-run` is `client.jobs.repair_run`."""
    _, group, command, *rest = shlex.split(line)
    service = inspect.get_annotations(getattr(WorkspaceClient, group).fget, eval_str=True)["return"]
    parameters = inspect.signature(getattr(service, command.replace("-", "_"))).parameters
    arguments = [name for name, each in parameters.items() if each.kind is each.POSITIONAL_OR_KEYWORD and name != "self"]
    options = [word.removeprefix("--").replace("-", "_") for word in rest if word.startswith("--")]
    assert len(rest) - len(options) == len(arguments)
    assert set(options) <= set(parameters) - set(arguments)


@pytest.mark.parametrize("section", SECTIONS)
def test_every_section_says_how_to_look_what_to_do_on_both_sides_and_what_holds(section: str) -> None:
    assert "**How to look.**" in SECTIONS[section] or section == "A secret rotates"
    assert "**What holds afterwards.**" in SECTIONS[section]
    assert commands(section, "tideline") and commands(section, "databricks")


def test_the_page_has_a_section_for_everything_that_happens() -> None:
    assert list(SECTIONS) == [
        "A job fails", "A source is late", "A column appears", "A table must be rebuilt", "A secret rotates", FORGET,
    ]  # fmt: skip
    assert set(BEFORE) <= set(all_commands("tideline"))
    assert all(any(line.startswith(start) for line in all_commands("tideline")) for start in SAID)


@dataclass
class Laptop:
    """A home of its own for the project's bundle, with a file that came late in the person's folder."""

    home: Path

    @cached_property
    def environment(self) -> dict[str, str]:
        settings = {"TIDELINE_HOME": str(self.home / "state"), "HOME": str(self.home), "NO_COLOR": "1", "COLUMNS": "200"}
        return os.environ | settings | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}

    def type(self, line: str, expected: int = 0) -> str:
        shell = ["bash", "-c", line]
        done = subprocess.run(shell, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=600, check=False)
        assert done.returncode == expected, f"{line}\n{done.stdout}{done.stderr}"
        return done.stdout


@pytest.fixture(scope="module")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    found = Laptop(tmp_path_factory.mktemp("laptop"))
    late = write_day("vouchers", found.home / "made", 2, scale=0.001, seed=7).files[-1]
    shutil.copy(late, found.home / "late.parquet")
    found.type("tideline sample vouchers --days 1 --scale 0.001")
    yield found
    found.type("tideline stop")


@pytest.mark.deep
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("section", RUN)
def test_the_commands_of_a_section_run_in_their_order(section: str, laptop: Laptop) -> None:
    """In the order of the page: a section begins with what the one before it left."""
    for line in commands(section, "tideline"):
        for before, code in BEFORE.get(line, ()):
            laptop.type(before, code)
        out = laptop.type(line)
        said = next((said for start, said in SAID.items() if line.startswith(start)), "")
        assert said in out, f"{line}\n{out}"
