"""Promise 20: a conflict is retried a bounded number of times, and nothing else is."""

from __future__ import annotations

import pytest
from pyspark.errors import PySparkException

from engine import conflicts
from engine.conflicts import ATTEMPTS, MOVED, retried
from utils.errors import WriteConflict


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long each pause would be, instead of waiting."""
    found: list[float] = []
    monkeypatch.setattr(conflicts.time, "sleep", found.append)
    return found


def test_the_work_begins_again_until_it_comes_first(pauses: list[float]) -> None:
    def work(before: int) -> int:
        if before < 3:
            raise PySparkException(f"[USER_RAISED_EXCEPTION] {MOVED}")
        return before

    assert retried(work) == 3
    assert len(pauses) == 3


def test_it_gives_up_with_words_that_say_what_to_do(pauses: list[float]) -> None:
    tried: list[int] = []

    def work(before: int) -> None:
        tried.append(before)
        raise PySparkException("(io.delta.exceptions.ConcurrentAppendException) files were added")

    with pytest.raises(WriteConflict, match="another writer came first 8 times.*run again"):
        retried(work)
    assert tried == list(range(ATTEMPTS))
    assert sum(pauses) < 60


def test_another_error_is_raised_at_once(pauses: list[float]) -> None:
    def work(before: int) -> None:
        raise PySparkException("[DIVIDE_BY_ZERO] division")

    with pytest.raises(PySparkException, match="DIVIDE_BY_ZERO"):
        retried(work)
    assert pauses == []
