"""Gold and run log of the A/B tests as Delta files, written without Spark, from counts that are judged as in gold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from deltalake import write_deltalake

from systems.ab_testing.config import EVENT_NAMES
from systems.ab_testing.posteriors import Posteriors
from systems.ab_testing.verdicts import judge_family

# Experiment -> variant -> participants, buyers of the whole.
Counts = Mapping[str, Mapping[str, tuple[int, int]]]
RAN_AT = datetime(2021, 8, 5, 6, 0, tzinfo=UTC)
FUNNEL = np.array([0.95, 0.8, 0.3, 0.24, 0.18])


@dataclass(frozen=True)
class World:
    """What gold is made of; a day has its share of the whole's users, and its own rate."""

    counts: Counts
    days: Mapping[str, float] = field(default_factory=lambda: {"2021-08-01": 0.45, "2021-08-02": 0.55})
    hours: tuple[str, ...] = ("2021-08-01 23",)
    only_whole: tuple[str, ...] = ()

    def of(self, period: str) -> Counts:
        if period == "whole":
            return self.counts
        share = self.days.get(period, 0.1)
        scaled = lambda pair: tuple(round(each * share) for each in pair)  # noqa: E731 (shorter than a function for one line)
        return {
            name: {variant: scaled(pair) for variant, pair in variants.items()}
            for name, variants in self.counts.items() if name not in self.only_whole
        }  # fmt: skip

    @property
    def periods(self) -> dict[str, str]:
        return dict.fromkeys(self.hours, "hour") | dict.fromkeys(self.days, "day") | {"whole": "whole"}


def variant_rows(world: World, period: str, rule: str) -> pd.DataFrame:
    """Rows of `variant_results` of one period and rule."""
    rows = []
    for name, variants in world.of(period).items():
        for variant, (n, bought) in variants.items():
            b = bought if rule == "later_purchase" else bought // 2
            low, high = (float(each[0]) for each in Posteriors.of([b], [n]).interval())
            rows.append({
                "experiment": name, "variant": variant, "day": period, "period": world.periods[period], "attribution": rule,
                "attribution_window_hours": 48, "n_participants": n, "n_buyers": b, "n_purchases": b + b // 10,
                "conversion_rate": b / n if n else 0.0, "conversion_low": low, "conversion_high": high,
                "n_participants_all": n + 3, "n_buyers_all": b, "n_purchases_all": b + b // 10,
                "n_users": sum(each for each, _ in variants.values()) + 3,
            })  # fmt: skip
    return pd.DataFrame(rows)


def funnel_rows(world: World, period: str) -> pd.DataFrame:
    """Rows of `experiment_funnel` of one period: the last step is buying."""
    rows = []
    for each in variant_rows(world, period, "later_purchase").to_dict("records"):
        n, b = each["n_participants"], each["n_buyers"]
        came = [max(int(n * share), b) for share in FUNNEL] + [b]
        rows += [
            {"experiment": each["experiment"], "variant": each["variant"], "day": period, "step_number": place, "step": step,
             "n_users": users, "n_participants": n, "share": users / max(n, 1)}
            for place, (step, users) in enumerate(zip(EVENT_NAMES, came, strict=True), start=1)
        ]  # fmt: skip
    return pd.DataFrame(rows)


def write_gold(warehouse: Path, world: World) -> None:
    """Both tables that apps read, with their comments as the engine leaves them."""
    rules = ("later_purchase", "same_item")
    judged = pd.concat([judge_family(variant_rows(world, period, rule)) for period in world.periods for rule in rules])
    rows = [{name: None if value != value else value for name, value in row.items()} for row in judged.to_dict("records")]
    results = pa.Table.from_pylist(rows)
    funnels = pa.Table.from_pandas(pd.concat([funnel_rows(world, period) for period in world.periods]), preserve_index=False)
    for name, table in {"experiment_results": results, "experiment_funnel": funnels}.items():
        write_deltalake(
            warehouse / "ab_testing_gold.db" / name, table, mode="overwrite", description=f"one row per {name} key",
            schema_mode="overwrite",
        )  # fmt: skip


def run(name: str, place: int, **changes: Any) -> dict[str, Any]:
    """A row of the run log, of the table `layer.name`, as the engine writes it."""
    finished = RAN_AT + timedelta(minutes=place)
    row = {
        "run_id": f"run {place}", "kind": "run", "system": "ab_testing", "layer": name.partition(".")[0], "table_name": name,
        "status": "written", "path": "full", "why": "first run", "read": 100 + place, "inserted": 100 + place, "updated": 2,
        "deleted": 0, "quarantined": 0, "started_at": finished, "finished_at": finished, "seconds": 1.25, "error": None,
    }  # fmt: skip
    return row | changes


def write_run_log(warehouse: Path, rows: list[dict[str, Any]]) -> None:
    """`ops.table_runs`, as far as apps read it."""
    text, count, at = pa.string(), pa.int64(), pa.timestamp("us", "UTC")
    types = dict.fromkeys(("read", "inserted", "updated", "deleted", "quarantined"), count)
    types |= {"started_at": at, "finished_at": at, "seconds": pa.float64()}
    schema = pa.schema([(name, types.get(name, text)) for name in rows[0]])
    write_deltalake(warehouse / "ops.db" / "table_runs", pa.Table.from_pylist(rows, schema), mode="append")
