"""What the engine promises, in plain Python: a dict per table, obviously right, however slow."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

Record = Mapping[str, Any]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def content_hash(record: Record) -> str:
    """SHA-256 of the record as JSON: fields in the order of their names, nulls left out, times to the microsecond."""
    values = {name: record[name] for name in sorted(record) if record[name] is not None}
    values["at"] = moment(record["at"]).strftime("%Y-%m-%dT%H:%M:%S.%fZ").zfill(27)
    return hashlib.sha256(json.dumps(values, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()


def order(record: Record) -> tuple[datetime, str]:
    return moment(record["at"]), content_hash(record)


def latest(records: Iterable[Record]) -> dict[str, Record]:
    """Per id the greatest record, unless that one deletes."""
    winners: dict[str, Record] = {}
    for record in sorted(records, key=order):
        winners[record["id"]] = record
    return {id_: record for id_, record in winners.items() if not record["gone"]}


def versions(records: Iterable[Record], tracked: Sequence[str]) -> dict[str, list[tuple[Any, ...]]]:
    """Per id its versions: (valid_from, valid_to, last record)."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    events: dict[str, dict[datetime, Record]] = {}
    for record in sorted(records, key=order):
        events.setdefault(record["id"], {})[moment(record["at"])] = record
    for id_, by_time in events.items():
        runs: list[list[datetime]] = []
        states: list[Any] = []
        for at, record in by_time.items():
            state = "gone" if record["gone"] else tuple(record[name] for name in tracked)
            if not states or states[-1] != state:
                states.append(state)
                runs.append([])
            runs[-1].append(at)
        ends = [run[0] for run in runs[1:]] + [None]
        found[id_] = [
            (run[0], end, by_time[run[-1]])
            for run, end, state in zip(runs, ends, states, strict=True)
            if state != "gone"
        ]
    return {id_: rows for id_, rows in found.items() if rows}
