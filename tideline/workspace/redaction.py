"""Which values may be shown nowhere: in no page, report, log or answer, whoever gave them away."""

from __future__ import annotations

import os

from tideline.workspace.errors import NotebookError
from tideline.workspace.layout import Layout
from tideline.workspace.notebook.redact import Redactor
from tideline.workspace.notebook.secrets import SecretStore
from tideline.workspace.server import ServerAddress, state
from tideline.workspace.server.remote import VARIABLE


def redactor_at(layout: Layout, remote: ServerAddress | None = None) -> Redactor:
    """Knows every secret, and the tokens of the bundle's own Spark server and of `remote`, one that is used in its place.

    NotebookError where the secrets file cannot be read.
    """
    own = state.read(layout)
    tokens = {os.environ.get(VARIABLE, ""), *(server.token for server in (own, remote) if server)}
    return Redactor(SecretStore.read(layout.secrets).values() | tokens)


def redactor_for_the_record(layout: Layout, remote: ServerAddress | None = None) -> Redactor:
    """The same, for what must be kept in any case: where the secrets cannot be read, every text may be one."""
    try:
        return redactor_at(layout, remote)
    except NotebookError:
        return Redactor.of_everything()
