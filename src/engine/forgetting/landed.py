"""Files in the landing folder, written again without what is a forgotten person's.

Side effects, in order: new contents beside the landing folders; ops.files append, which makes their hashes known, so that
they do not land again; one replacement per file. Dying in between repeats it.
"""

from __future__ import annotations

import gzip
import shutil
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pyspark.errors import PySparkException

from engine.effects import about_to
from engine.forgetting.texts import rewritten
from engine.sources.ledger import Decision, Ledger, Listed
from engine.sources.records import survey
from engine.sources.spec import Files

if TYPE_CHECKING:
    from engine.forgetting.judge import Judge
    from engine.run import Run

BESIDE = "rewritten"
COMPRESSED = (".bz2", ".deflate", ".lz4", ".snappy", ".zst", ".zstd", ".zip", ".parquet")


@dataclass(frozen=True)
class Rewriting:
    """A landed file, the source that takes it (None: none does), and who judges its records."""

    file: Listed
    source: Files | None
    judge: Judge


@dataclass(frozen=True)
class Rewritten:
    """How many files were written again, how many records they lost or that lost something, and what could not be read."""

    n_files: int = 0
    n_records: int = 0
    problems: tuple[str, ...] = ()


def rewrite(run: Run, wanted: Sequence[Rewriting], mention: str = "") -> Rewritten:
    """Rewrite the files that hold what their judge takes out; the others are not touched.

    With a `mention` only files are looked at closely in which it stands. A file is read as a whole. Sources of one run land
    at the same time, so that each call has a folder of its own.
    """
    landing = Path(run.settings.landing)
    beside = landing / BESIDE / f"{run.settings.run_id}-{uuid.uuid4().hex[:8]}"
    changed: list[tuple[Rewriting, Path]] = []
    n_records, problems = 0, []
    try:
        for number, each in enumerate(wanted):
            target = beside / str(number) / Path(each.file.file).name
            try:
                n = _write_beside(landing / each.file.file, target, each, mention)
            except (OSError, EOFError, ValueError) as error:
                problems.append(f"{each.file.file}: {error}")
                continue
            n_records += n
            changed += [(each, target)] if n else []
        if changed:
            _replace(run, beside, changed)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return Rewritten(len(changed), n_records, tuple(problems))


def _write_beside(file: Path, target: Path, each: Rewriting, mention: str) -> int:
    """How many records are to go or to change; the new content stands in `target` then. Raises ValueError where it cannot."""
    content = file.read_bytes()
    is_gzip = file.suffix == ".gz"
    if file.suffix in COMPRESSED:
        if mention.encode() in content:
            raise ValueError(f"holds the person, and files {file.suffix} cannot be rewritten")
        return 0
    text = (gzip.decompress(content) if is_gzip else content).decode("utf-8", "surrogateescape")
    if mention not in text:
        return 0
    left, n = rewritten(text, each.source.format if each.source else "", each.judge)
    if n:
        target.parent.mkdir(parents=True, exist_ok=True)
        written = left.encode("utf-8", "surrogateescape")
        target.write_bytes(gzip.compress(written, mtime=0) if is_gzip else written)
    return n


def _replace(run: Run, beside: Path, changed: Sequence[tuple[Rewriting, Path]]) -> None:
    ledger = Ledger(run)
    rows = []
    for source in {each.source.name if each.source else "": each.source for each, _ in changed}.values():
        mine = {str(path.relative_to(beside)): each.file.file for each, path in changed if each.source is source}
        found = [file for file in _listed(run, beside) if file.file in mine]
        hashes = _hashes(run, source, found)
        note = "rewritten without what is a forgotten person's"
        decisions = [
            Decision(Listed(f.uri, mine[f.file], f.length, f.modified_at), "rewritten", file_hash=hashes.get(f.uri), note=note)
            for f in found
        ]
        rows += ledger.append(source.path if source else "", decisions)
    about_to("append to the file ledger")
    ledger.write(rows)
    about_to("rewrite landed files")
    for each, path in changed:
        path.replace(Path(run.settings.landing) / each.file.file)


def _listed(run: Run, folder: Path) -> list[Listed]:
    """Files below a folder as Spark names them; those without a byte cannot land, and are left out."""
    reader = run.spark.read.format("binaryFile").option("recursiveFileLookup", "true")
    columns = ("_metadata.file_path", "_metadata.file_size", "_metadata.file_modification_time")
    rows = reader.load(str(folder)).select(*columns).collect()
    return [Listed(uri, "/".join(uri.split("/")[-2:]), length, modified_at) for uri, length, modified_at in rows]


def _hashes(run: Run, source: Files | None, files: Sequence[Listed]) -> dict[str, str]:
    """Hash of each file's content, as landing reckons it; of what cannot be read there is none."""
    if source is None or not files:
        return {}
    try:
        return {file.uri: found.file_hash for file, found in survey(run.spark, source, files)}
    except PySparkException:
        return {}
