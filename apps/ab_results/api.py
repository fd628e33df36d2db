"""Questions to the real API, at the one address that the environment names."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import requests
from urllib3.exceptions import HTTPError, ProtocolError, ReadTimeoutError

from apps.ab_results.config import Config
from utils.environment import workspace

TIMEOUT_SECONDS = 5.0
MOST_BYTES = 200_000


@dataclass(frozen=True)
class Answer:
    """What came back: a status and a text, or, where nothing did, the reason in `error`."""

    path: str
    status: int = 0
    milliseconds: float = 0.0
    text: str = ""
    error: str = ""

    @property
    def says(self) -> str:
        """The status in words."""
        known = {200: "found", 401: "the token is missing or wrong", 404: "not found", 422: "the question is not well formed"}
        return known.get(self.status, "")


def path_of(experiment: str, question: str, **parameters: str) -> str:
    """`/experiment/a%2Fb/result?day=...`: whatever a name holds, it stays one part of the path."""
    return f"/experiment/{quote(experiment, safe='')}/{question}?{urlencode(parameters, quote_via=quote)}"


def ask(config: Config, path: str) -> Answer:
    """One GET to the configured address; redirections are not followed, and no error is raised."""
    began = time.monotonic()
    try:
        with requests.get(
            f"{config.api}{path}", headers=_headers(config), timeout=TIMEOUT_SECONDS, allow_redirects=False, stream=True
        ) as response:
            body = response.raw.read(MOST_BYTES, decode_content=True)
            return Answer(path, response.status_code, 1000 * (time.monotonic() - began), _readable(body))
    except requests.ConnectionError:
        return Answer(path, error="nothing answers there")
    # While the body is read, errors are those of urllib3.
    except (requests.Timeout, ReadTimeoutError):
        return Answer(path, error=f"no answer within {TIMEOUT_SECONDS:.0f} seconds")
    except ProtocolError:
        return Answer(path, error="the answer broke off")
    except (requests.RequestException, HTTPError, OSError, ValueError) as error:
        return Answer(path, error=f"{type(error).__name__}: {error}")


def _headers(config: Config) -> Mapping[str, str]:
    """The API's own token; between apps of a workspace, the one of this app's service principal."""
    if config.api_token:
        return {"Authorization": f"Bearer {config.api_token}"}
    return workspace().config.authenticate() if config.has_login else {}


def _readable(body: bytes) -> str:
    """JSON with indents; any other text as it is."""
    text = body.decode("utf-8", errors="replace")
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text
