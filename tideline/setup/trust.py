"""Which certificate authorities Java trusts: those of this machine, since a packaged runtime knows no company's own."""

from __future__ import annotations

import hashlib
import os
import re
import ssl
import struct
from pathlib import Path

_PASSWORD = "changeit"  # Java's customary one; a store of public certificates has no secret
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def trust_store(folder: Path) -> list[str]:
    """Java options that name the machine's Java trust store, else one made in `folder` from its PEM bundle, else none."""
    home = os.environ.get("JAVA_HOME")
    stores = [Path("/etc/ssl/certs/java/cacerts"), *([Path(home) / "lib/security/cacerts"] if home else [])]
    for store in stores:
        if store.is_file():
            return _options(store)
    for bundle in (os.environ.get("SSL_CERT_FILE"), ssl.get_default_verify_paths().cafile):
        if bundle and Path(bundle).is_file():
            made = folder / "trust.jks"
            write_store(made, Path(bundle).read_text(errors="replace"))
            return _options(made)
    return []


def write_store(store: Path, pem: str) -> None:
    """Write the certificates of a PEM text as a Java key store (JKS, version 2).

    The format: magic, version, count; per entry tag 2, alias, date, type, certificate; last a SHA-1 of the password,
    the words "Mighty Aphrodite" and everything before.
    """
    certificates = [ssl.PEM_cert_to_DER_cert(found) for found in _CERTIFICATE.findall(pem)]
    body = struct.pack(">III", 0xFEEDFEED, 2, len(certificates))
    for number, certificate in enumerate(certificates):
        body += struct.pack(">I", 2) + _text(f"ca{number}") + struct.pack(">Q", 0)
        body += _text("X.509") + struct.pack(">I", len(certificate)) + certificate
    seal = hashlib.sha1(_PASSWORD.encode("utf-16-be") + b"Mighty Aphrodite" + body, usedforsecurity=False)
    store.write_bytes(body + seal.digest())


def _text(words: str) -> bytes:
    return struct.pack(">H", len(words)) + words.encode()


def _options(store: Path) -> list[str]:
    return [f"-Djavax.net.ssl.trustStore={store}", f"-Djavax.net.ssl.trustStorePassword={_PASSWORD}"]
