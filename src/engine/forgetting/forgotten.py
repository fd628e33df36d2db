"""`<system>_raw.forgotten`: who must not come back, under a keyed hash and nothing else; landing asks it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from engine.catalog import create_table, stored_columns
from engine.effects import about_to
from engine.forgetting.judge import Judge, Listed, hash_of
from engine.merge import temporary_view
from engine.parts import Column
from engine.person import Mentions
from utils.settings import PSEUDONYM_KEY

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.run import Run

PATH = "raw.forgotten"
GRAIN = "one row per person who was forgotten"
COLUMNS = (
    Column("person", "string", "Keyed hash of the id, another one than the pseudonym in gold."),
    Column("asked_at", "timestamp", "When it was asked first, by the clock. From then on nothing of the person lands."),
    Column("status", "string", "begun: not all is removed yet, forget again; done: no table holds the person."),
    Column("done_at", "timestamp", "When it was done last, by the clock."),
    Column("files_until", "timestamp", "Until then replaced files may hold the person; null where they were removed at once."),
)


@dataclass(frozen=True)
class Earlier:
    """What an earlier attempt left: not all was removed (`is_begun`), or replaced files still hold the person."""

    is_begun: bool = False
    has_files: bool = False


def begin(run: Run, person: str) -> Earlier:
    """Put a person on the list before anything is removed, and say how an earlier attempt ended."""
    name = run.settings.name_of(PATH)
    if stored_columns(run.spark, name) is None:
        create_table(run.spark, name, COLUMNS, comment=GRAIN)
    before = run.spark.table(name).where(f"person = '{person}'").select("status", "files_until").collect()
    earlier = Earlier(before[0]["status"] == "begun", before[0]["files_until"] is not None) if before else Earlier()
    if not earlier.is_begun:
        _note(run, person, "begun", None, before[0]["files_until"] if before else None)
    return earlier


def finish(run: Run, person: str, files_until: datetime | None) -> None:
    """Note that no table holds the person any more."""
    _note(run, person, "done", datetime.now(UTC), files_until)


def _note(run: Run, person: str, status: str, done_at: datetime | None, files_until: datetime | None) -> None:
    row = (person, datetime.now(UTC), status, done_at, files_until)
    rows = run.spark.createDataFrame([row], ", ".join(f"{column.name} {column.type}" for column in COLUMNS))
    names = ", ".join(column.name for column in COLUMNS)
    about_to("list a forgotten person")
    with temporary_view(run.spark, rows) as view:
        run.spark.sql(
            f"MERGE INTO {run.settings.name_of(PATH)} t USING {view} s ON t.person = s.person "
            "WHEN MATCHED THEN UPDATE SET status = s.status, done_at = s.done_at, files_until = s.files_until "
            f"WHEN NOT MATCHED THEN INSERT ({names}) VALUES ({', '.join(f's.{column.name}' for column in COLUMNS)})"
        ).collect()


def person_of(run: Run, id_: str) -> str:
    """The keyed hash that stands for a person in the list and in logs."""
    return hash_of(run.settings.secret(PSEUDONYM_KEY), id_)


def judge_of_listed(run: Run, source: str) -> Judge | None:
    """The judge of a source's records by the list as it is now; None where nobody is on it."""
    if run.system.person is None:
        return None
    name = run.settings.name_of(PATH)
    if not run.spark.catalog.tableExists(name):
        return None
    hashes = frozenset(row[0] for row in run.spark.table(name).select("person").collect())
    return judge_of(run, source, Listed(run.settings.secret(PSEUDONYM_KEY), hashes)) if hashes else None


def judge_of(run: Run, source: str, is_forgotten: Callable[[str], bool]) -> Judge:
    """The judge of a source's records; of one that names nobody by declaration, only ids that look like one count."""
    assert run.system.person is not None
    mentions = run.system.person.sources.get(source, Mentions())
    places = tuple((_place(items), _place(id_)) for items, id_ in mentions.parts.items())
    return Judge(_place(mentions.owner), places, run.system.person.looks_like, is_forgotten)


def _place(path: str) -> tuple[str, ...]:
    return tuple(path.split(".")) if path else ()
