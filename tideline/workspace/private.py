"""Files with secrets in them: written whole or not at all, and readable by their owner only from the first byte on."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def write_private(path: Path, data: Any) -> None:
    """Write `data` as JSON; a reader sees what was there before, or all of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}-{os.getpid()}")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(data, file, indent=1)
    beside.replace(path)
