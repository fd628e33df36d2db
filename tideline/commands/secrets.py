"""The one secret that the demonstration needs, made on this machine and never written to the tree."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

SCOPE, KEY = "tideline", "pseudonym_key"


def make_own_key(file: Path) -> None:
    """Put a random key into the secrets file, unless it has one; only its owner may read the file."""
    known = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    if known.get(SCOPE, {}).get(KEY):
        return
    known.setdefault(SCOPE, {})[KEY] = secrets.token_hex(32)
    file.parent.mkdir(parents=True, exist_ok=True)
    hidden = file.with_name(f".{file.name}-{os.getpid()}")
    with os.fdopen(os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as target:
        json.dump(known, target, indent=1)
    hidden.replace(file)
