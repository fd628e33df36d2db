"""What pages may show: everything but secrets."""

from __future__ import annotations

from tideline.workspace.control.state import Workspace
from tideline.workspace.notebook.redact import Redactor
from tideline.workspace.redaction import redactor_at


def redactor_of(workspace: Workspace) -> Redactor:
    """Knows every secret of the workspace, and the Spark server's token. NotebookError where the file cannot be read."""
    return redactor_at(workspace.layout, workspace.remote)


def secrets_at(workspace: Workspace) -> int:
    """When the secrets were last written, in nanoseconds: what was drawn before may show a newer one."""
    file = workspace.layout.secrets
    return file.stat().st_mtime_ns if file.is_file() else 0
