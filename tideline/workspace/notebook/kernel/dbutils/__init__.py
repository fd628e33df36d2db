"""`dbutils` as notebooks know it. What is not here is refused by name, never answered with a guess."""

from __future__ import annotations

from typing import Any

from tideline.workspace.notebook.kernel.dbutils.context import EntryPoint
from tideline.workspace.notebook.kernel.dbutils.data import DataUtility
from tideline.workspace.notebook.kernel.dbutils.files import FileUtility
from tideline.workspace.notebook.kernel.dbutils.jobs import JobsUtility
from tideline.workspace.notebook.kernel.dbutils.library import LibraryUtility
from tideline.workspace.notebook.kernel.dbutils.notebook import NotebookUtility
from tideline.workspace.notebook.kernel.dbutils.secrets import SecretsUtility
from tideline.workspace.notebook.kernel.dbutils.utility import Utility
from tideline.workspace.notebook.kernel.dbutils.widgets import WidgetsUtility


class DbUtils(Utility):
    """The injected object; one per attempt."""

    prefix = "dbutils"

    def __init__(self, given: dict[str, Any], channel: Any) -> None:
        context = given["context"]
        self.entry_point = EntryPoint(given)
        self.widgets = WidgetsUtility(given["parameters"], channel.ask)
        self.notebook = NotebookUtility(channel, self.entry_point)
        self.jobs = JobsUtility(channel, context)
        self.secrets = SecretsUtility(channel)
        self.fs = FileUtility(given["folders"])
        self.library = LibraryUtility()
        self.data = DataUtility()
