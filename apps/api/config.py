"""What the API is told by its environment, on a laptop by `tideline app api`, in a workspace by `app.yaml`."""

from __future__ import annotations

import ipaddress
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

import limits


class ConfigError(Exception):
    """A variable that is missing or cannot be used."""


@dataclass(frozen=True)
class Config:
    """`token` (empty: none is asked for) guards all routes but health and readiness; a Databricks App has a login before it."""

    serving: str
    pseudonym_key: str = field(repr=False)
    recommendations_job_id: int
    gold: str
    """The folder of a warehouse with gold's Delta tables; empty where they are asked for by statements."""
    host: str = "127.0.0.1"
    port: int = 8000
    warehouse_id: str = ""
    catalog: str = ""
    schema_prefix: str = ""
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
        is_behind_login = "DATABRICKS_APP_NAME" in environment
        host = "0.0.0.0" if is_behind_login else host  # noqa: S104  # the platform's proxy is the only one that reaches it
        if not (is_behind_login or token or _is_loopback(host)):
            raise ConfigError(f"TIDELINE_API_HOST is `{host}`, which others reach: set TIDELINE_API_TOKEN")
        return cls(
            serving=_given(environment, "TIDELINE_SERVING"),
            pseudonym_key=_given(environment, "TIDELINE_PSEUDONYM_KEY"),
            recommendations_job_id=_number(environment, "TIDELINE_RECOMMENDATIONS_JOB_ID"),
            gold=environment.get("TIDELINE_GOLD", ""),
            warehouse_id="" if environment.get("TIDELINE_GOLD") else _given(environment, "TIDELINE_WAREHOUSE_ID"),
            catalog="" if environment.get("TIDELINE_GOLD") else _given(environment, "TIDELINE_CATALOG"),
            schema_prefix=environment.get("TIDELINE_SCHEMA_PREFIX", ""),
            host=host,
            port=_number(environment, "DATABRICKS_APP_PORT", environment.get("TIDELINE_API_PORT", "8000")),
            token=token,
            rate=_rate(environment, "TIDELINE_API_RATE"),
            origins=tuple(environment.get("TIDELINE_API_ORIGINS", "").split()),
            refresh_seconds=float(environment.get("TIDELINE_API_REFRESH_SECONDS", "5")),
            build_parameters=_texts(environment, "TIDELINE_BUILD_PARAMETERS"),
        )


def _given(environment: Mapping[str, str], name: str) -> str:
    if not environment.get(name):
        raise ConfigError(f"the variable {name} is missing; `tideline app api` sets it on a laptop, app.yaml in a workspace")
    return environment[name]


def _number(environment: Mapping[str, str], name: str, default: str = "") -> int:
    text = environment.get(name) or default or _given(environment, name)
    if not text.isascii() or not text.isdecimal():
        raise ConfigError(f"the variable {name} is `{text}`, expected a number")
    return int(text)


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


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
