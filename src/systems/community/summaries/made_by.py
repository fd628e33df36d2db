"""A version for whatever decides a text: the content of the files that do."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path


def version_of(name: str, files: Iterable[Path]) -> str:
    """`name` and eight hex digits that change with any of the files; line ends do not count."""
    digest = hashlib.sha256()
    for path in files:
        text = path.read_text(encoding="utf-8")
        digest.update(path.name.encode() + b"\0" + text.encode() + b"\0")
    return f"{name}-{digest.hexdigest()[:8]}"
