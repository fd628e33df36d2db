"""dbutils.secrets: asked of the runner, which alone holds them and removes them from every output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from tideline.workspace.notebook.kernel.dbutils.utility import Utility
from tideline.workspace.notebook.kernel.errors import SecretNotFound


class SecretMetadata(NamedTuple):
    """What `list` tells of a secret."""

    key: str


class SecretScope(NamedTuple):
    """What `listScopes` tells of a scope."""

    name: str

    def getName(self) -> str:
        return self.name


class SecretsUtility(Utility):
    """Values from the local secrets file or TIDELINE_SECRET_<SCOPE>_<KEY>; the environment wins."""

    prefix = "dbutils.secrets"

    def __init__(self, channel: Any) -> None:
        self._channel = channel

    def get(self, scope: str, key: str) -> str:
        """SecretNotFound tells where the secret may be put."""
        answer = self._channel.ask("secret", scope=scope, key=key)
        if answer["value"] is None:
            raise SecretNotFound(
                f"Secret does not exist with scope: {scope} and key: {key}; {answer['hint']}"
            )
        return str(answer["value"])

    def getBytes(self, scope: str, key: str) -> bytes:
        return self.get(scope, key).encode()

    def list(self, scope: str) -> Sequence[SecretMetadata]:
        """Keys of the secrets file; those of the environment have no list."""
        keys = self._channel.ask("secret_keys", scope=scope)
        if keys is None:
            raise SecretNotFound(f"Scope {scope} does not exist")
        return [SecretMetadata(key) for key in keys]

    def listScopes(self) -> Sequence[SecretScope]:
        return [SecretScope(name) for name in self._channel.ask("secret_scopes")]
