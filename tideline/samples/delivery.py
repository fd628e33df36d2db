"""What a source delivers on a day, and how it lands: atomically, with the delivery's own modification time."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path


@dataclass(frozen=True)
class Delivery:
    """One day's files, in the order in which they land, and how many times each kind of dirt is in them.

    `beside` are files of the day for other sources of the system, in folders beside that of `files`.
    """

    date: date
    files: tuple[Path, ...]
    dirt: dict[str, int]
    beside: tuple[Path, ...] = ()


class Drop:
    """Collects the files and the dirt of one delivery."""

    def __init__(self, landing: Path, day: date) -> None:
        self.landing, self.day = landing, day
        self.files: list[Path] = []
        self.dirt: dict[str, int] = {}
        landing.mkdir(parents=True, exist_ok=True)

    def count(self, kind: str, n: int = 1) -> None:
        """Note `n` more cases of a kind of dirt."""
        if n:
            self.dirt[kind] = self.dirt.get(kind, 0) + n

    def put(self, collection: str, at: time, text: str | Iterable[str], *, suffix: str = "json", day: date | None = None) -> Path:
        """Write `<collection>-<day>_<hh-mm-ss>.<suffix>`; a reader sees nothing or all of it."""
        moment = datetime.combine(day or self.day, at, tzinfo=UTC)
        path = self.landing / f"{collection}-{moment:%Y-%m-%d_%H-%M-%S}.{suffix}"
        write_atomically(path, [text] if isinstance(text, str) else text, moment)
        self.files.append(path)
        return path

    def delivery(self) -> Delivery:
        return Delivery(self.day, tuple(self.files), dict(sorted(self.dirt.items())))


def write_atomically(path: Path, chunks: Iterable[str], moment: datetime) -> None:
    """Write under a hidden name that no source's pattern takes, set the modification time, then rename."""
    hidden = _hidden(path)
    with hidden.open("w", encoding="utf-8", newline="") as file:
        for chunk in chunks:
            file.write(chunk)
    _show(hidden, path, moment)


def write_bytes_atomically(path: Path, content: bytes, moment: datetime) -> None:
    """The same for what is no text."""
    hidden = _hidden(path)
    hidden.write_bytes(content)
    _show(hidden, path, moment)


def _hidden(path: Path) -> Path:
    return path.with_name(f".incoming-{os.getpid()}-{path.stem}")


def _show(hidden: Path, path: Path, moment: datetime) -> None:
    os.utime(hidden, (moment.timestamp(), moment.timestamp()))
    hidden.replace(path)


def day_of(start: date, day_index: int) -> date:
    """The date of delivery `day_index`, counted from 1."""
    return start + timedelta(days=day_index - 1)
