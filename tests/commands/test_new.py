"""What `tideline new` scaffolds passes lint, types and the shared tests of a copy of the repository, as it is made."""

from __future__ import annotations

import difflib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tideline.cli import exit_code
from tideline.workspace.server import ServerAddress

pytestmark = pytest.mark.timeout(1200)
LEFT_OUT = (".git", ".venv*", ".tideline", ".build", ".mypy_cache", ".hypothesis", ".ruff_cache", ".pytest_cache", "__pycache__")
EDITED = ("resources/jobs.yml", "resources/storage.yml", "README.md", "docs/tables.md", "tideline/samples/__init__.py")
COMMANDS = (
    ("system", "online_shop", "--question", "What do people buy, and when?"),
    ("table", "online_shop", "gold", "records_by_kind", "--by", "kind"),
    ("table", "online_shop", "bronze", "record_contents"),
    ("table", "vouchers", "silver", "uses_by_country", "--by", "country"),
    ("table", "community", "gold", "users_by_language", "--from", "bronze.users", "--by", "language"),
    ("table", "ab_testing", "bronze", "event_lines"),
    ("dashboard", "online_shop", "shop_kinds"),
    ("dashboard", "community", "community_months", "--table", "gold.monthly_support"),
)
NEW_TESTS = (
    "tests/systems/online_shop", "tests/systems/vouchers/test_uses_by_country.py", "tests/systems/ab_testing/test_event_lines.py",
    "tests/systems/community/test_users_by_language.py", "tests/systems/community/test_community_months_figures.py",
)  # fmt: skip
SHARED_TESTS = (
    "tests/test_docs.py", "tests/bundle/test_project_bundle.py",
    "tests/notebooks/test_dashboards.py::test_dashboards_hold_no_logic_and_read_gold_alone",
)  # fmt: skip
NEW_CODE = (
    "src/systems/online_shop", "tideline/samples/online_shop", "src/systems/vouchers/uses_by_country.py",
    "src/systems/community/gold/users_by_language.py", "src/systems/community/community_months_figures.py",
)  # fmt: skip


def copied(repository: Path, into: Path) -> Path:
    return Path(shutil.copytree(repository, into, ignore=shutil.ignore_patterns(*LEFT_OUT)))


def files_of(root: Path) -> dict[Path, bytes]:
    return {file.relative_to(root): file.read_bytes() for file in root.rglob("*") if file.is_file()}


