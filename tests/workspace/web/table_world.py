"""Small real Delta tables below a prefix of their own, named as the project's are, and the project's site over them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from pyspark.sql import SparkSession

from engine.catalog import create_table
from engine.quarantine import COLUMNS as QUARANTINE
from engine.run_log import CHECKS, CURSORS, TABLE_RUNS
from tests.workspace.web.conftest import Site, site_of
from tideline.workspace.server import ServerAddress

SECRET = "a-secret-that-nobody-may-read"
DANGER = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
LONG = "x" * 5000
# A count, as a sum would overflow, and so end, on a machine that is fast enough.
ENDLESS = "SELECT count(*) FROM range(10000000000000) a JOIN range(1000) b ON a.id % 7 = b.id % 7"
MAKE_USERS = """
CREATE TABLE {users} (id_oid STRING COMMENT 'Id of the user.', country STRING COMMENT 'Where <b>they</b> live.',
  n_posts BIGINT, standing STRUCT<is_patron: BOOLEAN, cents: BIGINT>, nickname STRING, _run_id STRING)
USING DELTA COMMENT 'one row per user' TBLPROPERTIES (delta.enableChangeDataFeed = true, delta.enableDeletionVectors = true)"""
FIRST_USERS = """
INSERT INTO {users} VALUES
  ('anna-id', 'DE', 1, named_struct('is_patron', true, 'cents', 500), 'anna', 'r1'),
  ('bert-id', 'FR', 2, NULL, NULL, 'r1'), ('carl-id', 'AT', 3, NULL, 'carl', 'r1')"""
MERGE_USERS = """
MERGE INTO {users} t USING (SELECT * FROM VALUES ('anna-id', 'CH', false), ('bert-id', '', true), ('dora-id', 'IT', false)
  AS s(id_oid, country, is_gone)) s ON t.id_oid = s.id_oid
WHEN MATCHED AND s.is_gone THEN DELETE
WHEN MATCHED THEN UPDATE SET country = s.country
WHEN NOT MATCHED THEN INSERT (id_oid, country, n_posts, _run_id) VALUES (s.id_oid, s.country, 0, 'r2')"""


@dataclass
class World:
    """The site over the tables of `prefix`; `users` has three versions: made, three rows, one each of all changes."""

    site: Site
    visitor: requests.Session
    prefix: str
    warehouse: Path

    @property
    def users(self) -> str:
        return f"/tables/{self.prefix}community_bronze/users"

    def get(self, path: str) -> requests.Response:
        return self.visitor.get(self.site.host + path, timeout=60)

    def text(self, path: str) -> str:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    def post(self, path: str, **form: str) -> requests.Response:
        headers = {"Origin": self.site.host}
        return self.visitor.post(self.site.host + path, data=form, headers=headers, timeout=60, allow_redirects=False)

    def pieces(self, path: str) -> dict[str, str]:
        """The last HTML that a stream sent for each element, once it has ended."""
        return pieces(self.visitor, self.site.host + path)


def pieces(visitor: requests.Session, url: str) -> dict[str, str]:
    found: dict[str, str] = {}
    with visitor.get(url, timeout=240, stream=True) as answer:
        assert answer.status_code == 200, answer.text
        for line in answer.iter_lines(decode_unicode=True):
            if line == "event: end":
                return found
            if line.startswith("data: "):
                change: dict[str, Any] = json.loads(line.removeprefix("data: "))
                found[change["target"]] = change["html"]
    raise AssertionError(f"{url}: the stream broke off after {found}")


@contextmanager
def world(spark: SparkSession, server: ServerAddress, repository: Path, folder: Path) -> Iterator[World]:
    """Make the tables, serve the repository's own bundle over them, drop them in the end."""
    prefix = f"t{uuid.uuid4().hex[:8]}_"
    warehouse = Path(spark.conf.get("spark.sql.warehouse.dir").removeprefix("file:"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIDELINE_HOME", str(folder))
        patch.setenv("SPARK_CONNECT_AUTHENTICATE_TOKEN", server.token)
        (folder / "warehouse").symlink_to(warehouse)
        (folder / "secrets.json").write_text(json.dumps({"tests": {"key": SECRET}}))
        try:
            _make(spark, prefix)
            with site_of(repository, "--remote", server.remote) as site:
                yield World(site, site.visitor(), prefix, warehouse)
        finally:
            for row in spark.sql(f"SHOW SCHEMAS LIKE '{prefix}*'").collect():
                spark.sql(f"DROP SCHEMA `{row[0]}` CASCADE")


def _make(spark: SparkSession, prefix: str) -> None:
    for schema in ("community_bronze", "community_raw", "ops", "strange"):
        spark.sql(f"CREATE SCHEMA `{prefix}{schema}`")
    users = f"`{prefix}community_bronze`.`users`"
    for text in (MAKE_USERS, FIRST_USERS, MERGE_USERS):
        spark.sql(text.format(users=users))
    strange = f"`{prefix}strange`.`things`"
    spark.sql(f"CREATE TABLE {strange} (what STRING COMMENT '{DANGER.replace(chr(39), chr(34))}', n INT) USING DELTA")
    values = {"a": DANGER, "b": LONG, "c": SECRET}
    spark.sql(f"INSERT INTO {strange} SELECT * FROM VALUES (:a, 1), (:b, 2), (:c, 3), (NULL, NULL)", args=values)
    _logs(spark, prefix)


def _logs(spark: SparkSession, prefix: str) -> None:
    runs, checks, aside = f"`{prefix}ops`.`table_runs`", f"`{prefix}ops`.`checks`", f"`{prefix}community_raw`.`quarantine`"
    create_table(spark, runs, TABLE_RUNS, comment="runs")
    create_table(spark, checks, CHECKS, comment="checks")
    create_table(spark, aside, QUARANTINE, comment="quarantine")
    spark.sql(CURSORS.format(view=f"`{prefix}ops`.`cursors`", table_runs=runs))
    spark.sql(f"""
        INSERT INTO {runs} (run_id, kind, system, layer, table_name, status, path, why, read, inserted, started_at, seconds,
                            error)
        VALUES ('r1', 'run', 'community', 'bronze', 'bronze.users', 'written', 'full', 'first run', 3, 3,
                timestamp'2023-06-01 06:00:00', 1.5, NULL),
               ('r2', 'run', 'community', 'bronze', 'bronze.users', 'failed', 'sliced', '', 0, 0,
                timestamp'2023-06-02 06:00:00', 0.5, 'CheckFailed: <b>no</b>'),
               ('r3', 'run', 'community', 'bronze', 'bronze.votes', 'written', 'full', 'other table', 9, 9,
                timestamp'2023-06-02 07:00:00', 0.5, NULL)""")
    spark.sql(f"""
        INSERT INTO {checks} VALUES
          ('r1', 'community', 'bronze.posts', 'of another table', 'warn', 3, 3, timestamp'2023-06-01 06:00:00')""")
    spark.sql(f"""
        INSERT INTO {aside} (quarantine_id, table_name, check_name, reason, record, source, position, status, quarantined_at)
        VALUES ('q1', 'bronze.users', 'id is known', 'id is known', '{{"name": "anna-said"}}', 'users.json', 1, 'open',
                timestamp'2023-06-01 06:00:00'),
               ('q2', 'bronze.users', 'id is known', 'id is known', '{{"name": "bert-said"}}', 'users.json', 2, 'replayed',
                timestamp'2023-06-01 06:00:00'),
               ('q3', 'bronze.votes', 'vote is known', 'vote is known', 'of votes', 'votes.json', 1, 'open',
                timestamp'2023-06-01 06:00:00')""")
