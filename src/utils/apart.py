"""Work in a process of its own: the memory that it takes goes back to the system with that process."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from utils.errors import SourceError


@contextmanager
def saved_apart(save: Callable[..., None], *arguments: Any) -> Iterator[Path]:
    """The folder that `save(*arguments, folder)` made, in another process; it is removed at the end.

    Function and arguments are pickled. Raises SourceError with what went wrong there, BrokenProcessPool where it died.
    """
    with tempfile.TemporaryDirectory(prefix="tideline-snapshot-") as home:
        folder = Path(home) / "saved"
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            wrong = process.submit(_attempt, save, *arguments, folder).result()
        if wrong:
            raise SourceError(f"{save.__module__}.{save.__qualname__}", wrong)
        yield folder


def _attempt(save: Callable[..., None], *arguments: Any) -> str:
    """What went wrong, as text: errors of some libraries cannot be pickled."""
    try:
        save(*arguments)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""
