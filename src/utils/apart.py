"""Work in a process of its own: the memory that it takes goes back to the system with that process."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any


@contextmanager
def saved_apart(save: Callable[..., None], *arguments: Any) -> Iterator[Path]:
    """The folder that `save(*arguments, folder)` made, in another process; it is removed at the end.

    Function and arguments are pickled. Raises what `save` raised, or BrokenProcessPool where its process died.
    """
    with tempfile.TemporaryDirectory(prefix="tideline-snapshot-") as home:
        folder = Path(home) / "saved"
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            process.submit(save, *arguments, folder).result()
        yield folder
