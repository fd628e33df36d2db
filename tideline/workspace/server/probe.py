"""Whether a server answers, found out in milliseconds and without Spark's client, which retries for minutes."""

from __future__ import annotations

import socket

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_EMPTY_SETTINGS = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
_SETTINGS_FRAME = 4


def answers(port: int, *, host: str = "127.0.0.1", timeout_seconds: float = 5.0) -> bool:
    """Whether the port speaks HTTP/2, as every Spark Connect server does; a frozen process accepts but says nothing.

    A server first says its settings (RFC 9113, section 3.4): a frame header of nine bytes whose fourth is the type.
    """
    try:
        with socket.create_connection((host, port), timeout=timeout_seconds) as connection:
            connection.sendall(_PREFACE + _EMPTY_SETTINGS)
            header = _read(connection, 9)
    except OSError:
        return False
    return len(header) == 9 and header[3] == _SETTINGS_FRAME


def _read(connection: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        part = connection.recv(size - len(received))
        if not part:
            break
        received += part
    return received
