"""Small bundles in a temporary folder."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from tideline.workspace.bundle import Bundle, Finding, lint, load_bundle
from tideline.workspace.bundle.user import LocalUser

HEAD = "bundle: {name: small}\n"
NOTEBOOK = "# Databricks notebook source\nprint(1)\n"


def write(root: Path, files: dict[str, str]) -> Path:
    """Write each file, its text dedented; databricks.yml gets its bundle name if it has none."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        body = dedent(text).lstrip("\n")
        head = HEAD if name == "databricks.yml" and "bundle:" not in body else ""
        path.write_text(head + body, encoding="utf-8")
    return root


def load(root: Path, yaml: str, **options: object) -> Bundle:
    """The bundle whose databricks.yml is `yaml` below a line `bundle: {name: small}`; the user is ada."""
    write(root, {"databricks.yml": yaml})
    settings = {"environment": {}, "user": LocalUser("ada@example.com"), **options}
    return load_bundle(root, **settings)  # type: ignore[arg-type]  # settings of several types


def findings(root: Path, yaml: str) -> list[Finding]:
    """What lint says about a bundle of one databricks.yml and the notebooks a.py and b.py."""
    write(root, {"a.py": NOTEBOOK, "b.py": NOTEBOOK})
    return lint(load(root, yaml))
