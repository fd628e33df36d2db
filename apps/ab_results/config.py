"""What the web app is told by its environment, on a laptop by `tideline app ab_results`, in a workspace by `app.yaml`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from utils.environment import ConfigError, GoldPlace, is_behind_login, is_loopback, number, seconds

LOCAL_API = "http://127.0.0.1:8000"
# A warehouse that is asked every few seconds never sleeps; files cost nothing.
FILES_SECONDS, STATEMENTS_SECONDS = 5.0, 300.0


@dataclass(frozen=True)
class Config:
    """`api` is the only address that the app ever calls, besides the workspace's own; empty: no API is asked."""

    gold: GoldPlace
    api: str
    host: str = "127.0.0.1"
    port: int = 8501
    api_token: str = field(default="", repr=False)
    has_login: bool = False
    """Whether the platform asks people who they are before they reach the app."""
    refresh_seconds: float = FILES_SECONDS

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Config:
        """Raises ConfigError, which names the variable, where one is missing or wrong."""
        host, has_login = environment.get("TIDELINE_WEB_HOST", "127.0.0.1"), is_behind_login(environment)
        host = "0.0.0.0" if has_login else host  # noqa: S104  # nobody but the platform's proxy reaches it
        if not (has_login or is_loopback(host)):
            raise ConfigError(
                f"TIDELINE_WEB_HOST is `{host}`, which others reach, and the app has no login: keep 127.0.0.1 and use a tunnel"
            )
        gold = GoldPlace.from_environment(environment)
        return cls(
            gold=gold,
            api=_address(environment.get("TIDELINE_API_URL") or ("" if has_login else LOCAL_API)),
            host=host,
            port=number(environment, "DATABRICKS_APP_PORT", environment.get("TIDELINE_WEB_PORT", "8501")),
            api_token=environment.get("TIDELINE_API_TOKEN", ""),
            has_login=has_login,
            refresh_seconds=seconds(
                environment, "TIDELINE_WEB_REFRESH_SECONDS", FILES_SECONDS if gold.folder else STATEMENTS_SECONDS
            ),
        )


def _address(text: str) -> str:
    """The API's address, if there is one: encrypted, unless it is on this machine, because a token may go with a request."""
    if not text:
        return ""
    parts = urlsplit(text)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
    if not is_safe or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ConfigError(f"the variable TIDELINE_API_URL is `{text}`, expected https://..., or http:// on this machine")
    return text.rstrip("/")
