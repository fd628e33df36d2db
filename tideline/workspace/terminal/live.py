"""Progress: one line per task that moves in place on a terminal; elsewhere a plain line per change."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from tideline.workspace.jobs import states as s
from tideline.workspace.jobs.events import Event
from tideline.workspace.jobs.tables import is_nothing_to_do, rows_written

COLOURS = {
    s.SUCCESS: "green", s.FAILED: "bold red", s.TIMEDOUT: "bold red", s.CANCELED: "magenta", s.RUNNING: "cyan",
    s.UPSTREAM_FAILED: "red", s.UPSTREAM_CANCELED: "magenta", s.WAITING_FOR_RETRY: "yellow", s.QUEUED: "yellow",
    s.SUCCESS_WITH_FAILURES: "yellow", s.EXCLUDED: "dim", s.DISABLED: "dim", s.BLOCKED: "dim",
}  # fmt: skip


@dataclass
class Row:
    """One task as shown."""

    state: str = s.BLOCKED
    started: float = 0.0
    seconds: float = 0.0
    attempt: int = 0
    of: int = 1
    doing: str = ""
    tables: list[dict[str, Any]] = field(default_factory=list)

    @property
    def elapsed(self) -> float:
        return time.time() - self.started if self.state == s.RUNNING else self.seconds


class Progress:
    """Listens to events; use it as a context manager around a run."""

    def __init__(self, console: Console) -> None:
        self._console, self._rows = console, dict[str, Row]()
        self._title, self._began = "", time.time()
        self._is_live = console.is_terminal and not console.is_dumb_terminal
        self._live = Live(get_renderable=self._picture, console=console, refresh_per_second=4, transient=True)

    def __enter__(self) -> Self:
        if self._is_live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trail: TracebackType | None
    ) -> None:
        if self._is_live:
            self._live.stop()
            self._console.print(self._table())

    def __call__(self, event: Event) -> None:
        if event.kind == "run":
            self._on_run(event)
        elif event.kind == "task":
            self._on_task(event)
        elif event.kind == "cell" and event.task in self._rows:
            title = f" {event.text}" if event.text else ""
            data = event.data
            self._rows[event.task].doing = f"cell {data['number']} of {data['total']} ({data['cell']}){title}"

    def _on_run(self, event: Event) -> None:
        if event.state == s.RUNNING:
            order = event.data["order"]
            for wave in order:
                for key in wave:
                    self._rows.setdefault(f"{event.task}{key}", Row())
            if not event.task:
                self._title = f"{event.data['job']}, run {event.data['run_id']}"
                self._console.print(Text(f"{self._title}: {order_as_text(order)}"))
        elif event.state == s.QUEUED:
            self._console.print(Text(f"queued: {event.text}", style="yellow"))

    def _on_task(self, event: Event) -> None:
        row = self._rows.setdefault(event.task, Row())
        row.state, row.doing = event.state, event.text
        row.attempt = event.data.get("attempt", row.attempt)
        row.of = event.data.get("of", row.of) if event.state == s.RUNNING else row.of
        if event.state == s.RUNNING:
            row.started = event.at
        row.tables = event.data.get("tables", row.tables)
        row.seconds = event.data.get("seconds") or (event.at - row.started if row.started else 0.0)
        if not self._is_live:
            self._console.print(_line(event.task, row), soft_wrap=True)

    def _picture(self) -> Group:
        done = sum(row.state in s.TERMINAL for row in self._rows.values())
        bar = Table.grid(padding=(0, 1))
        bar.add_row(
            ProgressBar(total=max(len(self._rows), 1), completed=done, width=30),
            Text(f"{done} of {len(self._rows)} tasks, {time.time() - self._began:.0f} s"),
        )
        return Group(self._table(), bar)

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        for path, row in list(self._rows.items()):
            table.add_row(
                Text(path), Text(row.state, style=COLOURS.get(row.state, "")), _elapsed(row), _note(row)
            )
        return table


def order_as_text(waves: list[list[str]]) -> str:
    """`raw → bronze → gold, dash`: what runs side by side is separated by commas."""
    return " → ".join(", ".join(wave) for wave in waves)


def _line(path: str, row: Row) -> Text:
    text = Text(f"{path}  ")
    text.append(row.state, style=COLOURS.get(row.state, ""))
    elapsed = _elapsed(row) if row.state != s.RUNNING else ""
    return text.append(f"  {elapsed}  {_note(row)}".rstrip())


def _elapsed(row: Row) -> str:
    return f"{row.elapsed:.1f} s" if row.started else ""


def _note(row: Row) -> str:
    parts = [f"attempt {row.attempt} of {row.of}"] if row.attempt > 1 else []
    if row.tables:
        nothing = is_nothing_to_do(row.tables)
        rows = f"{rows_written(row.tables):,} rows written"
        parts.append("nothing to do" if nothing else f"{rows}, {len(row.tables)} tables")
    elif row.doing:
        parts.append(row.doing)
    return ", ".join(parts)
