"""`tideline ui` before it answers: what it refuses at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.workspace.bundle.bundles import write
from tideline.cli import exit_code


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("remote", "said"),
    [
        ("http://spark.example.com", "`http://spark.example.com` is no address of a Spark Connect server"),
        ("sc://spark.example.com/;token=hush", "the token would travel to spark.example.com unencrypted"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_before_anything_is_served(
    remote: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write(tmp_path, {"databricks.yml": "bundle: {name: small}\n"})
    assert exit_code(["--root", str(root), "--remote", remote, "ui", "--port", "0", "--no-open"]) == 3
    assert said in capsys.readouterr().err
