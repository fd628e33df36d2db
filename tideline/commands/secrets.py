"""The secrets that this machine makes: the key of pseudonyms, and how to reach the sample sources; never in the tree."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path

from tideline.workspace.secrets_file import changing, scopes_of

SCOPE, KEY = "tideline", "pseudonym_key"


def make_own_key(file: Path) -> None:
    """Put a random key into the secrets file, unless it has one."""
    if not _own(file).get(KEY):
        with changing(file) as scopes:
            own = scopes.setdefault(SCOPE, {})
            own[KEY] = own.get(KEY) or secrets.token_hex(32)


def keep_secrets(file: Path, values: Mapping[str, str]) -> None:
    """Put values into the secrets file, over those of the same name; only its owner may read the file."""
    with changing(file) as scopes:
        scopes[SCOPE] = scopes.get(SCOPE, {}) | dict(values)


def drop_secret(file: Path, name: str) -> None:
    """Take a value out of the secrets file."""
    with changing(file) as scopes:
        scopes.get(SCOPE, {}).pop(name, None)


def names_elsewhere(file: Path, name: str) -> bool:
    """Whether the secret is an address that is not on this machine's loopback."""
    value = _own(file).get(name, "")
    return bool(value) and "//127.0.0.1:" not in value


def _own(file: Path) -> dict[str, str]:
    return scopes_of(file).get(SCOPE, {})
