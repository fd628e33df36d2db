"""Answers that hold no secret, whoever gave it away: those about runs and statements, and every refusal.

What a client put here, such as the settings of a job, comes back as it was sent: a deployment compares it with its files.
"""

from __future__ import annotations

import json
import re
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tideline.workspace.control import links
from tideline.workspace.control.errors import answer, invalid
from tideline.workspace.control.state import Workspace
from tideline.workspace.errors import NotebookError
from tideline.workspace.notebook.redact import Redactor
from tideline.workspace.redaction import redactor_at

TOLD = re.compile(rf"/api/2\.\d/(jobs/runs|sql/statements)(/|\Z)|{links.PLACE}/")


class WithoutSecrets:
    """Redacts the values of such answers, never the names of their fields; where the secrets cannot be read, says so instead."""

    def __init__(self, app: ASGIApp, workspace: Workspace) -> None:
        self._app, self._workspace = app, workspace

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start: Message | None = None
        body = b""

        async def tell(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start" and _may_tell(scope["path"], message):
                start = message
            elif start is None:
                await send(message)
            else:
                body += message.get("body", b"")
                if not message.get("more_body", False):
                    await self._send(scope, receive, send, start, body)

        await self._app(scope, receive, tell)

    async def _send(self, scope: Scope, receive: Receive, send: Send, start: Message, body: bytes) -> None:
        try:
            clean = await run_in_threadpool(self._clean, body)
        except NotebookError as error:
            await answer(invalid(str(error)))(scope, receive, send)
            return
        MutableHeaders(scope=start)["content-length"] = str(len(clean))
        await send(start)
        await send({"type": "http.response.body", "body": clean})

    def _clean(self, body: bytes) -> bytes:
        redact = redactor_at(self._workspace.layout, self._workspace.remote)
        if not redact.is_needed_for(body.decode()):
            return body
        return json.dumps(_redacted(json.loads(body), redact), ensure_ascii=False, separators=(",", ":")).encode()


def _may_tell(path: str, start: Message) -> bool:
    is_json = Headers(raw=start["headers"]).get("content-type", "").startswith("application/json")
    return is_json and (start["status"] >= 400 or TOLD.match(path) is not None)


def _redacted(value: Any, redact: Redactor) -> Any:
    if isinstance(value, str):
        return redact.text(value)
    if isinstance(value, dict):
        return {name: _redacted(each, redact) for name, each in value.items()}
    return [_redacted(each, redact) for each in value] if isinstance(value, list) else value
