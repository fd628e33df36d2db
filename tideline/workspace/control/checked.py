"""What is wrong with a bundle, found once per state of its files: the whole check takes seconds."""

from __future__ import annotations

import threading
from collections.abc import Hashable

from tideline.workspace.bundle.model import Bundle
from tideline.workspace.bundle.stamp import stamp_of
from tideline.workspace.jobs.plan import Refused, refuse_what_cannot_run

MOST = 64


class Checked:
    """`refuse_what_cannot_run` for callers that ask again and again."""

    def __init__(self) -> None:
        self._known: dict[Hashable, Refused | None] = {}
        self._lock = threading.Lock()

    def __call__(self, bundle: Bundle, key: str) -> None:
        """Raises Refused as that function does. An edited file is read anew."""
        with self._lock:
            state = (key, bundle.target, repr(bundle.variables), stamp_of(bundle.root))
            if state not in self._known:
                if len(self._known) >= MOST:
                    self._known.clear()
                self._known[state] = _found(bundle, key)
            refused = self._known[state]
        if refused is not None:
            raise Refused(refused.findings)


def _found(bundle: Bundle, key: str) -> Refused | None:
    try:
        refuse_what_cannot_run(bundle, key)
    except Refused as refused:
        return refused
    return None
