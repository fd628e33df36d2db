"""Two writers of one table: the later one starts again from what the earlier one left, a bounded number of times.

Delta refuses a commit that overlaps with one made while it ran. What was committed between reading a row and merging it
is seen by a guard in the MERGE itself (`merge.py`), which ends it with MOVED.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from pyspark.errors import PySparkException

from utils.errors import WriteConflict

T = TypeVar("T")

MOVED = "TIDELINE_ROW_MOVED"
ATTEMPTS = 8
LONGEST_PAUSE = 8.0
SIGNS = (
    MOVED,
    "io.delta.exceptions.Concurrent",
    "DELTA_CONCURRENT",
    "DELTA_METADATA_CHANGED",
    "DELTA_PROTOCOL_CHANGED",
)


def is_conflict(error: BaseException) -> bool:
    """Whether a write failed only because somebody else's came first."""
    return isinstance(error, PySparkException) and any(sign in str(error) for sign in SIGNS)


def retried(work: Callable[[int], T]) -> T:
    """What `work` returns, given the number of conflicts before this attempt; waits longer after each, with jitter.

    Raises WriteConflict after ATTEMPTS, and any other error at once.
    """
    conflicts = 0
    while True:
        try:
            return work(conflicts)
        except PySparkException as error:
            if not is_conflict(error):
                raise
            conflicts += 1
            if conflicts == ATTEMPTS:
                hint = "Nothing of it was written; run again when the other writer is done."
                raise WriteConflict("write", f"another writer came first {ATTEMPTS} times", hint=hint) from error
            time.sleep(random.uniform(0.2, 1.0) * min(2**conflicts * 0.25, LONGEST_PAUSE))
