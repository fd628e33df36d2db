"""A search of all files: as bytes, unpacked, and value by value where pages are compressed."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import pyarrow.parquet as pq


def files_with(needles: Sequence[str], *folders: Path) -> list[str]:
    """Files below the folders in which one of the needles stands; every file is opened."""
    files = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    assert files, f"no file below {folders}"
    return [f"{path}: {needle}" for path in files for needle in needles if any(needle.encode() in text for text in _texts(path))]


def _texts(path: Path) -> Iterator[bytes]:
    content = path.read_bytes()
    yield content
    if path.suffix == ".gz":
        yield gzip.decompress(content)
    if path.suffix == ".parquet":
        for batch in pq.ParquetFile(path).iter_batches():
            yield repr(batch.to_pylist()).encode()


def folders_of(spark: Any, *schemas: str) -> list[Path]:
    """Where the tables of schemas lie."""
    found = []
    for schema in schemas:
        rows = {row[0]: row[1] for row in spark.sql(f"DESCRIBE SCHEMA {schema}").collect()}
        found.append(Path(unquote(urlparse(rows["Location"]).path)))
    return found
