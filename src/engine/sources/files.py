"""Files to append-only raw: every record as delivered, once per content of its file.

A listing tells which files are new by name, size and time. New ones are read once by line (`survey`), which yields
their content hash, how their records are separated, and whether they are complete; then once more by record.
What was decided about each file stands in `ops.files`, so that a run with nothing new reads no file at all.

Of persons who were forgotten nothing lands, and their records do not stay in the files either (`forgetting/`).

Side effects, in order: raw append, one per source; ops.files append, one per layer. The append looks at what raw holds
of these contents, so that Delta refuses it where another run landed meanwhile; then the source is landed again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from pyspark.errors import PySparkException
from pyspark.sql import functions as F

from engine.effects import about_to
from engine.forgetting.delivered import clear_of_forgotten
from engine.forgetting.forgotten import judge_of_listed
from engine.forgetting.suppressed import without_forgotten
from engine.outcomes import Counts
from engine.sources.ledger import Decision, Ledger, Listed
from engine.sources.records import read_records, survey
from engine.sources.spec import Files
from engine.sources.surveyed import Surveyed, said_by
from utils.errors import SourceError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from engine.forgetting.judge import Judge
    from engine.run import Run

# A file without its end that changed this recently may still be being written: it waits for the next run.
SETTLE_SECONDS = 60


def list_files(run: Run) -> list[Listed]:
    """Every file below the landing folder, by name; contents are not read. No folder yet: no file."""
    landing = run.settings.landing
    folders = sorted({source.folder for source in run.system.sources if isinstance(source, Files)})
    listed: list[Listed] = []
    for folder in folders:
        reader = run.spark.read.format("binaryFile").option("recursiveFileLookup", "true")
        try:
            rows = (
                reader.load(f"{landing}/{folder}")
                .select("_metadata.file_path", "_metadata.file_size", "_metadata.file_modification_time")
                .collect()
            )
        except PySparkException as error:
            if "PATH_NOT_FOUND" in str(error):
                continue
            raise SourceError(
                f"{run.system.name}: {landing}/{folder}", "the folder cannot be listed", hint=str(error)[:300]
            ) from error
        for row in rows:
            uri, length, modified_at = row
            listed.append(Listed(uri, unquote(uri).split("/landing/", 1)[-1], length, modified_at))
        listed += _empty_files(Path(landing), folder)
    return sorted(listed, key=lambda file: file.file)


def _empty_files(landing: Path, folder: str) -> list[Listed]:
    """Files without a byte, which Spark does not list; seen where the volume is mounted beside this process."""
    found = [path for path in (landing / folder).rglob("*") if path.is_file() and path.stat().st_size == 0]
    return [
        Listed(
            path.as_uri(),
            str(path.relative_to(landing)),
            0,
            datetime.fromtimestamp(int(path.stat().st_mtime), UTC).replace(tzinfo=None),
        )
        for path in found
    ]


def land(run: Run, source: Files, new: Sequence[Listed], *, is_new: bool = False) -> tuple[Counts, list[Decision]]:
    """Append the records of new files to the source's raw table; one commit, none if nothing is to be landed.

    Files with a content that was landed before, empty and unreadable ones are decided without a record; a file that
    may still be being written waits. Ends with Delta's conflict, and no record, where another run landed meanwhile.
    """
    target = run.settings.name_of(source.path)
    readable = [file for file in new if file.length > 0]
    decisions = [Decision(file, "empty", note="no bytes") for file in new if file.length == 0]
    surveyed, unreadable = _survey(run, source, readable)
    decisions += unreadable
    known = set() if is_new else _known_hashes(run, target, [found.file_hash for _, found in surveyed])
    judge = judge_of_listed(run, source.name)
    if judge is not None and surveyed:
        known |= Ledger(run).rewritten([found.file_hash for _, found in surveyed])
    to_land: list[tuple[Listed, Surveyed]] = []
    for file, found in surveyed:
        decision = _decide(file, found, known)
        decisions.append(decision)
        if decision.status in ("landed", "truncated"):
            known.add(found.file_hash)
            to_land.append((file, found))
    counts, records = _append(run, source, target, to_land, judge) if to_land else (Counts(), {})
    decisions = [
        replace(d, records=records.get(d.file_hash, 0)) if d.status in ("landed", "truncated") else d
        for d in decisions
    ]
    return counts, clear_of_forgotten(run, source, surveyed, decisions, judge)


def _decide(file: Listed, found: Surveyed, known: set[str]) -> Decision:
    if found.problem and not found.is_complete and _is_settling(file):
        return Decision(file, "waiting", note="it cannot be read yet, and changed within a minute")
    if found.problem:
        return Decision(file, "unreadable", note=found.problem)
    if found.is_blank:
        return Decision(file, "empty", file_hash=found.file_hash, note="no record: nothing but blanks, or a header alone")
    if found.file_hash in known:
        return Decision(file, "repeated", file_hash=found.file_hash, note="this content was landed before")
    if found.is_complete:
        return Decision(file, "landed", file_hash=found.file_hash, note=found.note or None)
    if _is_settling(file):
        note = "its end is missing and it changed within a minute"
        return Decision(file, "waiting", file_hash=found.file_hash, note=note)
    return Decision(file, "truncated", file_hash=found.file_hash, note="its end is missing; whole records were landed")


def _is_settling(file: Listed) -> bool:
    changed = file.modified_at.replace(tzinfo=file.modified_at.tzinfo or UTC)
    return datetime.now(UTC).timestamp() - changed.timestamp() < SETTLE_SECONDS


def _survey(
    run: Run, source: Files, files: Sequence[Listed]
) -> tuple[list[tuple[Listed, Surveyed]], list[Decision]]:
    """Survey all files at once; if one of them breaks the read, each by itself, so that the rest of the drop lands."""
    if not files:
        return [], []
    try:
        return survey(run.spark, source, files), []
    except PySparkException as error:
        if len(files) == 1:
            return [], [Decision(files[0], "unreadable", note=said_by(error))]
    good: list[tuple[Listed, Surveyed]] = []
    bad: list[Decision] = []
    for half in (files[: len(files) // 2], files[len(files) // 2 :]):
        found, broken = _survey(run, source, half)
        good, bad = good + found, bad + broken
    return good, bad


def _known_hashes(run: Run, target: str, hashes: Sequence[str]) -> set[str]:
    """Which of these contents are in raw already, whatever the ledger says: a run may have died in between."""
    return {row[0] for row in _present(run, target, hashes).collect()} if hashes else set()


def _present(run: Run, target: str, hashes: Sequence[str]) -> DataFrame:
    return run.spark.table(target).where(F.col("_file_hash").isin(list(hashes))).select("_file_hash").distinct()


def _append(
    run: Run, source: Files, target: str, files: Sequence[tuple[Listed, Surveyed]], judge: Judge | None
) -> tuple[Counts, dict[str | None, int]]:
    records = without_forgotten(read_records(run.spark, source, files), judge)
    stamped = records.withColumns(
        {"_landed_at": F.current_timestamp(), "_run_id": F.lit(run.settings.run_id)}
    )
    # Known contents were left out before; reading raw here is what lets Delta see a run that lands at the same time.
    present = _present(run, target, [found.file_hash for _, found in files])
    fresh = stamped.join(F.broadcast(present), on="_file_hash", how="left_anti")
    _insert(fresh.select(*[column.name for column in source.all_columns]), target)
    rows = (
        run.spark.table(target)
        .where(F.col("_run_id") == run.settings.run_id)
        .groupBy("_file_hash")
        .agg(F.count(F.lit(1)), F.count("text"))
        .collect()
    )
    per_file = {row[0]: row[1] for row in rows}
    return Counts(read=sum(per_file.values()), inserted=sum(per_file.values())), per_file


def _insert(records: DataFrame, target: str) -> None:
    about_to("append records")
    records.write.format("delta").mode("append").saveAsTable(target)
