"""Promise 18: sample deliveries dealt out at random, in any order and some of them twice, give what a rebuild gives."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.spec import Derived
from tests.systems.ab_testing.events_reckoning import texts_of
from tests.systems.deployment import Deployment, deployed
from tests.systems.reckoning import collection_of, records
from tideline.samples import write_day
from tideline.samples.vouchers.uses import COLUMNS

pytestmark = [pytest.mark.deep, pytest.mark.timeout(1800)]
LAYERS = ("raw", "bronze", "silver", "gold")
SHARES = (0.5, 0.45, 0.05)  # the last batch is small: it leaves most slices alone
TWICE = 0.2
EVENTS_HEADER = "event_name,item_id,timestamp,site,experiments,user_id"


def _dealt(items: list[Any], draw: random.Random) -> list[list[Any]]:
    """Every item in one batch, and some in a second one too, shuffled."""
    batches: list[list[Any]] = [[] for _ in SHARES]
    for item in items:
        times = 2 if draw.random() < TWICE else 1
        for number in {draw.choices(range(len(SHARES)), SHARES)[0] for _ in range(times)}:
            batches[number].append(item)
    for batch in batches:
        draw.shuffle(batch)
    return batches


def _community(files: list[Path], draw: random.Random) -> list[dict[str, bytes]]:
    collections: dict[str, list[Any]] = {}
    for file in sorted(files):
        collections.setdefault(collection_of(file), []).extend(each for each in records(file) if isinstance(each, dict))
    deliveries: list[dict[str, bytes]] = [{} for _ in SHARES]
    for name, documents in collections.items():
        for number, batch in enumerate(_dealt(documents, draw)):
            folder = "../labels/" if name == "comment_labels" else ""
            deliveries[number][f"{folder}{name}-2024-02-0{number + 1}_06-00-00.json"] = json.dumps(batch).encode()
    return deliveries


def _ab_testing(files: list[Path], draw: random.Random) -> list[dict[str, bytes]]:
    dealt = _dealt([line for file in sorted(files) for line in texts_of(file)], draw)
    texts = ["\n".join([EVENTS_HEADER, *batch]) + "\n" for batch in dealt]
    return [{f"dealt-{number}.csv": text.encode()} for number, text in enumerate(texts)]


def _vouchers(files: list[Path], draw: random.Random) -> list[dict[str, bytes]]:
    tables = [pq.read_table(file, columns=list(COLUMNS)) for file in sorted(files)]
    rows = [row for table in tables for row in table.to_pylist()]
    deliveries: list[dict[str, bytes]] = []
    for number, batch in enumerate(_dealt(rows, draw)):
        sink = pa.BufferOutputStream()
        pq.write_table(pa.Table.from_pylist(batch, schema=tables[0].schema), sink)
        deliveries.append({f"dealt-{number}.parquet": bytes(sink.getvalue())})
    return deliveries


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(
    ("system", "source", "dealer", "scale"),
    [
        ("community", "exports", _community, 0.004),
        ("ab_testing", "events", _ab_testing, 0.005),
        ("vouchers", "drops", _vouchers, 0.004),
    ],
)
def test_random_splits_give_what_a_rebuild_gives(
    system: str, source: str, dealer: Any, scale: float, seed: int, spark: Any, tmp_path: Path
) -> None:
    written = [write_day(system, tmp_path / "samples", day, scale=scale, seed=seed) for day in (1, 2)]
    files = [Path(file) for delivery in written for file in (*delivery.files, *delivery.beside)]
    with deployed(spark, tmp_path / "volumes", system, source) as deployment:
        runs = []
        for delivery in dealer(files, random.Random(seed)):
            for name, content in delivery.items():
                (deployment.landing / name).parent.mkdir(exist_ok=True)
                (deployment.landing / name).write_bytes(content)
            runs.append(deployment.run(*LAYERS))
        for table in deployment.system.tables:
            if isinstance(table, Derived) and table.slice_by:
                paths = {outcomes[table.path].path for outcomes in runs[1:]}
                assert "sliced" in paths <= {"sliced", "nothing"}, (table.path, paths)
        before = _state(deployment)
        rebuilt = deployment.run("bronze", "silver", "gold", rebuild=True)
        assert {outcome.path for outcome in rebuilt.values()} == {"full"}
        assert _state(deployment) == before
        assert all(rows for rows, _ in before.values())


def _state(deployment: Deployment) -> dict[str, tuple[Any, ...]]:
    """Rows and hash of every table that is a function of raw."""
    return {path: found for layer in LAYERS[1:] for path, found in deployment.fingerprint(layer).items()}
