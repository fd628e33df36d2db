"""The funnel deployed for a test, over a real database of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg

from tests.samples.cluster import running_cluster
from tests.systems.deployment import Deployment, deployed
from tideline.samples import funnel
from tideline.samples.postgres import Login

LAYERS = ("raw", "bronze", "silver", "gold")


@dataclass(frozen=True)
class World:
    """A deployment and the owner of the database that it reads."""

    deployment: Deployment
    owner: Login

    def run(self) -> dict[str, Any]:
        return self.deployment.run(*LAYERS)

    def execute(self, sql: str) -> None:
        with psycopg.connect(self.owner.dsn) as connection:
            connection.execute(sql)


@contextmanager
def funnel_world(spark: Any, folder: Path) -> Iterator[World]:
    """Empty tables in a database, and the system deployed over them."""
    with running_cluster() as cluster:
        owner, reader = cluster.ensure_database("funnel")
        with psycopg.connect(owner.dsn) as connection:
            funnel.make_tables(connection)
        secrets = {"funnel_url": reader.jdbc_url, "funnel_user": reader.user, "funnel_password": reader.password}
        with deployed(spark, folder, "funnel", "none") as deployment:
            deployment.settings = replace(deployment.settings, secret=secrets.__getitem__)
            yield World(deployment, owner)
