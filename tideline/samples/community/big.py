"""One huge indented export of votes, streamed to disk: what a reader must survive without holding it in memory."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from tideline.samples.delivery import write_atomically

_DOCUMENT = """  {{
    "_id": {{
      "$oid": "{number:024x}"
    }},
    "user_id": {{
      "$oid": "{user:024x}"
    }},
    "post_id": {{
      "$oid": "{post:024x}"
    }},
    "votes": [
      {{
        "index": {index},
        "weight": {weight}
      }}
    ],
    "created_at": {{
      "$date": "{at}"
    }},
    "updated_at": {{
      "$date": "{at}"
    }}
  }}"""
_PER_CHUNK = 20_000


def big_votes(folder: Path, gigabytes: float, *, seed: int = 1) -> Path:
    """Write `votes-2023-06-01_06-00-00.json` of at least `gigabytes` (10^9 bytes) into `folder`; returns its path.

    Votes are numbered from 1; every id is there once. Memory stays below 50 MB whatever the size.
    """
    folder.mkdir(parents=True, exist_ok=True)
    moment = datetime(2023, 6, 1, 6, tzinfo=UTC)
    path = folder / f"votes-{moment:%Y-%m-%d_%H-%M-%S}.json"
    write_atomically(path, _chunks(gigabytes * 1e9, seed), moment)
    return path


def _chunks(size: float, seed: int) -> Iterator[str]:
    draw, number, written = random.Random(seed), 0, 0
    yield "[\n"
    while written < size:
        text = ",\n".join(_vote(draw, number + offset) for offset in range(1, _PER_CHUNK + 1))
        yield (",\n" if number else "") + text
        number, written = number + _PER_CHUNK, written + len(text)
    yield "\n]\n"


def _vote(draw: random.Random, number: int) -> str:
    second = number % 86_400
    return _DOCUMENT.format(
        number=number, user=draw.randrange(55_000), post=draw.randrange(240), index=draw.randrange(4), weight=1,
        at=f"2023-05-{1 + number % 28:02d}T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}.000Z")
