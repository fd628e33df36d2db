"""Where a Spark Connect server answers, and with which token."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True)
class ServerAddress:
    """A server's address; the token goes by the environment only.

    The host is written `localhost`: with an IP address, or with the token in the address, the client insists on TLS.
    An empty token means that the server asks for none.
    """

    remote: str
    token: str = field(repr=False)

    def env(self) -> dict[str, str]:
        """What a client process needs in its environment."""
        env = {"SPARK_REMOTE": self.remote}
        return env | {"SPARK_CONNECT_AUTHENTICATE_TOKEN": self.token} if self.token else env

    @property
    def host(self) -> str:
        return urlsplit(self.remote).hostname or "localhost"

    @property
    def port(self) -> int:
        """The port; 15002, Spark's own, where the address names none."""
        return urlsplit(self.remote).port or 15002
