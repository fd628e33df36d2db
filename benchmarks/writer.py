"""Somebody who changes payments while they are read: `python -m benchmarks.writer`, its wishes by environment.

Most changes are committed at once. Some transactions stamp their rows and commit many seconds later, so that rows become
visible in another order than their `updated_at` says. It goes on until its input ends, lets every transaction take its
time, and then says what it did.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psycopg

WISHES = "TIDELINE_BENCH_WRITER"
TICKS_PER_SECOND = 5
# Transactions that are held at the same time.
AT_ONCE = 4
UPDATE = """
UPDATE payments SET status = CASE status WHEN 'confirmed' THEN 'reversed' ELSE 'confirmed' END,
    updated_at = clock_timestamp() AT TIME ZONE 'America/Argentina/Buenos_Aires'
WHERE id = ANY(%s)
"""


@dataclass(frozen=True)
class Wishes:
    """Rows changed a second, a tenth of them in transactions that are open for `held_seconds`; ids are 1 to `n_payments`."""

    dsn: str
    n_payments: int
    per_second: int = 50
    held_seconds: float = 20.0


@dataclass(frozen=True)
class Told:
    """Rows changed and committed, those of them in transactions that were held, and how many such transactions there were."""

    seconds: float
    changed: int
    late: int
    held: int


class Writer:
    """One process; held transactions have a connection each."""

    def __init__(self, wishes: Wishes) -> None:
        self.wishes, self.place, self.before = wishes, 0, list[int]()
        self.changed = self.late = self.n_held = 0
        self.held: list[tuple[float, psycopg.Connection[tuple[object, ...]]]] = []

    def next_ids(self, n: int) -> list[int]:
        """Scattered ones; none twice before all had their turn, so that no two transactions wait for each other."""
        ids = [1 + (self.place + i) * 7919 % self.wishes.n_payments for i in range(n)]
        self.place += n
        return ids

    def tick(self, quick: psycopg.Connection[tuple[object, ...]]) -> None:
        """A fifth of a second's changes; a payment of the tick before changes once more."""
        n = self.wishes.per_second * 9 // 10 // TICKS_PER_SECOND
        ids = [*self.before[:1], *self.next_ids(n - len(self.before[:1]))]
        self.before = ids[-1:]
        self.changed += quick.execute(UPDATE, [ids]).rowcount
        quick.commit()
        pause = self.wishes.held_seconds / AT_ONCE
        if not self.held or time.monotonic() - self.held[-1][0] >= pause:
            slow = psycopg.connect(self.wishes.dsn)
            self.late += slow.execute(UPDATE, [self.next_ids(round(self.wishes.per_second / 10 * pause))]).rowcount
            self.n_held += 1
            self.held.append((time.monotonic(), slow))
        while self.held and time.monotonic() - self.held[0][0] >= self.wishes.held_seconds:
            self.release()

    def release(self) -> None:
        """Commit the transaction that has been open longest, when its time has come."""
        begun, connection = self.held.pop(0)
        time.sleep(max(0.0, begun + self.wishes.held_seconds - time.monotonic()))
        connection.commit()
        connection.close()

    def run(self) -> Told:
        started = time.monotonic()
        with psycopg.connect(self.wishes.dsn) as quick:
            due = started
            while not select.select([sys.stdin], [], [], max(0.0, due - time.monotonic()))[0]:
                self.tick(quick)
                due += 1 / TICKS_PER_SECOND
        while self.held:
            self.release()
        return Told(time.monotonic() - started, self.changed + self.late, self.late, self.n_held)


class Writing:
    """A writer's process."""

    def __init__(self, wishes: Wishes) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.writer"], cwd=Path(__file__).resolve().parents[1], text=True,
            env={**os.environ, WISHES: json.dumps(asdict(wishes))}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def ask_to_end(self) -> None:
        """It begins nothing new, and ends when what it holds has been committed."""
        if self._process.stdin and not self._process.stdin.closed:
            self._process.stdin.close()

    def told(self) -> Told:
        """What it did, once it has ended. Raises SystemExit where it failed."""
        self.ask_to_end()
        code = self._process.wait(timeout=120)
        said = self._process.stdout.read() if self._process.stdout else ""
        if code:
            raise SystemExit(f"the writer ended with {code}")
        return Told(**json.loads(said))

    def end(self) -> None:
        """End it however it is, and leave nothing open."""
        if self.is_running:
            self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()
        self._process.wait(10)


@contextmanager
def writing(wishes: Wishes) -> Iterator[Writing]:
    """A writer beside what is done here; ended afterwards."""
    writer = Writing(wishes)
    try:
        yield writer
    finally:
        writer.end()


if __name__ == "__main__":
    print(json.dumps(asdict(Writer(Wishes(**json.loads(os.environ[WISHES]))).run())))
