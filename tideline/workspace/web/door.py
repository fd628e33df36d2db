"""Who may come in: a browser that opened the address with the token, asked for this host, and sends forms from these pages."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# No script but the site's own runs, none of a notebook's output among them; nothing is fetched from elsewhere.
SECURITY = {
    "content-security-policy": "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",  # with `no-referrer` browsers say of their own forms that they come from nowhere
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}
CLOSED = "This is a local workspace. Open the address that `tideline ui` printed: it carries the token.\n"


def entry_code(token: str) -> str:
    """What opens the door once in the token's place, and does not tell it: for a browser's command line, which all may read."""
    return hmac.new(token.encode(), b"entry", hashlib.sha256).hexdigest()


class Door:
    """Lets requests in that carry the cookie; an address with the token, or with its entry code, gives the cookie."""

    def __init__(self, app: ASGIApp, token: str, port: int) -> None:
        self._app, self._token, self._cookie = app, token, f"tideline_{port}"
        self._entry = entry_code(token)
        self._hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(scope, headers)
        app = refusal if refusal is not None else self._app

        async def with_security(message: Message) -> None:
            if message["type"] == "http.response.start":
                found = MutableHeaders(scope=message)
                for name, value in SECURITY.items():
                    found.setdefault(name, value)
            await send(message)

        await app(scope, receive, with_security)

    def _refusal(self, scope: Scope, headers: Headers) -> ASGIApp | None:
        """What is answered in place of the page; None for whoever may come in.

        A foreign host is one whose name was made to point here; a foreign origin is another page that sends a form.
        """
        if headers.get("host", "") not in self._hosts:
            return PlainTextResponse("This server answers to its own address only.\n", 421)
        if scope["method"] not in ("GET", "HEAD") and not self._is_own_origin(headers):
            return PlainTextResponse("This form was not sent from these pages.\n", 403)
        query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        given = query.pop("token", None)
        if given is not None and scope["method"] == "GET" and (self._is_token(given) or self._is_entry(given)):
            return self._admitted(scope["path"], query)
        return None if self._is_token(self._sent_cookie(headers)) else PlainTextResponse(CLOSED, 401)

    def _admitted(self, path: str, query: dict[str, str]) -> RedirectResponse:
        """The same page without the token, which then stands neither in the history nor on the screen."""
        local = "/" + path.lstrip("/\\")  # two slashes would name another host
        answer = RedirectResponse(f"{local}?{urlencode(query)}" if query else local, 303)
        answer.set_cookie(self._cookie, self._token, httponly=True, samesite="strict")
        return answer

    def _is_own_origin(self, headers: Headers) -> bool:
        return headers.get("origin", "").removeprefix("http://") == headers["host"]

    def _sent_cookie(self, headers: Headers) -> str:
        try:
            found = SimpleCookie(headers.get("cookie", "")).get(self._cookie)
        except CookieError:
            return ""
        return found.value if found else ""

    def _is_entry(self, given: str) -> bool:
        is_it = bool(self._entry) and secrets.compare_digest(given.encode(), self._entry.encode())
        if is_it:
            self._entry = ""
        return is_it

    def _is_token(self, given: str) -> bool:
        return secrets.compare_digest(given.encode(), self._token.encode())
