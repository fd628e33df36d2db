"""What a team's tools read: workflows of the Git host, hooks before a commit, the dev container. Every command in them exists."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.commands.parsed import parse
from tideline.workspace.bundle import load_bundle

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
GOALS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
BUNDLE_COMMANDS = {"validate": {"--strict"}, "deploy": set(), "summary": set()}
TARGET = "$TARGET"


def workflow(name: str) -> dict[Any, Any]:
    """A workflow; its key `on` is a truth value to a reader of YAML 1.1."""
    found: dict[Any, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / f"{name}.yml").read_text())
    return found


def steps() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in WORKFLOWS:
        for job in workflow(path.stem)["jobs"].values():
            yield from ((path.stem, step) for step in job.get("steps", []))


def lines() -> list[tuple[str, str]]:
    """Where, and one shell command, of all workflows, hooks and the container."""
    found = [(name, line) for name, step in steps() for line in step.get("run", "").splitlines()]
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    found += [("pre-commit", hook["entry"]) for repo in hooks for hook in repo["hooks"]]
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    return [*found, ("container", container["postCreateCommand"])]


@pytest.mark.parametrize(("where", "line"), lines(), ids=lambda text: text)
def test_every_command_exists(where: str, line: str) -> None:
    program, *arguments = [word for word in shlex.split(line.partition(">>")[0]) if word not in ("env", "PYTHONPATH=src")]
    if program == "make":
        assert set(arguments) <= GOALS
    elif program == "databricks":
        _is_of_the_bundle(*arguments)
    else:
        assert program.startswith(".venv/bin/")
        assert (Path(sys.executable).parent / Path(program).name).is_file()
        if program.endswith("/tideline"):
            parse([argument.replace(TARGET, "prod") for argument in arguments])


def _is_of_the_bundle(group: str, command: str, *options: str) -> None:
    assert group == "bundle"
    *flags, option, target = options
    assert set(flags) <= BUNDLE_COMMANDS[command]
    assert (option, target) == ("--target", TARGET)


def test_what_a_change_must_pass_is_what_make_check_runs() -> None:
    run = [step.get("run") for _, step in steps() if step.get("run", "").startswith("make ")]
    goals = re.search(r"^check: (.*?)  ##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert goals is not None
    assert {f"make {goal}" for goal in goals[1].split()} <= set(run)


def test_the_browser_step_names_the_browser_that_playwright_installs() -> None:
    said = subprocess.run(
        [sys.executable, "-m", "tests.browser.executable"], cwd=ROOT, capture_output=True, text=True, check=True)  # fmt: skip
    assert re.fullmatch(r"TIDELINE_CHROMIUM=/.*chrom\S*\n", said.stdout)


def test_every_target_is_deployed_and_prod_comes_last_behind_its_own_environment() -> None:
    jobs = {name: job for name, job in workflow("deploy")["jobs"].items() if name != "check"}
    assert [job["with"]["target"] for job in jobs.values()] == list(load_bundle(ROOT).tree.entries("targets"))
    assert [job["needs"] for job in jobs.values()] == ["check", "dev", "staging"]
    assert {job["uses"] for job in jobs.values()} == {"./.github/workflows/deploy_target.yml"}
    deploy = workflow("deploy_target")["jobs"]["deploy"]
    assert deploy["environment"] == "${{ inputs.target }}"
    ran = [step["run"] for step in deploy["steps"] if "run" in step]
    strict, deployed = (f'databricks bundle {said} --target "{TARGET}"' for said in ("validate --strict", "deploy"))
    assert ran.index(strict) < ran.index(deployed)


def test_the_variables_that_a_deployment_sets_are_variables_of_the_bundle() -> None:
    given = workflow("deploy_target")["jobs"]["deploy"]["env"]
    named = {name.removeprefix("BUNDLE_VAR_") for name in given if name.startswith("BUNDLE_VAR_")}
    assert named
    assert named <= load_bundle(ROOT, target="prod").variables.keys()


def test_what_deploys_is_trusted_by_its_identity_and_may_nothing_else() -> None:
    by_identity = {"contents": "read", "id-token": "write"}
    assert {path.stem: workflow(path.stem)["permissions"] for path in WORKFLOWS} == {
        "ci": {"contents": "read"}, "deploy": {"contents": "read"}, "deploy_target": by_identity,
    }  # fmt: skip
    jobs = workflow("deploy")["jobs"]
    assert {name: job.get("permissions") for name, job in jobs.items()} == {
        "check": None, "dev": by_identity, "staging": by_identity, "prod": by_identity,
    }  # fmt: skip
    assert workflow("deploy_target")["jobs"]["deploy"]["env"]["DATABRICKS_AUTH_TYPE"] == "github-oidc"


def test_no_workflow_holds_an_address_or_asks_for_a_stored_secret() -> None:
    assert WORKFLOWS
    for path in WORKFLOWS:
        text = path.read_text()
        assert not re.search(r"https?://|secrets\.|\.com\b|DATABRICKS_TOKEN", text), path


def test_runs_do_not_meet_and_a_deployment_is_never_cut_short() -> None:
    settings = {path.stem: workflow(path.stem)["concurrency"] for path in WORKFLOWS}
    assert len({each["group"] for each in settings.values()}) == len(settings)
    assert settings["deploy"]["cancel-in-progress"] is settings["deploy_target"]["cancel-in-progress"] is False


def test_actions_are_pinned_and_checkouts_keep_no_token() -> None:
    used = [step for _, step in steps() if "uses" in step]
    assert len(used) >= 7
    for step in used:
        assert re.fullmatch(r"(actions|databricks)/[a-z-]+@v\d+(\.\d+\.\d+)?", step["uses"])
        if step["uses"].startswith("actions/checkout"):
            assert step["with"]["persist-credentials"] is False


def test_hooks_fetch_nothing() -> None:
    repos = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [repo["repo"] for repo in repos] == ["local"]
    assert {hook["language"] for repo in repos for hook in repo["hooks"]} == {"system"}


def test_the_container_has_a_python_that_set_up_takes_and_shows_no_port() -> None:
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    assert re.fullmatch(r"python:3\.1[123]-\w+", container["image"])
    assert container["forwardPorts"] == []
    assert container["otherPortsAttributes"] == {"onAutoForward": "ignore"}
