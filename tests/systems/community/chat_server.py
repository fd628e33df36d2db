"""A server on loopback that speaks the chat-completions protocol, with its errors; it keeps what it was asked, and when.

Its model is honest arithmetic: it counts who asks for what in the comments that a prompt holds, and adds up parts. So what
comes out of many calls can be compared with the comments themselves.
"""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "a-key-of-the-tests"
ASKS = re.compile(r"^please add (\w+)")
Messages = list[dict[str, str]]
Model = Callable[[Messages], str]


@dataclass(frozen=True)
class Call:
    """A request as it arrived."""

    at: float
    body: dict[str, Any]

    @property
    def messages(self) -> Messages:
        return list(self.body["messages"])


@dataclass
class ChatServer:
    """What the server does next: one of `KINDS` per call, in order, then good answers of `model` after `latency` seconds."""

    model: Model
    latency: float = 0.0
    broken: list[str] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    peak: int = 0
    url: str = ""
    now: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def arrived(self, body: dict[str, Any]) -> str:
        """Note a call; what is to be done with it."""
        with self.lock:
            self.calls.append(Call(time.monotonic(), body))
            self.now += 1
            self.peak = max(self.peak, self.now)
            return self.broken.pop(0) if self.broken else "good"

    def left(self) -> None:
        with self.lock:
            self.now -= 1

    def most_within(self, seconds: float) -> int:
        """The greatest number of calls that arrived within so many seconds."""
        starts = sorted(call.at for call in self.calls)
        return max((sum(first <= at < first + seconds for at in starts) for first in starts), default=0)


def told(messages: Messages) -> list[Any]:
    """The lines between the boundaries, as JSON."""
    lines = messages[1]["content"].split("\n")
    assert lines[0] == lines[-1] and lines[0] not in lines[1:-1]
    return [json.loads(line) for line in lines[1:-1]]


def counting(messages: Messages) -> str:
    """The model: who asks for what, counted or added up."""
    lines = told(messages)
    if isinstance(lines[0], list):
        comments = [text for _, text in lines[1:]]
        asked = Counter(match[1] for text in comments if (match := ASKS.match(text)))
        return answer(f"{len(comments)} comments were read", asked)
    asked = Counter()
    for part in lines:
        asked.update({each["request"]: each["n_comments"] for each in part["requests"]})
    return answer(f"{sum(part['n_comments'] for part in lines)} comments were read", asked)


def answer(summary: str, asked: Counter[str], **changed: Any) -> str:
    wishes = [{"request": name, "n_comments": n} for name, n in asked.most_common(8)]
    shape = {"summary": summary, "keywords": sorted(asked)[:8], "sentiment": "mixed", "requests": wishes}
    return json.dumps(shape | changed, ensure_ascii=False)


REFUSED_BY_REASONING = ("max_tokens", "temperature")


def is_for_reasoning(body: dict[str, Any]) -> bool:
    return "max_completion_tokens" in body and not any(name in body for name in REFUSED_BY_REASONING)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: ChatServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        kind = self.state.arrived(body)
        try:
            if self.headers["Authorization"] != f"Bearer {KEY}" or self.path != "/v1/chat/completions":
                kind = "401"
            KINDS[kind.partition(":")[0]](self, body, kind.partition(":")[2])
        finally:
            self.state.left()

    def good(self, body: dict[str, Any], _: str, **changed: Any) -> None:
        time.sleep(self.state.latency)
        text = changed.pop("text", None)
        text = self.state.model(body["messages"]) if text is None else text
        sent = sum(len(message["content"]) for message in body["messages"]) // 4
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        usage = {"prompt_tokens": sent, "completion_tokens": len(text) // 4, "total_tokens": sent + len(text) // 4}
        document = {"id": "c", "object": "chat.completion", "created": 0, "model": body["model"], "usage": usage}
        self.reply(200, {**document, "choices": [choice | changed.pop("choice", {})], **changed})

    def reply(self, status: int, document: object, **headers: str) -> None:
        self.raw(status, json.dumps(document).encode(), **headers)

    def raw(self, status: int, content: bytes, *, promised: int = 0, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(promised or len(content)))
        for name, value in {"Content_Type": "application/json", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def refuse(self, status: int, **headers: str) -> None:
        self.reply(status, {"error": {"message": "no", "type": "test", "code": None}}, **headers)

    def unknown(self, body: dict[str, Any]) -> None:
        """The first parameter that a reasoning model does not know."""
        name = next(name for name in REFUSED_BY_REASONING if name in body)
        self.reply(400, {"error": {"message": f"'{name}' is not supported", "code": "unsupported_parameter", "param": name}})

    def cut(self) -> None:
        """The connection ends within the answer."""
        self.raw(200, b'{"id": "c", "choi', promised=500)
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Silent."""


KINDS: dict[str, Callable[[_Handler, dict[str, Any], str], None]] = {
    "good": _Handler.good,
    "401": lambda handler, body, rest: handler.refuse(401),
    "400": lambda handler, body, rest: handler.refuse(400),
    "reasoning": lambda handler, body, rest: handler.good(body, "") if is_for_reasoning(body) else handler.unknown(body),
    "429": lambda handler, body, rest: handler.refuse(429, **({"Retry_After": rest} if rest else {})),
    "500": lambda handler, body, rest: handler.refuse(500),
    "slow": lambda handler, body, rest: time.sleep(float(rest)) or handler.good(body, ""),
    "cut": lambda handler, body, rest: handler.cut(),
    "page": lambda handler, body, rest: handler.raw(200, b"<html>a proxy's page</html>"),
    "text": lambda handler, body, rest: handler.raw(200, b"<html>another one's page</html>", Content_Type="text/html"),
    "raw": lambda handler, body, rest: handler.raw(200, rest.encode()),
    "not json": lambda handler, body, rest: handler.good(body, "", text="Here is your summary: all is well"),
    "truncated": lambda handler, body, rest: handler.good(
        body, "", text='{"summary": "it breaks o', choice={"finish_reason": "length"}
    ),
    "shape": lambda handler, body, rest: handler.good(body, "", text='{"summary": "all is well", "mood": "good"}'),
    "many": lambda handler, body, rest: handler.good(body, "", text=answer("all", Counter(maps=10**6))),
    "empty": lambda handler, body, rest: handler.good(body, "", choice={"message": {"role": "assistant", "content": None}}),
    "no usage": lambda handler, body, rest: handler.good(body, "", usage=None),
}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is what some tests are about."""


@contextmanager
def chat_server(model: Model = counting, *, latency: float = 0.0, broken: Sequence[str] = ()) -> Iterator[ChatServer]:
    """The server, until the end of the block."""
    state = ChatServer(model, latency, list(broken))
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"state": state}))
    state.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
