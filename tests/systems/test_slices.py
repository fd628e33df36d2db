"""Every sliced table of every system: of a hundred slices one changes, one is recomputed, nothing is written outside it.

A run after that finds nothing to do and leaves every table at its version.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.spec import Derived, Published
from tests.systems.deployment import Deployment, deployed

pytestmark = [pytest.mark.deep, pytest.mark.timeout(900)]
SLICES, CHANGED = 100, 42
# Sliced by period or country, in which all are judged together: here they share one.
SHARED = (
    "gold.experiment_results", "gold.segment_vouchers", "gold.cleaning_report", "gold.drop_profile", "gold.drop_columns",
    "gold.amount_rows",
)  # fmt: skip
LAYERS = ("raw", "bronze", "silver", "gold")


def _community(folder: Path, chosen: list[int], *, version: int) -> None:
    """User, post, comment and vote number i: each with a country and a day of its own, so that they share one slice."""
    collections: dict[str, list[dict[str, Any]]] = {"users": [], "posts": [], "posts_comments": [], "votes": []}
    for i in chosen:
        at, updated = _time(2023, i), _time(2023 + version, i)
        times = {"created_at": at, "updated_at": updated}
        ids = {"user_id": {"$oid": f"{i:024x}"}, "post_id": {"$oid": f"{i:024x}"}}
        country = "BCDF"[i // 25] + chr(ord("A") + i % 25)
        support = {"is_patron": True, "lifetime_support_cents": 100 * version, "updated_at": updated}
        english = {"language": "en", "title": f"Title {version}", "description": "Which?", "options": ["a", "b"], **times}
        own = {"_id": {"$oid": f"{i:024x}"}, **times}
        collections["users"].append({**own, "country": country, "language": "en", "patreon_status": support})
        collections["posts"].append({**own, "type": "poll", "multiple_votes": False, "translations": [english]})
        collections["posts_comments"].append({**own, **ids, "body": "x" * version})
        collections["votes"].append({**own, **ids, "votes": [{"index": 0, "weight": version}]})
    for name, documents in collections.items():
        (folder / f"{name}-2024-01-0{version}_06-00-00.json").write_text(json.dumps(documents))


def _time(year: int, day: int) -> dict[str, str]:
    return {"$date": f"{year}-{1 + day // 28:02d}-{1 + day % 28:02d}T10:00:00.000Z"}


_EVENTS = {1: [("PRODUCT", 7, 12), ("BUY", 7, 13)], 2: [("PRODUCT", 7, 9), ("BUY", 8, 14)]}


def _ab_testing(folder: Path, chosen: list[int], *, version: int) -> None:
    """User number i sees experiment number i alone and buys; in the second version earlier, and once more."""
    lines = ["event_name,item_id,timestamp,site,experiments,user_id"]
    for i in chosen:
        for event, item, hour in _EVENTS[version]:
            lines.append(f'{event},{item},2023-06-01T{hour:02d}:00:00.000-0400,SHP,"{{exp/{i:03d}=A}}",{i}')
    (folder / f"events-{version}.csv").write_text("\n".join(lines) + "\n")


def _vouchers(folder: Path, chosen: list[int], *, version: int) -> None:
    """Use number i in Peru; in the second version one more of another amount."""
    row = {
        "timestamp": "2023-06-01 10:00:00+00:00", "country_code": "Peru", "last_order_ts": "2023-05-01 00:00:00",
        "first_order_ts": datetime(2023, 1, 1, tzinfo=UTC), "voucher_amount": 2640.0 * version,
    }  # fmt: skip
    pq.write_table(
        pa.Table.from_pylist([row | {"total_orders": f"{i}.0"} for i in chosen]), folder / f"vouchers-{version}.parquet"
    )


@pytest.mark.parametrize(
    ("system", "source", "deliver"),
    [("community", "exports", _community), ("ab_testing", "events", _ab_testing), ("vouchers", "drops", _vouchers)],
)
def test_one_slice_of_a_hundred(system: str, source: str, deliver: Any, spark: Any, tmp_path: Path) -> None:
    with deployed(spark, tmp_path, system, source) as deployment:
        deliver(deployment.landing, list(range(SLICES)), version=1)
        first = deployment.run(*LAYERS)
        deliver(deployment.landing, [CHANGED], version=2)

        second = deployment.run(*LAYERS)

        sliced = [
            table for table in deployment.system.tables
            if isinstance(table, Derived) and table.slice_by and table.path not in SHARED
        ]  # fmt: skip
        assert len(sliced) == {"community": 10, "ab_testing": 5, "vouchers": 1}[system]
        for table in sliced:
            outcome = second[table.path]
            assert first[table.path].counts.inserted >= SLICES, table.path
            assert (outcome.path, outcome.counts.slices, outcome.status) == ("sliced", 1, "written"), table.path
            assert len(_slices_written(deployment, table)) == 1, table.path

        versions = _versions(deployment)
        third = deployment.run(*LAYERS)
        assert {outcome.status for outcome in third.values()} == {"nothing to do"}
        assert len(third) == len(versions)
        assert _versions(deployment) == versions


def _versions(deployment: Deployment) -> dict[str, int]:
    """Of what layer runs write: tables of a model's results have none yet."""
    run = [each for each in deployment.system.tables if not isinstance(each, Published)]
    paths = [each.path for each in (*deployment.system.sources, *run)]
    return {path: deployment.sql(f"DESCRIBE HISTORY {{{path}}} LIMIT 1")[0][0] for path in paths}


def _slices_written(deployment: Deployment, table: Derived) -> set[Any]:
    """The slices of all rows, old and new, that the table's last commit wrote."""
    name = deployment.settings.name_of(table.path)
    version = deployment.sql(f"DESCRIBE HISTORY {name} LIMIT 1")[0][0]
    rows = deployment.sql(f"SELECT {table.slice_by} FROM table_changes('{name.replace('`', '')}', {version}, {version})")
    assert rows
    return {row[0] for row in rows}
