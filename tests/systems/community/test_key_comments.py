"""The stand-in without a key: how good its choice is on threads whose subjects are known, and what it must never do."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from systems.community.summaries.extractive import N_KEY_COMMENTS, key_comments, summary_of
from systems.community.summaries.keywords import keywords
from systems.community.summaries.shown import method_of, said
from systems.community.summaries.summarising import summarise
from systems.community.summaries.threads import Thread
from tideline.samples.community.threads import PlantedThread, coverage, key_recall, planted_threads
from tideline.samples.community.users import LANGUAGES

SEED, N_THREADS = 77, 150  # another seed than those with which the method was chosen


@pytest.fixture(scope="module")
def threads() -> list[PlantedThread]:
    return planted_threads(SEED, N_THREADS)


@pytest.fixture(scope="module")
def gains(threads: list[PlantedThread]) -> np.ndarray:
    """(threads, 2): what key comments reach more of than the first comments do: subjects by weight, and key comments."""
    return np.array([
        [measure(thread, mine) - measure(thread, list(range(N_KEY_COMMENTS))) for measure in (coverage, key_recall)]
        for thread, mine in ((thread, key_comments(thread.bodies)) for thread in threads)
    ])  # fmt: skip


def lower_bound(values: np.ndarray) -> float:
    """Of the mean: the end of its 95 % bootstrap interval over threads."""
    draws = np.random.default_rng(1).choice(values, (5_000, len(values)))
    return float(np.quantile(draws.mean(axis=1), 0.025))


def test_key_comments_reach_more_subjects_and_more_key_comments_than_the_first_ones(gains: np.ndarray) -> None:
    assert lower_bound(gains[:, 0]) > 0.2
    assert lower_bound(gains[:, 1]) > 0.3


def test_they_do_in_every_language(gains: np.ndarray) -> None:
    for place, language in enumerate(LANGUAGES):
        mine = gains[place :: len(LANGUAGES)]
        assert len(mine) == N_THREADS // len(LANGUAGES)
        assert (language, bool(mine[:, 0].mean() > 0), bool(mine[:, 1].mean() > 0)) == (language, True, True)


def test_planted_threads_are_what_they_say(threads: list[PlantedThread]) -> None:
    assert planted_threads(SEED, 3) == threads[:3] != planted_threads(SEED + 1, 3)
    for thread in threads:
        assert len(thread.comments) == 60 and list(thread.sizes) == [0, 1, 2]
        assert sorted(thread.sizes.values(), reverse=True) == list(thread.sizes.values())
        everything = list(range(60))
        assert coverage(thread, everything) == key_recall(thread, everything) == 1.0
        assert coverage(thread, []) == key_recall(thread, []) == 0.0


@pytest.mark.parametrize(
    "bodies",
    [["one"], ["same"] * 9, ["🎉", "🎉🎉", "?"], ["a", "b"], ["x" * 5_000, "y" * 5_000], ["\u0e01" * 3, "第一", "いいね"]],
)
def test_any_comments_have_a_summary(bodies: list[str]) -> None:
    chosen = key_comments(bodies)
    assert 1 <= len(chosen) <= N_KEY_COMMENTS and len(set(chosen)) == len(chosen)
    assert chosen == key_comments(bodies)
    assert summary_of(bodies)[0]


def test_few_comments_are_all_quoted_each_once() -> None:
    assert key_comments(["more maps", "maps", "more maps", "the ending was sad"]) == [0, 1, 3]


def test_a_comment_pasted_many_times_is_quoted_once() -> None:
    spam = ["buy cheap coins at my shop today"] * 30
    bodies = [*spam, *(f"please draw more ships and harbours, number {n}" for n in range(9))]
    assert sum(bodies[place] == spam[0] for place in key_comments(bodies)) == 1


def test_an_endless_comment_does_not_win_by_its_length() -> None:
    asked = [f"please draw more {what} in chapter {number}" for number, what in enumerate(("ships", "maps") * 4)]
    rambling = " ".join(f"word{number}" for number in range(400))
    assert key_comments([rambling, *asked])[0] != 0


def test_keywords_are_whole_words_that_many_use() -> None:
    bodies = ["กรุณาเพิ่มแผนที่", "แผนที่ดีมาก", "ขอแผนที่"]
    assert any("แผนที่" in word for word in keywords(bodies, bodies))
    assert keywords(["The maps are late", "maps, please!", "hello there"], ["maps, please!"]) == ["maps"]
    assert keywords(["請加地圖", "地圖很好"], ["請加地圖"]) == ["地圖"]


def test_every_answer_says_that_it_is_extractive() -> None:
    threads = [Thread("p1", "A", ("please add maps",)), Thread("p2", "B", ("more music", "more music please"))]
    done = summarise(threads, [], "en", date(2024, 1, 1), client=None)
    assert [(row["method"], row["reason"], row["cost_usd"]) for row in done.rows] == [("extractive", "no key", 0.0)] * 2
    assert {(row["sentiment"], tuple(row["requests"])) for row in done.rows} == {("unknown", ())}
    assert all("extractive" in method_of(row) for row in done.rows)
    assert list(said(done.shown)["method"]) == ["extractive: key comments, quoted (no key)"] * 2
