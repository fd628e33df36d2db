"""A Spark Connect server of elsewhere: its address as a person writes it, and whether jobs can run there."""

from __future__ import annotations

import os
import re
import shutil
import ssl
import uuid
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from tideline.workspace.errors import ServerError
from tideline.workspace.server.address import ServerAddress
from tideline.workspace.server.probe import greets, trusted
from tideline.workspace.server.sessions import close_session, open_session

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SHAPE = re.compile(r"sc://(?P<host>[A-Za-z0-9.-]+)(?::(?P<port>\d{1,5}))?/?(?P<rest>(?:;[^;=]+=[^;]*)*);?\Z")
TOKEN = re.compile(r"(?<=[;/]token=)[^;\s]*")
VARIABLE, ROOTS = "SPARK_CONNECT_AUTHENTICATE_TOKEN", "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"
UTC = frozenset({"UTC", "Etc/UTC", "Z", "GMT"})
FEW_RETRIES = {"max_retries": 3, "max_backoff": 1000}


def remote_address(text: str, token: str = "") -> ServerAddress:
    """The address that `sc://host:port/;use_ssl=true;token=...` names; a token in it wins over `token`.

    ServerError for what is no such address, and for a token that would travel unencrypted to another machine.
    """
    match = SHAPE.match(text)
    if match is None:
        hint = "write sc://HOST:PORT, or 'sc://HOST:PORT/;use_ssl=true'"
        raise ServerError(f"`{without_token(text)}` is no address of a Spark Connect server", hint=hint)
    said = dict(part.split("=", 1) for part in match["rest"].split(";") if part)
    token = unquote(said.pop("token", "")) or token
    is_tls, is_here = said.get("use_ssl", "").lower() == "true", is_loopback(match["host"])
    if token and not is_tls and not is_here:
        hint = f"write 'sc://{match['host']}:{match['port'] or 15002}/;use_ssl=true'"
        raise ServerError(f"the token would travel to {match['host']} unencrypted", hint=hint)
    host = "localhost" if is_here and not is_tls else match["host"]
    said = {name: value for name, value in said.items() if name not in ("use_ssl", "session_id")}
    rest = ";".join([*(["use_ssl=true"] if is_tls else []), *(f"{name}={value}" for name, value in said.items())])
    return ServerAddress(f"sc://{host}:{match['port'] or 15002}" + (f"/;{rest}" if rest else ""), token)


def without_token(text: str) -> str:
    """The text with the value of a token in an address left out."""
    return TOKEN.sub("...", text)


def is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def check_server(address: ServerAddress) -> None:
    """ServerError, with what to do, unless the server answers, takes the token, is in UTC and has Delta with its SQL."""
    from pyspark.errors import PySparkException
    from pyspark.sql.connect.client.retries import DefaultPolicy

    _greet(address)
    session: Any = open_session(address)  # the client's own annotations do not let a type checker see `client`
    session.client.set_retry_policies([DefaultPolicy(**FEW_RETRIES)])
    try:
        [(zone,)] = session.sql("SELECT current_timezone()").collect()
        if zone not in UTC:
            hint = "start it with spark.sql.session.timeZone=UTC"
            raise ServerError(f"sessions at {address.remote} are in {zone}, those of a workspace in UTC", hint=hint)
        _check_delta(address, session)
    except PySparkException as error:
        raise _refused(address, str(error)) from None
    finally:
        close_session(address, session)


def check_storage(address: ServerAddress, folder: Path) -> None:
    """ServerError unless both see the folder's files under the same path: one file each way, removed afterwards."""
    from pyspark.errors import PySparkException

    place = folder / f".probe-{uuid.uuid4().hex}"
    hint = "name a folder that this machine and the server share under one path: --volume-root DIR"
    session = open_session(address)
    try:
        place.mkdir(parents=True)
        (place / "sent.txt").write_text(place.name, encoding="utf-8")
        try:
            received = [str(row[0]) for row in session.read.text(f"{place}/sent.txt").collect()]
        except PySparkException:
            received = []
        if received != [place.name]:
            raise ServerError(f"the server at {address.remote} does not see the files of this machine in {folder}", hint=hint)
        try:
            session.range(1).write.format("delta").save(f"{place}/answered")
        except PySparkException as error:
            said = str(error).split("JVM stacktrace")[0].strip().splitlines()
            raise ServerError(f"the server at {address.remote} cannot write to {folder}: {said[0][:200]}", hint=hint) from None
        if not (place / "answered" / "_delta_log").is_dir():
            raise ServerError(f"what the server at {address.remote} writes to {folder} does not arrive here", hint=hint)
    except OSError as error:
        raise ServerError(f"{folder} cannot be written: {error.strerror}", hint=hint) from None
    finally:
        close_session(address, session)
        shutil.rmtree(place, ignore_errors=True)


def _greet(address: ServerAddress) -> None:
    where = address.remote
    if address.is_tls:
        _check_roots()
    try:
        is_spark = greets(address)
    except ssl.SSLCertVerificationError as error:
        hint = f"set {ROOTS} to the PEM file of the authority that signed it"
        raise ServerError(f"the certificate of {where} is not trusted: {error.verify_message}", hint=hint) from None
    except ssl.SSLError:
        raise ServerError(f"{where} does not speak TLS", hint="leave ;use_ssl=true out, if it may do without") from None
    except ConnectionResetError:
        is_spark = False
    except OSError as error:
        hint = "is the server up, and the port open from here?"
        raise ServerError(f"no Spark server answers at {where}: {error.strerror or error}", hint=hint) from None
    if not is_spark:
        hint = "is it the right port?" if address.is_tls else "if it asks for TLS, add /;use_ssl=true"
        raise ServerError(f"what answers at {where} is no Spark Connect server", hint=hint)


def _check_roots() -> None:
    try:
        trusted()
    except OSError:
        hint = "name a PEM file, or leave the variable unset for the usual authorities"
        raise ServerError(f"{ROOTS} names {os.environ.get(ROOTS)}, which holds no certificate", hint=hint) from None


def _check_delta(address: ServerAddress, session: SparkSession) -> None:
    """A statement that only Delta's parser reads, and only Delta's code can say to be in vain."""
    from pyspark.errors import PySparkException

    try:
        session.sql(f"DESCRIBE HISTORY delta.`/no-such-table-{uuid.uuid4().hex}`").collect()
    except PySparkException as error:
        if "DELTA_" not in str(error.getCondition() or error):
            hint = (
                "start it with Delta's jars, spark.sql.extensions=io.delta.sql.DeltaSparkSessionExtension and "
                "spark.sql.catalog.spark_catalog=org.apache.spark.sql.delta.catalog.DeltaCatalog"
            )
            raise ServerError(f"the server at {address.remote} has no Delta", hint=hint) from None


def _refused(address: ServerAddress, error: str) -> ServerError:
    if "UNAUTHENTICATED" in error or "authentication token" in error.lower():
        what = "does not take the token" if address.token else "asks for a token"
        return ServerError(f"the server at {address.remote} {what}", hint=f"put its token into {VARIABLE}")
    line = error.split("JVM stacktrace")[0].strip().splitlines()[0][:300]
    return ServerError(f"the server at {address.remote} fails: {line}", hint="its own log says more")
