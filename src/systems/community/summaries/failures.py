"""What a failed call means: whether to try again, after how long, whether it may be billed, and what to tell a person."""

from __future__ import annotations

import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from json import JSONDecodeError

import openai
from pydantic import ValidationError

from systems.community.summaries.endpoints import Endpoint
from systems.community.summaries.threads import cleaned
from utils.errors import SourceError

HINTS = {
    401: "Renew the secret `llm_api_key` of scope `tideline`.",
    403: "Ask for the right to use this model, or name another one.",
    404: "Check the widgets `base_url` and `model`.",
    429: "Lower `requests_per_minute` or `max_concurrent`, or ask the provider for more.",
}
PASSING = (408, 409, 429)
OF_PROMPT = (400, 413, 422)  # too long, or against the provider's rules: another prompt may be answered
OF_ADDRESS = "The address may be another one's: most end in `/v1`. Check the widget `base_url`."
OPTIONAL = ("max_tokens", "temperature", "response_format")  # parameters that some models do without
MOST_SAID = 200


class Refused(Exception):
    """The endpoint does not answer this prompt."""


@dataclass(frozen=True)
class Failure:
    """A call without an answer.

    `retry_after` is the wait in seconds that the endpoint asked for, `refuses` the parameter that it does not know.
    """

    what: str
    status: int = 0
    is_passing: bool = False
    retry_after: float | None = None
    may_be_billed: bool = False
    refuses: str = ""
    hint: str = "See the provider's status page, or try later: what was summarised is kept."

    def error(self, endpoint: Endpoint, attempts: int) -> SourceError:
        """What a person is told when it is over."""
        asked = f", which asks to wait {self.retry_after:.0f} s" if self.retry_after is not None else ""
        tried = f"{self.what}{asked} ({attempts} attempt{'s' * (attempts > 1)})"
        hint = HINTS.get(self.status, self.hint)
        return SourceError(f"model `{endpoint.model}` at {endpoint.base_url}", tried, expected="an answer", hint=hint)


def failure_of(error: Exception) -> Failure:
    """The meaning of what the library raised; an error that is none of an endpoint is raised again."""
    match error:
        case openai.APITimeoutError():
            return Failure("no answer in time", is_passing=True, may_be_billed=True)
        case openai.APIConnectionError():
            return Failure("the connection failed or was cut", is_passing=True, may_be_billed=True)
        case openai.APIStatusError():
            return _of_status(error)
        case openai.APIResponseValidationError() | JSONDecodeError() | ValidationError() | openai.APIError():
            return Failure("an answer outside the protocol", is_passing=True, may_be_billed=True, hint=OF_ADDRESS)
    raise error


def _of_status(error: openai.APIStatusError) -> Failure:
    status = error.status_code
    is_passing = status in PASSING or status >= 500
    wait = _seconds(error.response.headers.get("retry-after")) if is_passing else None
    said = _said(error) if status in OF_PROMPT else ""
    return Failure(f"status {status}{said}", status, is_passing, wait, refuses=error.param if error.param in OPTIONAL else "")


def _said(error: openai.APIStatusError) -> str:
    """The provider's reason, in one line; other errors' words may hold a part of the key."""
    message = error.body.get("message") if isinstance(error.body, dict) else None
    return f": {cleaned(message)[:MOST_SAID]}" if isinstance(message, str) and message.strip() else ""


def _seconds(text: str | None) -> float | None:
    """`Retry-After` as seconds from now: a number or a date; None for anything else."""
    if not text:
        return None
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except ValueError:
        return None
