"""A server of elsewhere, though on this machine: with a root, tables and a token of its own; and TLS before it."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.workspace.bundle.bundles import write
from tideline.workspace.layout import Layout, installation_root
from tideline.workspace.server import ServerAddress

FILES = {
    "databricks.yml": """
        bundle: {name: laptop}
        variables: {volume_root: {default: /Volumes}}
        resources:
          schemas: {shop: {catalog_name: spark_catalog, name: shop}}
          volumes: {landing: {catalog_name: spark_catalog, schema_name: shop, name: landing}}
          jobs:
            fill:
              parameters: [{name: day, default: "2024-01-01"}, {name: volume_root, default: "${var.volume_root}"}]
              tasks:
                - {task_key: write, notebook_task: {notebook_path: write.py}}
                - {task_key: count, depends_on: [{task_key: write}], sql_task: {warehouse_id: any, file: {path: count.sql}}}
                - {task_key: program, depends_on: [{task_key: write}], spark_python_task: {python_file: program.py}}
        """,
    "write.py": """
        # Databricks notebook source
        dbutils.widgets.text("day", "")
        dbutils.widgets.text("volume_root", "")
        day = dbutils.widgets.get("day")
        dbutils.fs.put("/Volumes/spark_catalog/shop/landing/orders.csv", f"1,{day}\\n2,{day}\\n", True)

        # COMMAND ----------

        landing = dbutils.widgets.get("volume_root") + "/spark_catalog/shop/landing"
        rows = spark.read.csv(f"{landing}/orders.csv", schema="id long, day date")
        rows.write.format("delta").mode("overwrite").saveAsTable("shop.orders")
        """,
    "pyproject.toml": '[tool.tideline.variables]\nvolume_root = "{volumes}"\n',
    "count.sql": "select count(*) as n from shop.orders where day = :day;\n",
    "program.py": """
        from pyspark.sql import SparkSession

        print(SparkSession.builder.getOrCreate().table("shop.orders").count())
        """,
}


@dataclass
class Laptop:
    """A client: a bundle and state of its own, no server, and what it is told of one elsewhere."""

    root: Path
    shared: Path
    address: ServerAddress
    roots: Path | None = None

    @property
    def layout(self) -> Layout:
        return Layout(self.root)

    def command(self, *arguments: str, remote: str = "", token: str | None = None) -> subprocess.CompletedProcess[str]:
        """`tideline` in a process of its own; the token in its environment unless another one, or none, is given."""
        token = self.address.token if token is None else token
        own = {"TIDELINE_VOLUMES": "", "SPARK_CONNECT_AUTHENTICATE_TOKEN": token}
        own |= {"GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(self.roots)} if self.roots else {}
        line = [sys.executable, "-m", "tideline.cli", "--root", str(self.root), "--remote", remote or self.address.remote]
        return subprocess.run(
            [*line, "--volume-root", str(self.shared), *arguments], capture_output=True, text=True, cwd=installation_root(),
            env={name: value for name, value in (os.environ | own).items() if value}, timeout=600, check=False,
        )  # fmt: skip


def make_laptop(folder: Path, address: ServerAddress) -> Laptop:
    return Laptop(write(folder / "laptop", FILES), folder / "shared", address)


@contextmanager
def tls_before(address: ServerAddress, folder: Path) -> Iterator[tuple[str, Path]]:
    """A proxy that ends TLS before the server: its address, and the certificate to trust."""
    certificate, key = _certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["h2"])
    loop = asyncio.new_event_loop()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind, beyond = await asyncio.open_connection("127.0.0.1", address.port)
        await asyncio.gather(_pass_on(reader, beyond), _pass_on(behind, writer))

    server = loop.run_until_complete(asyncio.start_server(serve, "127.0.0.1", 0, ssl=context))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield f"sc://localhost:{server.sockets[0].getsockname()[1]}/;use_ssl=true", certificate
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, ssl.SSLError):
        while part := await reader.read(65536):
            writer.write(part)
            await writer.drain()
    with contextlib.suppress(OSError, ssl.SSLError):
        writer.close()


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, *private))
    return files
