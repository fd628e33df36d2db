"""`tideline forget`: what is refused before anything starts, and that the id is kept nowhere."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from tideline.cli import exit_code
from tideline.commands.secrets import drop_secret, keep_secrets


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("comunity 1", "there is no system `comunity` (did you mean `community`?)"),
        ("vouchers 1", "vouchers: its records name no person (there is nobody to forget)"),
        ("community", "Missing argument 'ID'"),
        ("community 1 --retention-hours -1", "--retention-hours"),
        ("community -", "there is no id (tideline forget community ID)"),
    ],
)
def test_a_mistake_is_one_line(
    arguments: str, said: str, repository: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(" \n"))
    assert exit_code(["--root", str(repository), "forget", *arguments.split()]) == 2
    out, err = capsys.readouterr()
    assert said in err
    assert (out, len(err.strip().splitlines())) == ("", 1)


def test_another_bundle_has_no_system(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "databricks.yml").write_text("bundle: {name: other}\n")
    assert exit_code(["--root", str(tmp_path), "forget", "community", "1"]) == 2
    assert "there is no system `community`" in capsys.readouterr().err


def test_who_does_not_confirm_forgets_nobody(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDELINE_HOME", str(tmp_path))
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert exit_code(["--root", str(repository), "forget", "community", "5f43a1c2d3e4f5a6b7c8d9e0"]) == 130
    assert "Remove everything of this user from community, for good?" in capsys.readouterr().err
    assert list(tmp_path.rglob("*")) == []


def test_where_the_run_cannot_begin_the_id_is_kept_nowhere(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDELINE_HOME", str(tmp_path))
    id_, nobody = "5f43a1c2d3e4f5a6b7c8d9e0", "sc://localhost:1"
    assert exit_code(["--root", str(repository), "--remote", nobody, "forget", "community", id_, "--yes"]) in (1, 3)
    assert id_ not in "".join(capsys.readouterr())
    kept = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert kept and not [file for file in kept if id_.encode() in file.read_bytes()]


def test_other_secrets_stay(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    keep_secrets(file, {"pseudonym_key": "k", "forget": "x"})
    drop_secret(file, "forget")
    drop_secret(file, "forget")
    assert json.loads(file.read_text()) == {"tideline": {"pseudonym_key": "k"}}
