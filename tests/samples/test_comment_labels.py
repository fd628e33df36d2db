"""The labelled sample: what the staff would have made, with its repeats, its corrections and its wrong labels."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tideline.samples import write_day
from tideline.samples.community.labels import FIRST, LANGUAGE_WEIGHTS, WRONG
from tideline.samples.community.phrases import MEANINGS, PHRASES, THINGS
from tideline.samples.community.remarks import SENTIMENTS, remark
from tideline.samples.community.users import LANGUAGES
from tideline.samples.draws import rng, weighted

SEED, START = 3, date(2023, 6, 1)


def labels(folder: Path, day: int, *, scale: float = 0.002) -> list[dict[str, Any]]:
    (file,) = write_day("community", folder / "exports", day, scale=scale, seed=SEED).beside
    return [json.loads(line) for line in file.read_text().splitlines()]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    return labels(tmp_path_factory.mktemp("landing"), 1)


def test_the_drop_stands_beside_the_exports_and_is_as_large_at_any_scale(tmp_path: Path, first: list[dict[str, Any]]) -> None:
    again = labels(tmp_path, 1, scale=0.01)
    assert again == first and len(first) == FIRST == 1_500
    assert [path.name for path in (tmp_path / "labels").iterdir()] == ["comment_labels-2023-06-01_06-30-00.jsonl"]
    assert set(first[0]) == {"_id", "body", "language", "sentiment", "is_suggestion", "labelled_at"}
    assert all(each["labelled_at"].startswith("2023-06-01T") and each["body"].strip() for each in first)


def test_every_language_is_there_and_english_most(first: list[dict[str, Any]]) -> None:
    found = Counter(each["language"] for each in first)
    assert set(found) == set(LANGUAGES) == set(PHRASES) == set(THINGS) and min(found.values()) > 50
    assert found.most_common(1)[0][0] == "en" and 0.25 < found["en"] / FIRST < 0.36
    shares = Counter(each["sentiment"] for each in first)
    assert set(shares) == set(SENTIMENTS) and min(shares.values()) > 0.2 * FIRST


def test_a_share_of_labels_is_wrong_and_a_correction_is_right(tmp_path: Path, first: list[dict[str, Any]]) -> None:
    def meant(number: int) -> tuple[str, bool]:
        draw = rng(SEED, "labelled comment", number - 1 if number % 40 == 17 else number)
        said = remark(draw, weighted(draw, LANGUAGES, LANGUAGE_WEIGHTS))
        return said.sentiment, said.is_suggestion

    wrong = [sum(each[name] != meant(n)[place] for n, each in enumerate(first)) / FIRST
             for place, name in enumerate(("sentiment", "is_suggestion"))]  # fmt: skip
    assert wrong == pytest.approx([WRONG, WRONG], abs=0.02)
    place = {each["_id"]: number for number, each in enumerate(first)}
    again = [each for day in range(2, 40) for each in labels(tmp_path, day) if each["_id"] in place]
    assert len(again) == 38 * 4 and min(each["labelled_at"] for each in again) > max(each["labelled_at"] for each in first)
    assert all((each["sentiment"], each["is_suggestion"]) == meant(place[each["_id"]]) for each in again)
    assert any(each["sentiment"] != first[place[each["_id"]]]["sentiment"] for each in again)


def test_later_days_bring_new_labels_too(tmp_path: Path, first: list[dict[str, Any]]) -> None:
    known = {each["_id"] for each in first}
    days = [{each["_id"] for each in labels(tmp_path, day)} - known for day in (2, 3)]
    assert [len(day) for day in days] == [6, 6] and not days[0] & days[1]


def test_some_comments_were_posted_twice(first: list[dict[str, Any]]) -> None:
    bodies = [each["body"].lower().rstrip("!") for each in first]
    pairs = [number for number in range(17, FIRST, 40) if bodies[number] == bodies[number - 1]]
    assert len(pairs) == len(range(17, FIRST, 40))
    assert any(first[n]["body"] == first[n - 1]["body"] for n in pairs)
    assert any(first[n]["body"] != first[n - 1]["body"] for n in pairs)


def test_comments_of_the_exports_are_made_of_the_same_phrases(tmp_path: Path) -> None:
    write_day("community", tmp_path / "exports", 1, scale=0.05, seed=SEED)
    comments = json.loads((tmp_path / "exports" / "posts_comments-2023-06-01_06-00-00.json").read_text())
    parts = [part for said in PHRASES.values() for meaning in MEANINGS for phrase in said[meaning]
             for part in phrase.lower().split("{x}") if len(part) > 3]  # fmt: skip
    known = [any(part in comment["body"].lower() for part in parts) for comment in comments]
    assert sum(known) / len(known) > 0.9
    lengths = sorted(len(comment["body"]) for comment in comments)
    assert lengths[len(lengths) // 2] < 80 and lengths[-1] > 300, "most are short, a few are long"
    assert any("\n" in comment["body"] and '"' in comment["body"] for comment in comments)
