"""What a cell prints, up to its limit: the rest is swallowed here, so that it costs no memory and no time anywhere."""

from __future__ import annotations

import sys

from ipykernel.iostream import OutStream

from tideline.workspace.notebook.outputs import CUT

LIMIT = 10 * 1024 * 1024


class CellStream(OutStream):
    """A stream that says once that it was cut."""

    _limit = _room = LIMIT

    def begin(self, limit: int) -> None:
        """A cell begins: it may print `limit` bytes."""
        self._limit = self._room = limit

    def write(self, string: str) -> int:
        """Callers are told that all was written."""
        size = len(string) if not isinstance(string, str) or string.isascii() else len(string.encode())
        if size <= self._room:
            self._room -= size
            super().write(string)
        elif self._room >= 0:
            kept = string[: self._room].encode()[: self._room].decode(errors="ignore")
            self._room = -1
            super().write(kept + CUT.format(limit=self._limit))
        return len(string)


def begin_cell(limit: int) -> None:
    """For both streams of the process, unless a notebook has replaced them."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, CellStream):
            stream.begin(limit)
