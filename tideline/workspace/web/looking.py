"""What those who look at runs share: the history, the drawn runs, the runs that go on."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import Request

from tideline.workspace.control.state import Workspace
from tideline.workspace.web.history import History
from tideline.workspace.web.live import Shared
from tideline.workspace.web.render import piece
from tideline.workspace.web.run_pieces import Drawing

LATEST, FRESH_SECONDS = 10, 0.5


@dataclass(frozen=True)
class Looking:
    """Made once per site. `going` gives the parts that the first page and the list of runs hold live."""

    history: History
    drawing: Drawing
    going: Shared

    @classmethod
    def at(cls, workspace: Workspace) -> Looking:
        history = History(workspace)
        # Reads every run once, so that nobody waits for it.
        threading.Thread(target=history.lines, name="history", daemon=True).start()
        return cls(history, Drawing(), Shared(lambda: _going(history), FRESH_SECONDS))


def looking_of(request: Request) -> Looking:
    """The one of the site that is asked."""
    found = request.app.state.looking
    assert isinstance(found, Looking)
    return found


def _going(history: History) -> Mapping[str, str]:
    lines = history.lines()
    return {
        "runs-now": piece("run/now", lines=[line for line in lines if line.is_active]),
        "runs-latest": piece("run/latest", lines=lines[:LATEST]),
    }
