"""Where a Spark Connect server answers, and with which token."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class ServerAddress:
    """A server's address; the token goes by the environment only.

    The host is written `localhost`: with an IP address, or with the token in the address, the client insists on TLS.
    """

    remote: str
    token: str = field(repr=False)

    def env(self) -> dict[str, str]:
        """What a client process needs in its environment."""
        env = {"SPARK_REMOTE": self.remote}
        return env | {"SPARK_CONNECT_AUTHENTICATE_TOKEN": self.token} if self.token else env

    @property
    def port(self) -> int:
        return int(self.remote.rsplit(":", 1)[1].split("/")[0])
