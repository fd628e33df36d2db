"""What the documents say is what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tideline.commands.docs import TARGET, tables_page

ROOT = Path(__file__).resolve().parents[1]
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("src/systems/*/README.md"), *ROOT.glob("apps/*/README.md")]


def test_the_data_dictionary_is_current():
    assert TARGET.read_text() == tables_page(), "run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(page):
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_make_goal_that_a_document_names_exists():
    goals = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    text = "\n".join(page.read_text() for page in PAGES)
    named = set(re.findall(r"`make ([a-z-]+)`", text)) | set(re.findall(r"^make ([a-z-]+)", text, re.M))
    assert named
    assert named <= goals


def test_every_promise_has_a_test_named_after_it_where_the_page_says():
    """`docs/semantics.md` names the files; in one of them stands `test_promise_<n>_...`."""
    rows = re.findall(r"^\| (\d+) \|[^|]+\|([^|]+)\|", (ROOT / "docs" / "semantics.md").read_text(), re.M)
    assert [int(number) for number, _ in rows] == list(range(1, 27))
    missing = [number for number, files in rows if int(number) not in _promises_tested_in(files)]
    assert missing == []


def _promises_tested_in(files: str) -> set[int]:
    paths = [name if "/" in name else f"tests/engine/{name}" for name in re.findall(r"`([^`]+\.py)`", files)]
    names = [name for path in paths for name in re.findall(r"def test_promises?_([0-9_and]+)_", (ROOT / path).read_text())]
    return {int(number) for name in names for number in re.findall(r"\d+", name)}
