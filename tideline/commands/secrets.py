"""The secrets that this machine makes: the key of pseudonyms, and how to reach the sample sources; never in the tree."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

SCOPE, KEY = "tideline", "pseudonym_key"


def make_own_key(file: Path) -> None:
    """Put a random key into the secrets file, unless it has one."""
    if not _read(file).get(SCOPE, {}).get(KEY):
        keep_secrets(file, {KEY: secrets.token_hex(32)})


def keep_secrets(file: Path, values: Mapping[str, str]) -> None:
    """Put values into the secrets file, over those of the same name; only its owner may read the file."""
    known = _read(file)
    known[SCOPE] = known.get(SCOPE, {}) | dict(values)
    file.parent.mkdir(parents=True, exist_ok=True)
    hidden = file.with_name(f".{file.name}-{os.getpid()}")
    with os.fdopen(os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as target:
        json.dump(known, target, indent=1)
    hidden.replace(file)


def _read(file: Path) -> dict[str, dict[str, str]]:
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
