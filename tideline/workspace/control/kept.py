"""What clients created here and nothing else knows of: entries on disk, one private JSON file each."""

from __future__ import annotations

import hashlib
import json
import threading
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tideline.workspace.control.errors import exists, invalid, missing
from tideline.workspace.private import write_private

LONGEST = 180
Entry = dict[str, Any]


class Kept:
    """Entries by kind and id. Whoever reads an entry and writes it anew holds `lock` meanwhile."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.lock = threading.RLock()

    def find(self, kind: str, entry_id: str) -> Entry | None:
        return _read(self.file(kind, entry_id)).get(entry_id)

    def get(self, kind: str, entry_id: str, said: str) -> Entry:
        """The entry; RESOURCE_DOES_NOT_EXIST where there is none, which `said` names (`Schema a.b`)."""
        entry = self.find(kind, entry_id)
        if entry is None:
            raise missing(f"{said} does not exist.")
        return entry

    def add(self, kind: str, entry_id: str, entry: Entry, said: str) -> Entry:
        """Keep a new entry; RESOURCE_ALREADY_EXISTS where there is one."""
        with self.lock:
            if self.find(kind, entry_id) is not None:
                raise exists(f"{said} already exists.")
            return self.put(kind, entry_id, entry)

    def put(self, kind: str, entry_id: str, entry: Entry) -> Entry:
        """INVALID_PARAMETER_VALUE for text with half a character in it: no answer that shows the entry could be sent."""
        _refuse_half_characters(entry)
        with self.lock:
            write_private(self.file(kind, entry_id), {entry_id: entry})
        return entry

    def remove(self, kind: str, entry_id: str) -> None:
        self.file(kind, entry_id).unlink(missing_ok=True)

    def all(self, kind: str) -> dict[str, Entry]:
        """Every entry of a kind by its id, in the order of the ids."""
        found: dict[str, Entry] = {}
        for file in (self._folder / kind).glob("*.json"):
            found |= _read(file)
        return dict(sorted(found.items()))

    def file(self, kind: str, entry_id: str) -> Path:
        """The entry's file, named by its id as far as a file may be."""
        name = quote(entry_id, safe=" ()")
        if len(name) > LONGEST or name.startswith("."):
            name = hashlib.sha256(entry_id.encode()).hexdigest()
        return self._folder / kind / f"{name}.json"


def _refuse_half_characters(entry: Entry) -> None:
    """JSON can write one surrogate of a pair; UTF-8 cannot."""
    try:
        json.dumps(entry, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise invalid(f"half of a surrogate pair, {error.object[error.start]!a}, is no text") from None


def _read(file: Path) -> dict[str, Entry]:
    """The entry under its id; nothing where the file is not there, or no longer."""
    try:
        kept: dict[str, Entry] = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return kept
