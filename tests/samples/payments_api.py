"""A payments API over an embedded database, for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
import requests

from tests.samples.cluster import running_cluster
from tideline.samples.payments import make_tables
from tideline.samples.postgres import Login, Postgres
from tideline.samples.processes import Served, serve_payments


@dataclass(frozen=True)
class Service:
    """The running service: where it listens, its token, its owner's login."""

    cluster: Postgres
    owner: Login
    served: Served

    def get(self, path: str, **parameters: object) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.served.token}"}
        return requests.get(f"{self.served.url}/{path}", params=parameters, headers=headers, timeout=30)

    def break_next(self, kind: str, requests_: int = 1, *, skip: int = 0) -> None:
        """The next `requests_` requests, after `skip` good ones, are answered in a broken way."""
        headers = {"Authorization": f"Bearer {self.served.token}"}
        wish = {"kind": kind, "requests": requests_, "skip": skip}
        requests.post(f"{self.served.url}/misbehave", json=wish, headers=headers, timeout=30).raise_for_status()


@contextmanager
def payments_service() -> Iterator[Service]:
    """An empty database and the API over it, both ended afterwards."""
    with running_cluster() as cluster:
        owner, reader = cluster.ensure_database("payments")
        with psycopg.connect(owner.dsn) as connection:
            make_tables(connection)
        served = serve_payments(reader.dsn, can_misbehave=True)
        try:
            yield Service(cluster, owner, served)
        finally:
            served.stop()
