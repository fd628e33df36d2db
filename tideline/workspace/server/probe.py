"""Whether a server answers, found out in milliseconds and without Spark's client, which retries for minutes."""

from __future__ import annotations

import os
import socket
import ssl
from importlib.resources import files

from tideline.workspace.server.address import ServerAddress

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_EMPTY_SETTINGS = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
_SETTINGS_FRAME = 4
SECONDS = 5.0


def answers(port: int, *, host: str = "127.0.0.1", timeout_seconds: float = SECONDS) -> bool:
    """Whether the port speaks HTTP/2, as every Spark Connect server does; a frozen process accepts but says nothing."""
    try:
        with socket.create_connection((host, port), timeout=timeout_seconds) as connection:
            return _speaks_http2(connection)
    except OSError:
        return False


def reaches(address: ServerAddress) -> bool:
    """Whether a server answers at the address, by TLS where the address says so."""
    try:
        return greets(address)
    except OSError:
        return False


def greets(address: ServerAddress) -> bool:
    """As `reaches`, but with the OSError that says why nothing can be heard: ssl.SSLError for what is wrong with TLS."""
    with socket.create_connection((address.host, address.port), timeout=SECONDS) as connection:
        if not address.is_tls:
            return _speaks_http2(connection)
        with trusted().wrap_socket(connection, server_hostname=address.host) as secured:
            return _speaks_http2(secured)


def trusted() -> ssl.SSLContext:
    """What Spark's client trusts: the authorities of GRPC_DEFAULT_SSL_ROOTS_FILE_PATH, else gRPC's own.

    OSError where that is no file of certificates.
    """
    named = os.environ.get("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH")
    roots = "" if named else files("grpc").joinpath("_cython/_credentials/roots.pem").read_text(encoding="ascii")
    context = ssl.create_default_context(cafile=named, cadata=roots or None)
    context.set_alpn_protocols(["h2"])
    return context


def _speaks_http2(connection: socket.socket) -> bool:
    """A server first says its settings (RFC 9113, section 3.4): a frame header of nine bytes whose fourth is the type."""
    connection.sendall(_PREFACE + _EMPTY_SETTINGS)
    header = _read(connection, 9)
    return len(header) == 9 and header[3] == _SETTINGS_FRAME


def _read(connection: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        part = connection.recv(size - len(received))
        if not part:
            break
        received += part
    return received
