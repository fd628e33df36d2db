"""Bodies that are files: written to disk as they come, up to a limit, and gone unless somebody moves them to their place."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tideline.workspace.control.errors import invalid

MIB = 1024 * 1024


@contextmanager
def incoming(folder: Path, suffix: str) -> Iterator[Path]:
    """An empty private file, of the suffix that its content is known by; removed at the end where it still stands there."""
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(suffix=suffix, dir=folder)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


async def fill(file: Path, chunks: AsyncIterator[bytes], most: int) -> None:
    """Write what comes. INVALID_PARAMETER_VALUE as soon as it is more than `most` bytes."""
    n_bytes = 0
    with file.open("wb") as out:
        async for chunk in chunks:
            n_bytes += len(chunk)
            if n_bytes > most:
                raise invalid(f"the file has more than {most // MIB} MiB, the most that is taken")
            out.write(chunk)


async def pieces(content: Iterable[bytes]) -> AsyncIterator[bytes]:
    """Bytes that are there already, as if they came."""
    for each in content:
        yield each
