"""dbutils.library: restart Python."""

from __future__ import annotations

from typing import NoReturn

from tideline.workspace.notebook.kernel.dbutils.utility import Utility
from tideline.workspace.notebook.kernel.errors import PythonRestart


class LibraryUtility(Utility):
    """Only `restartPython` is left of it on the platform too."""

    prefix = "dbutils.library"

    def restartPython(self) -> NoReturn:
        """Empty the namespace and forget the user's modules; session, widgets and task values stay. The cell ends here."""
        raise PythonRestart("restart")
