"""The secrets that this machine makes: the key of pseudonyms, and how to reach the sample sources; never in the tree."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from pathlib import Path

from tideline.workspace.private import write_private

SCOPE, KEY = "tideline", "pseudonym_key"


def make_own_key(file: Path) -> None:
    """Put a random key into the secrets file, unless it has one."""
    if not _read(file).get(SCOPE, {}).get(KEY):
        keep_secrets(file, {KEY: secrets.token_hex(32)})


def keep_secrets(file: Path, values: Mapping[str, str]) -> None:
    """Put values into the secrets file, over those of the same name; only its owner may read the file."""
    known = _read(file)
    known[SCOPE] = known.get(SCOPE, {}) | dict(values)
    write_private(file, known)


def drop_secret(file: Path, name: str) -> None:
    """Take a value out of the secrets file."""
    known = _read(file)
    if known.get(SCOPE, {}).pop(name, None) is not None:
        write_private(file, known)


def names_elsewhere(file: Path, name: str) -> bool:
    """Whether the secret is an address that is not on this machine's loopback."""
    value = str(_read(file).get(SCOPE, {}).get(name, ""))
    return bool(value) and "//127.0.0.1:" not in value


def _read(file: Path) -> dict[str, dict[str, str]]:
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
