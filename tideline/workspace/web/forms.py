"""What a form sends. Its token stands for one press: the same press twice, by an impatient hand, does the work once."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Request
from starlette.exceptions import HTTPException

LONGEST = 1_000_000
PARAMETER = "p."


class Fields:
    """The fields of one form, in its order; a name may come several times."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._pairs = pairs

    def one(self, name: str) -> str:
        return next((value for key, value in self._pairs if key == name), "")

    def all(self, name: str) -> list[str]:
        return [value for key, value in self._pairs if key == name]

    def changed(self, shown: Mapping[str, str]) -> dict[str, str]:
        """Parameters whose fields no longer hold what was shown in them."""
        given = {key.removeprefix(PARAMETER): _text(value) for key, value in self._pairs if key.startswith(PARAMETER)}
        return {name: value for name, value in given.items() if name not in shown or value != _text(shown[name])}

    @property
    def press(self) -> str:
        """The same for the same press: the form's token with all that was sent; empty without a token."""
        token = self.one("token")
        sent = hashlib.sha256(repr(self._pairs).encode()).hexdigest()
        return f"{token}/{sent}" if token else ""


async def fields_of(request: Request) -> Fields:
    """For `Depends`. A form of more than a megabyte is refused before it is read."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST:
            raise HTTPException(413, "This form is larger than a megabyte.")
    return Fields(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def new_token() -> str:
    return secrets.token_urlsafe(16)


def _text(value: str) -> str:
    """Browsers send line ends as CR LF."""
    return value.replace("\r\n", "\n")


Sent = Annotated[Fields, Depends(fields_of)]
