"""Completion as a shell asks for it: words in the environment, candidates on standard output, and no Spark for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tideline.cli import exit_code
from tideline.commands.completion import VARIABLE

TIDELINE = Path(sys.executable).with_name("tideline")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The state of a bundle with two tables and two runs."""
    for table in ("community_gold.db/users_by_country", "ops.db/table_runs"):
        (tmp_path / "warehouse" / table / "_delta_log").mkdir(parents=True)
    for run in ("2023060107010101", "2023060207010101"):
        (tmp_path / "runs" / run).mkdir(parents=True)
        (tmp_path / "runs" / run / "run.json").write_text("{}")
    monkeypatch.setenv("TIDELINE_HOME", str(tmp_path))
    return tmp_path


def asked(words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What bash is told for a line; the last word is the one that is being typed, empty after a blank."""
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split(" ")) - 1))
    monkeypatch.setenv(VARIABLE, "bash_complete")
    with pytest.raises(SystemExit) as ended:
        exit_code([])
    assert ended.value.code == 0
    out, err = capsys.readouterr()
    assert err == ""
    return [line.partition(",")[2] for line in out.split()]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("run comm", ["community"]),
        ("run vouchers -t ", ["dev", "prod", "staging"]),
        ("runs --job ab", ["ab_testing"]),
        ("graph main", ["maintenance"]),
        ("show ", ["community_gold.users_by_country", "ops.table_runs"]),
        ("history ops.", ["ops.table_runs"]),
        ("tables c", ["community_gold"]),
        ("report ", ["2023060107010101", "2023060207010101"]),
        ("repair 20230602", ["2023060207010101"]),
        ("sample v", ["vouchers"]),
        ("deliver comm", ["community"]),
        ("source start ", ["funnel", "payments"]),
        ("completion z", ["zsh"]),
        ("capa", ["capabilities"]),
        ("run --a", ["--all"]),
        ("rnn --", ["--root", "--remote", "--volume-root", "--version", "--help"]),
    ],
)
def test_words_are_completed_with_what_the_bundle_and_its_state_hold(
    line: str, found: list[str], home: Path, repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(repository / "notebooks")  # below databricks.yml is enough
    assert asked(f"tideline {line}", monkeypatch, capsys) == found


def test_without_a_bundle_nothing_is_completed_and_nothing_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert asked("tideline run ", monkeypatch, capsys) == []
    (tmp_path / "databricks.yml").write_text("bundle: [")
    assert asked("tideline run ", monkeypatch, capsys) == []


def test_a_root_on_the_line_counts(
    home: Path, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert asked(f"tideline --root {repository} run vou", monkeypatch, capsys) == ["vouchers"]


def test_bash_completes_a_job_by_the_script_that_is_printed(repository: Path) -> None:
    script = (
        'source <("$TIDELINE" completion bash); COMP_WORDS=(tideline run vou); COMP_CWORD=2; PATH="$BIN:$PATH"; '
        '_tideline_completion tideline; echo "${COMPREPLY[@]}"'
    )
    environment = os.environ | {"TIDELINE": str(TIDELINE), "BIN": str(TIDELINE.parent)}
    done = subprocess.run(["bash", "-c", script], cwd=repository, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "vouchers\n"


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_get_a_script_that_asks_the_command(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["completion", shell]) == 0
    assert f"{VARIABLE}={shell}_complete" in capsys.readouterr().out


def test_another_shell_is_refused_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["completion", "csh"]) == 2
    assert "'csh' is not one of 'bash', 'zsh', 'fish'" in capsys.readouterr().err


def test_no_spark_is_loaded_to_complete_a_job_or_a_table(home: Path, repository: Path) -> None:
    """Loading the client alone takes longer than a person waits for a completion."""
    code = (
        "import json, sys, contextlib\nfrom tideline.cli import exit_code\n"
        "with contextlib.suppress(SystemExit): exit_code([])\n"
        "print(json.dumps([name for name in ('pyspark', 'pandas', 'mlflow') if name in sys.modules]))"
    )
    for words, found in (("tideline run vou", "vouchers"), ("tideline show ops.", "ops.table_runs")):
        environment = os.environ | {"COMP_WORDS": words, "COMP_CWORD": "2", VARIABLE: "bash_complete"}
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, cwd=repository, env=environment, capture_output=True, text=True, check=True)
        *candidates, loaded = done.stdout.splitlines()
        assert candidates == [f"plain,{found}"]
        assert json.loads(loaded) == []
