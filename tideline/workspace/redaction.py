"""Which values may be shown nowhere: in no page, report, log or answer, whoever gave them away."""

from __future__ import annotations

import logging
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


def log_without_secrets(layout: Layout, remote: ServerAddress | None = None) -> None:
    """Let this process log to standard error alone, and no secret with it."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Lines(layout, remote))
    logging.basicConfig(handlers=[handler], force=True)


class _Lines(logging.Formatter):
    def __init__(self, layout: Layout, remote: ServerAddress | None) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._layout, self._remote = layout, remote

    def format(self, record: logging.LogRecord) -> str:
        return redactor_for_the_record(self._layout, self._remote).text(super().format(record))
