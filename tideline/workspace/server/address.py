"""Where a Spark Connect server answers, and with which token."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True)
class ServerAddress:
    """A server's address, with what a client needs to be told after `/;` if anything; the token goes by the environment only.

    The host of an address without TLS is written `localhost`: with an IP address, or with the token in the address, the
    client insists on TLS. An empty token means that the server asks for none.
    """

    remote: str
    token: str = field(repr=False)

    def env(self) -> dict[str, str]:
        """What a client process needs in its environment."""
        env = {"SPARK_REMOTE": self.remote}
        return env | {"SPARK_CONNECT_AUTHENTICATE_TOKEN": self.token} if self.token else env

    def for_session(self, session_id: str) -> str:
        """The address of a session of this id (a UUID)."""
        return f"{self.remote}{';' if '/;' in self.remote else '/;'}session_id={session_id}"

    @property
    def host(self) -> str:
        return urlsplit(self.remote).hostname or "localhost"

    @property
    def port(self) -> int:
        """The port; 15002, Spark's own, where the address names none."""
        return urlsplit(self.remote).port or 15002

    @property
    def is_tls(self) -> bool:
        return "use_ssl=true" in self.remote.partition("/;")[2].split(";")
