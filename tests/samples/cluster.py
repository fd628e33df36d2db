"""A PostgreSQL cluster for tests, in a folder of its own.

It does not stand below pytest's folders: another pytest that starts on the machine closes their common root to all other
users, PostgreSQL's among them, and a server that runs longer than its first checkpoint would end in the middle of a test.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tideline.samples.postgres import Postgres


@contextmanager
def running_cluster() -> Iterator[Postgres]:
    """A cluster that runs; it is ended and removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="tideline-postgres-"))
    cluster = Postgres(folder / "postgres")
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)
