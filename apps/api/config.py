"""What the API is told by its environment, on a laptop by `tideline app api`, in a workspace by `app.yaml`."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

import limits

from utils.environment import ConfigError, GoldPlace, given, is_behind_login, is_loopback, number, seconds


@dataclass(frozen=True)
class Config:
    """`token` (empty: none is asked for) guards all routes but health and readiness; a Databricks App has a login before it."""

    serving: str
    pseudonym_key: str = field(repr=False)
    recommendations_job_id: int
    gold: GoldPlace
    host: str = "127.0.0.1"
    port: int = 8000
    token: str = field(default="", repr=False)
    rate: str = ""
    """How much one address may ask, as `100/second` or `20 per 5 minutes`; empty: any number."""
    origins: tuple[str, ...] = ()
    """Web pages that may ask from a browser, as `https://example.com`; none by default."""
    refresh_seconds: float = 5.0
    build_parameters: Mapping[str, str] = field(default_factory=dict)
    """Parameters of the job that builds, where its own defaults do not serve: `as_of` for payments of the past."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Config:
        """Raises ConfigError, which names the variable, where one is missing or wrong."""
        token, host = environment.get("TIDELINE_API_TOKEN", ""), environment.get("TIDELINE_API_HOST", "127.0.0.1")
        has_login = is_behind_login(environment)
        host = "0.0.0.0" if has_login else host  # noqa: S104  # nobody but the platform's proxy reaches it
        if not (has_login or token or is_loopback(host)):
            raise ConfigError(f"TIDELINE_API_HOST is `{host}`, which others reach: set TIDELINE_API_TOKEN")
        return cls(
            serving=given(environment, "TIDELINE_SERVING"),
            pseudonym_key=given(environment, "TIDELINE_PSEUDONYM_KEY"),
            recommendations_job_id=number(environment, "TIDELINE_RECOMMENDATIONS_JOB_ID"),
            gold=GoldPlace.from_environment(environment),
            host=host,
            port=number(environment, "DATABRICKS_APP_PORT", environment.get("TIDELINE_API_PORT", "8000")),
            token=token,
            rate=_rate(environment, "TIDELINE_API_RATE"),
            origins=tuple(environment.get("TIDELINE_API_ORIGINS", "").split()),
            refresh_seconds=seconds(environment, "TIDELINE_API_REFRESH_SECONDS", 5.0),
            build_parameters=_texts(environment, "TIDELINE_BUILD_PARAMETERS"),
        )


def _rate(environment: Mapping[str, str], name: str) -> str:
    text = environment.get(name, "")
    try:
        if text:
            limits.parse(text)
    except ValueError:
        raise ConfigError(f"the variable {name} is `{text}`, expected something like 100/second") from None
    return text


def _texts(environment: Mapping[str, str], name: str) -> dict[str, str]:
    try:
        found = json.loads(environment.get(name) or "{}")
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise ConfigError(f"the variable {name} is `{environment[name]}`, expected a JSON object of texts")
    return found
