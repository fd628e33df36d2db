"""A REST API by its pages: tries again where that may help, waits as long as the server asks, says what is wrong."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import requests
from requests import exceptions
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from utils.errors import SettingsError, SourceError

# Six tries, the waits between them 0, 1, 2, 4 and 8 seconds (as urllib3 doubles half a second), or as the server asks.
TRIES, BACKOFF_SECONDS, LONGEST_WAIT_SECONDS = 6, 0.5, 30
CONNECT_SECONDS, READ_SECONDS = 5, 60
PASSING = (429, 500, 502, 503, 504)


@dataclass(frozen=True)
class Page:
    """A page as it was fetched: its address without the host, its text, and its records."""

    address: str
    text: str
    records: list[Any]


class Client:
    """One API; `name` is what people call it. Use as a context: connections are kept until its end."""

    def __init__(self, name: str, url: str, token: str) -> None:
        self.name, self.url = name, url.rstrip("/")
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"
        again = Retry(
            total=TRIES - 1, backoff_factor=BACKOFF_SECONDS, backoff_max=LONGEST_WAIT_SECONDS, status_forcelist=PASSING,
            allowed_methods=["GET"], raise_on_status=False, respect_retry_after_header=True,
        )  # fmt: skip
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=again))

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *error: object) -> None:
        self._session.close()

    def page(self, endpoint: str, parameters: Mapping[str, str | int], follows: Callable[[list[Any]], str]) -> Page:
        """A page that is a JSON array; `follows` says what is wrong with its records, nothing where they fit.

        A page that is cut off, no JSON, or does not fit is fetched again. Raises SourceError when tries are used up, and
        at once for an answer that another try would not change; SettingsError for an address or a token that cannot be used.
        """
        wrong = ""
        for attempt in range(TRIES):
            time.sleep(attempt and min(BACKOFF_SECONDS * 2 ** (attempt - 1), LONGEST_WAIT_SECONDS))
            try:
                with self._answer(endpoint, parameters) as answer:
                    self._refuse(endpoint, answer)
                    records = json.loads(answer.text)
            except exceptions.RequestException as error:
                wrong = f"it was cut off, {_reason(error)}"
            except ValueError:
                wrong = "it is not JSON"
            else:
                wrong = follows(records) if isinstance(records, list) else "it is not an array"
                if not wrong:
                    return Page(str(answer.request.path_url), answer.text, records)
        raise SourceError(self._at(endpoint), f"a page could not be read in {TRIES} tries: {wrong}", hint="Run again later.")

    def _answer(self, endpoint: str, parameters: Mapping[str, str | int]) -> requests.Response:
        """An answer whose body is still to be read: what its head lacks was tried again by the session, its body was not."""
        try:
            return self._session.get(
                f"{self.url}/{endpoint}", params=dict(parameters), timeout=(CONNECT_SECONDS, READ_SECONDS), stream=True
            )
        except (exceptions.MissingSchema, exceptions.InvalidSchema, exceptions.InvalidURL) as error:
            hint = f"Set the secret `{self.name}_url` anew."
            raise SettingsError(self._at(endpoint), "no such address", expected="one like https://host", hint=hint) from error
        except ValueError:  # its words would show the token
            hint = f"Set the secret `{self.name}_token` anew."
            raise SettingsError(self._at(endpoint), "the token cannot be sent", expected="one line", hint=hint) from None
        except exceptions.RequestException as error:
            raise SourceError(self._at(endpoint), f"no answer after {TRIES} tries", hint=_reason(error)) from error

    def _refuse(self, endpoint: str, answer: requests.Response) -> None:
        if answer.ok:
            return
        said = answer.text[:200].strip()
        if answer.status_code in (401, 403):
            hint = f"Set the secret `{self.name}_token` anew."
            raise SourceError(self._at(endpoint), f"the token was refused ({answer.status_code})", hint=hint)
        if answer.status_code in PASSING:
            raise SourceError(self._at(endpoint), f"{answer.status_code} after {TRIES} tries: {said}", hint="Run again later.")
        raise SourceError(self._at(endpoint), f"{answer.status_code}: {said}", expected="200 with a page")

    def _at(self, endpoint: str) -> str:
        return f"{self.name}: GET {self.url}/{endpoint}"


def _reason(error: exceptions.RequestException) -> str:
    """The innermost reason, without objects' addresses: `Connection refused` and the like."""
    cause: BaseException = error
    while (inner := getattr(cause, "reason", None) or cause.__cause__ or cause.__context__) and isinstance(inner, Exception):
        cause = inner
    return f"{type(cause).__name__}: {cause}"[:200]