class Copy:
    """A copy of the repository, and processes that know its code alone."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """A module of Python, run in the copy."""
        paths = {"PYTHONPATH": f"{self.root}{os.pathsep}{self.root / 'src'}", "PYTHONDONTWRITEBYTECODE": "1"}
        settings = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")} | paths | environment
        line = [sys.executable, "-m", *command]
        return subprocess.run(line, cwd=self.root, env=settings, capture_output=True, text=True, check=False)

    def tests(self, *names: str, **environment: str) -> str:
        done = self.run("pytest", "-q", "-p", "no:cacheprovider", *names, **environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def scaffolded(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Copy:
    copy = Copy(copied(repository, tmp_path_factory.mktemp("project") / "copy"))
    for command in COMMANDS:
        done = copy.run("tideline.cli", "new", *command)
        assert done.returncode == 0, done.stderr
        assert "next:\n  make lint types\n" in done.stdout
    return copy


def test_it_passes_lint(scaffolded: Copy) -> None:
    done = scaffolded.run("ruff", "check", "--no-cache", ".")
    assert done.returncode == 0, done.stdout


@pytest.mark.deep
def test_it_passes_the_types(scaffolded: Copy) -> None:
    done = scaffolded.run("mypy", *NEW_CODE)
    assert done.returncode == 0, done.stdout


def test_every_target_of_the_bundle_is_right_with_it(scaffolded: Copy) -> None:
    for target in ("dev", "staging", "prod"):
        done = scaffolded.run("tideline.cli", "validate", "--target", target)
        assert (done.returncode, "0 errors" in done.stdout) == (0, True), done.stdout


@pytest.mark.deep
def test_it_passes_the_shared_tests_and_its_own(scaffolded: Copy, spark_server: ServerAddress) -> None:
    said = scaffolded.tests(*SHARED_TESTS, *NEW_TESTS, **spark_server.env(), TIDELINE_TEST_REMOTE=spark_server.remote)
    assert "passed" in said


def test_what_stood_in_a_file_still_stands_there_comments_and_all(scaffolded: Copy, repository: Path) -> None:
    for path in EDITED:
        before, after = ((root / path).read_text().splitlines() for root in (repository, scaffolded.root))
        gone = [line for line in difflib.ndiff(before, after) if line.startswith("- ")]
        assert [line for line in gone if not line.startswith("- from tideline.samples import")] == []
        assert len(after) > len(before)


def test_a_sample_of_a_new_system_can_be_delivered_at_once(scaffolded: Copy, tmp_path: Path) -> None:
    done = scaffolded.run("tideline.cli", "sample", "online_shop", TIDELINE_HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr
    landing = tmp_path / "volumes/spark_catalog/online_shop_raw/landing/records"
    assert len(list(landing.glob("records-*.json"))) == 2


def test_a_dry_run_shows_the_files_and_writes_none(repository: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    copy = copied(repository, tmp_path / "copy")
    before = files_of(copy)
    for command in (COMMANDS[0], COMMANDS[3], COMMANDS[7]):
        assert exit_code(["--root", str(copy), "new", *command, "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert "create  src/systems/online_shop/bronze.py" in out and "change  resources/jobs.yml" in out
    assert files_of(copy) == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("system Shop", "`Shop` cannot be the name of a system"),
        ("system shop_", "cannot be the name"),
        ("system ../shop", "cannot be the name"),
        ("system " + "s" * 31, "30 characters at most"),
        ("system ops", "means something else here"),
        ("system class", "reserved word of Python or SQL"),
        ("system select", "reserved word of Python or SQL"),
        ("system vouchers", "src/systems/vouchers stands already"),
        ("system daily", "resources/jobs.yml has a job of this name"),
        ("system shop --question buy", "`buy` is no question"),
        ("table vuchers gold uses_by_day", "did you mean `vouchers`?"),
        ("table vouchers raw uses_by_day", "'raw' is not one of"),
        ("table vouchers bronze use_lines --by country", "bronze holds records and counts none"),
        ("table vouchers silver voucher_uses", "has a table `silver.voucher_uses` already"),
        ("table vouchers silver segments", "src/systems/vouchers/segments.py stands already"),
        ("table vouchers gold day_figures", "modules that end so are no code of tables"),
        ("table vouchers gold uses_by_day --from silver.voucher_use", "did you mean `silver.voucher_uses`?"),
        ("table vouchers silver uses_by_day --by contry", "did you mean `country`?"),
        ("table community gold user_rows --from bronze.users --by id_oid", "it is personal"),
        ("table vouchers silver uses_by_time --by used_at", "it is of type timestamp"),
        ("dashboard vouchers vouchers", "job `vouchers` has a task `vouchers` already"),
        ("dashboard funnel profile", "notebooks/dashboards/profile.py stands already"),
        ("dashboard vouchers new_one --table gold.segment_voucher", "did you mean `gold.segment_vouchers`?"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line_and_nothing_is_written(
    arguments: str, said: str, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In this repository itself: each is refused before anything is written; a dry run keeps a mistake here harmless."""
    assert exit_code(["--root", str(repository), "new", *arguments.split(), "--dry-run"]) == 2
    out, err = capsys.readouterr()
    assert (out, len(err.strip().splitlines())) == ("", 1)
    assert said in err


def test_a_foreign_bundle_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "databricks.yml").write_text("bundle: {name: other}\n")
    assert exit_code(["--root", str(tmp_path), "new", "system", "shop"]) == 2
    assert "this scaffolds in a copy of this project" in capsys.readouterr().err
