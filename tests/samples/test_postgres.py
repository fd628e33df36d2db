"""The embedded database: loopback and passwords only, roles that can do no more than they must, data that stays."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from tests.samples.cluster import running_cluster
from tideline.samples.postgres import Login, Postgres
from tideline.workspace.errors import WorkspaceError


@pytest.fixture(scope="module")
def cluster() -> Iterator[Postgres]:
    with running_cluster() as cluster:
        yield cluster


def test_a_role_needs_its_password_and_a_reader_cannot_write(cluster: Postgres) -> None:
    owner, reader = cluster.ensure_database("shop")
    with psycopg.connect(owner.dsn) as connection:
        connection.execute("CREATE TABLE goods (name text)")
        connection.execute("INSERT INTO goods VALUES ('pear')")
    with psycopg.connect(reader.dsn) as connection:
        assert connection.execute("SELECT name FROM goods").fetchall() == [("pear",)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("INSERT INTO goods VALUES ('plum')")
    wrong = Login(reader.port, reader.database, reader.user, "guessed")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong.dsn)
    assert reader.password not in repr(reader)


def test_it_listens_on_loopback_alone_and_one_database_is_closed_to_the_roles_of_another(cluster: Postgres) -> None:
    owner, _ = cluster.ensure_database("shop")
    cluster.ensure_database("bank")
    with psycopg.connect(cluster.login("postgres").dsn) as connection:
        assert connection.execute("SHOW listen_addresses").fetchall() == [("127.0.0.1",)]
        assert connection.execute("SHOW unix_socket_directories").fetchall() == [("",)]
    stranger = Login(owner.port, "bank", owner.user, owner.password)
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(stranger.dsn)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not below pytest's folders, as `tests/samples/cluster.py` explains."""
    with TemporaryDirectory(prefix="tideline-postgres-") as name:
        yield Path(name)


def test_data_and_passwords_outlive_the_server(folder: Path) -> None:
    cluster = Postgres(folder / "sources")
    assert cluster.port is None
    assert cluster.stop() is False
    first = cluster.start()
    assert cluster.start() == first
    owner, _ = cluster.ensure_database("shop")
    with psycopg.connect(owner.dsn) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
    assert cluster.stop() is True
    with pytest.raises(WorkspaceError, match="does not run"):
        cluster.login("shop", "shop_owner")
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", first)) != 0
    Postgres(folder / "sources").start()
    again, _ = cluster.ensure_database("shop")
    assert again.password == owner.password
    with psycopg.connect(again.dsn) as connection:
        assert connection.execute("SELECT one FROM kept").fetchall() == [(1,)]
    cluster.stop()
