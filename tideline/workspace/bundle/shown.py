"""Which test shows a part here, and how to check it in a workspace: a row gets both from tables of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tideline.workspace.bundle.capability_rows import Capability

# Name of a row -> (short name of a file of tests, a colon, the test; what to do in a workspace).
Shown = Mapping[str, tuple[str, str]]
FILES = {
    "access": "tests/workspace/control/test_access.py",
    "app-command": "tests/apps/test_app_command.py",
    "bound": "tests/workspace/server/test_shared_server.py",
    "built": "tests/apps/test_built_folder.py",
    "capabilities": "tests/workspace/bundle/test_capabilities.py",
    "cli": "tests/test_cli.py",
    "cli-requests": "tests/workspace/control/test_cli_requests.py",
    "control-files": "tests/workspace/control/test_workspace_files.py",
    "control-jobs": "tests/workspace/control/test_jobs.py",
    "deployed": "tests/workspace/control/test_deployed.py",
    "doctor": "tests/workspace/test_doctor.py",
    "ends": "tests/workspace/notebook/test_ends.py",
    "every": "tests/workspace/jobs/test_every_construct.py",
    "features": "tests/workspace/server/test_features.py",
    "forget": "tests/engine/forgetting/test_forget.py",
    "format": "tests/workspace/notebook/test_format.py",
    "limits": "tests/workspace/jobs/test_limits.py",
    "lint": "tests/workspace/bundle/test_lint.py",
    "models": "tests/workspace/test_models.py",
    "notebook": "tests/workspace/notebook/test_one_notebook.py",
    "notebooks": "tests/notebooks/test_environments.py",
    "parts": "tests/workspace/notebook/test_parts.py",
    "progress": "tests/workspace/terminal/test_progress.py",
    "project": "tests/bundle/test_project_bundle.py",
    "references": "tests/workspace/jobs/test_references.py",
    "repairs": "tests/workspace/control/test_repairs.py",
    "report": "tests/workspace/report/test_report_page.py",
    "resolve": "tests/workspace/bundle/test_resolve.py",
    "result": "tests/workspace/jobs/test_run_result.py",
    "rows": "tests/engine/test_rows.py",
    "run-if": "tests/workspace/jobs/test_run_if.py",
    "scheduler": "tests/workspace/scheduler/test_scheduler.py",
    "secrets": "tests/workspace/control/test_secrets.py",
    "answers": "tests/workspace/control/test_answers.py",
    "select": "tests/workspace/jobs/test_select_and_loops.py",
    "server": "tests/workspace/server/test_lifecycle.py",
    "serverless": "tests/workspace/bundle/test_serverless.py",
    "statements": "tests/workspace/control/test_statements.py",
    "tracking": "tests/utils/test_tracking.py",
    "ui-jobs": "tests/browser/test_ui_jobs.py",
    "ui-notebooks": "tests/browser/test_ui_notebooks.py",
    "volume-files": "tests/workspace/control/test_volume_files.py",
    "web-deployed": "tests/workspace/web/test_deployed_jobs.py",
    "web-project": "tests/workspace/web/test_project.py",
    "web-runs": "tests/workspace/web/test_runs.py",
    "web-sql": "tests/workspace/web/test_sql.py",
    "web-tables": "tests/workspace/web/test_tables.py",
}


def test_id(short: str) -> str:
    """The test as pytest names it, from `file:test` with the file's short name; empty for none."""
    file, _, name = short.partition(":")
    return f"{FILES[file]}::{name}" if short else ""


def row_of(area: str, level: str, name: str, note: str, test: str, check: str) -> Capability:
    """A row that says all of itself; `test` is `file:test` with the file's short name."""
    return Capability(area, name, level, note, test_id(test), check)


def with_proof(rows: tuple[Capability, ...], shown: Mapping[str, Shown]) -> tuple[Capability, ...]:
    """The rows with what `shown` (area -> rows) says of them; a row that says it itself stays as it is."""
    return tuple(_with_proof(row, *shown.get(row.area, {}).get(row.name, ("", ""))) for row in rows)


def _with_proof(row: Capability, test: str, check: str) -> Capability:
    return replace(row, shown_by=row.shown_by or test_id(test), check=row.check or check)
