"""Every mistake is one line on standard error, with an exit code; nothing here starts a server."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tideline.cli import exit_code, tideline

BUNDLE = Path(__file__).parent / "workspace" / "jobs" / "every_construct"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return Path(shutil.copytree(BUNDLE, tmp_path / "bundle"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("runn", "there is no command `runn` (did you mean `run`?)"),
        ("run everythin", "did you mean `everything`"),
        ("run", "name one job, or --all (jobs: child, everything, waiting)"),
        ("run everything --all", "name one job, or --all"),
        ("run everything --param wrd=x", "did you mean `word`"),
        ("run everything --param word", "has no value (write --param name=value)"),
        ("run everything --only brokn", "did you mean `broken`"),
        ("run everything --onyl x", "No such option"),
        ("run everything -t prodd", "prodd"),
        ("repair", "there is no run yet (start one: tideline run JOB)"),
        ("repair 42", "there is no run `42`"),
        ("report", "there is no run yet"),
        ("graph everythin", "did you mean `everything`"),
        ("notebook notebooks/valeus.py", "there is no notebook `notebooks/valeus.py`"),
        ("notebook notebooks/values.py --cells 7", "outside of 1 to 2"),
        ("notebook notebooks/values.py --cells a", "names no cells"),
        ("sample comunity", "did you mean `community`"),
        ("deliver community missing.json", "the bundle has no variable `catalog`"),
        ("app ab_results --param a=b", "--param is for the API: ab_results starts no job"),
        ("reset", "tideline reset --yes"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_and_exit_code_2(
    arguments: str, said: str, bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = exit_code(["--root", str(bundle), *arguments.split()])
    out, err = capsys.readouterr()
    assert code == 2
    assert out == ""
    assert len(err.strip().splitlines()) == 1
    assert "Traceback" not in err
    assert said in err


def test_a_folder_without_a_bundle_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["--root", str(tmp_path), "run", "daily"]) == 2
    assert "no databricks.yml here or above" in capsys.readouterr().err


def test_what_is_not_emulated_is_refused_with_file_and_line(
    bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = bundle / "databricks.yml"
    text = file.read_text().replace("          disabled: true\n", "          environment_variables_key: x\n")
    file.write_text(text)
    line = text.splitlines().index("          environment_variables_key: x") + 1
    assert exit_code(["--root", str(bundle), "run", "everything"]) == 2
    err = capsys.readouterr().err
    assert f"databricks.yml:{line}:" in err
    assert "not emulated" in err


def test_validate_gives_2_on_errors_and_lists_them_as_json(
    bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(["--root", str(bundle), "validate"]) == 0
    file = bundle / "databricks.yml"
    file.write_text(file.read_text().replace("task_key: broken}", "task_key: brokn}"))
    capsys.readouterr()
    assert exit_code(["--root", str(bundle), "validate", "--json"]) == 2
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert any("brokn" in each["message"] and each["line"] for each in findings)


def test_the_graph_is_shown_in_order(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["--root", str(bundle), "graph", "child"]) == 0
    assert capsys.readouterr().out == "child: say\n  say (notebook_task)\n"


def test_capabilities_name_the_test_that_shows_each_and_how_to_check_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")  # parallel tests have the width of the terminal that started them
    assert exit_code(["capabilities", "--json"]) == 0
    rows = {(row["area"], row["name"]): row for row in json.loads(capsys.readouterr().out)}
    shown = rows["task", "run_if"]
    assert shown["shown_by"] == "tests/workspace/jobs/test_run_if.py::test_each_condition_reads_the_states_before_it"
    assert shown["check"].endswith("Run if dependencies")
    assert exit_code(["capabilities"]) == 0
    assert "check in a workspace" not in capsys.readouterr().out
    assert exit_code(["capabilities", "--long"]) == 0
    head = capsys.readouterr().out.splitlines()[0]
    assert "shown by" in head and "check in" in head


@pytest.mark.parametrize("command", sorted(tideline.commands))
def test_every_command_explains_itself_with_an_example(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code([command, "--help"]) == 0
    said = capsys.readouterr().out
    assert "Example" in said
    assert f"tideline {command}" in said


def test_own_files_are_delivered_whole_and_into_the_sources_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repository: Path
) -> None:
    monkeypatch.setenv("TIDELINE_HOME", str(tmp_path / "home"))
    file = tmp_path / "events.csv"
    file.write_text("a,b\n")
    assert exit_code(["--root", str(repository), "deliver", "ab_testing", str(file)]) == 0
    landing = tmp_path / "home/volumes/spark_catalog/ab_testing_raw/landing/events"
    assert [each.name for each in landing.iterdir()] == ["events.csv"]
