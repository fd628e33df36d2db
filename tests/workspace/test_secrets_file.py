"""The secrets file under several writers: nobody's value is lost, nobody fails, and no half file is seen."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tideline.commands.secrets import drop_secret, keep_secrets, make_own_key
from tideline.workspace.errors import NotebookError
from tideline.workspace.private import write_private
from tideline.workspace.secrets_file import changing, scopes_of

PROCESS = """
import sys
from pathlib import Path
from tideline.commands.secrets import keep_secrets
for number in range(40):
    keep_secrets(Path(sys.argv[1]), {f"{sys.argv[2]}{number}": "x"})
"""


def test_many_threads_write_one_private_file_and_it_is_always_whole(tmp_path: Path) -> None:
    file = tmp_path / "state.json"

    def write(number: int) -> int:
        write_private(file, [number] * 200)
        return len(set(json.loads(file.read_text(encoding="utf-8"))))

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(write, range(400))) == {1}
    assert list(tmp_path.iterdir()) == [file]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_what_cannot_be_written_leaves_the_file_as_it_was_and_nothing_beside_it(tmp_path: Path) -> None:
    write_private(tmp_path / "state.json", {"a": 1})
    with pytest.raises(TypeError):
        write_private(tmp_path / "state.json", {"a": object()})
    assert list(tmp_path.iterdir()) == [tmp_path / "state.json"]
    assert json.loads((tmp_path / "state.json").read_text(encoding="utf-8")) == {"a": 1}


def test_threads_and_processes_that_keep_secrets_at_once_lose_none(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    others = [subprocess.Popen([sys.executable, "-c", PROCESS, str(file), name]) for name in ("a", "b")]

    def keep(number: int) -> None:
        with changing(file) as scopes:
            scopes.setdefault("orchard", {})[f"c{number}"] = "x"

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(keep, range(40)))
    assert [each.wait(60) for each in others] == [0, 0]
    found = scopes_of(file)
    assert (len(found["tideline"]), len(found["orchard"])) == (80, 40)


def test_the_key_of_pseudonyms_is_made_once_whoever_asks_first(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"

    def key(_: int) -> str:
        make_own_key(file)
        return scopes_of(file)["tideline"]["pseudonym_key"]

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(key, range(16)))) == 1


def test_after_an_error_in_the_block_nothing_is_written(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    keep_secrets(file, {"word": "pear"})
    with pytest.raises(ZeroDivisionError), changing(file) as scopes:
        scopes.clear()
        _ = 1 / 0
    assert scopes_of(file) == {"tideline": {"word": "pear"}}


def test_a_broken_file_is_said_and_not_written_over(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    file.write_text("{", encoding="utf-8")
    for change in (lambda: keep_secrets(file, {"word": "pear"}), lambda: drop_secret(file, "word")):
        with pytest.raises(NotebookError, match="the secrets file must be JSON"):
            change()
    assert file.read_text(encoding="utf-8") == "{"
