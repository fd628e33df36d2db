"""Languages, words and measures of texts, against cases reckoned by hand; languages also against the labelled sample."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from systems.community.config import LANGUAGES, UNKNOWN
from systems.community.features import DESCRIBED, describe_batches
from systems.community.readability import FORMULAS, readability, syllables
from systems.community.texts import Reader, diversity, n_sentences, small
from tideline.samples.community.labels import write_labels


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load()


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ("I'd love the MAP, please! https://a.b/c 🎉", "en", ["i'd", "love", "the", "map", "please"]),
        ("Rock-'n'-roll: 2 maps", "en", ["rock", "n", "roll", "2", "maps"]),
        ("Işık İSTANBUL'DA", "tr", ["ışık", "istanbul'da"]),
        ("我很喜欢这个故事的结局。", "zh", ["我", "很", "喜欢", "这个", "故事", "的", "结局"]),
        ("この物語の結末が大好きです。", "ja", ["この", "物語の", "結末が", "大好きです"]),
        ("ฉันชอบเพลงใหม่มาก และเรือ", "th", ["ฉัน", "ชอบ", "เพลง", "ใหม่", "มาก", "และ", "เรือ"]),
        ("목소리가 좋아요", "ko", ["목소리가", "좋아요"]),
        ("🎉 ... !", UNKNOWN, []),
    ],
)
def test_words_are_counted_in_every_script(reader: Reader, text: str, language: str, words: list[str]) -> None:
    assert reader.words_of(text, language) == words


def test_stop_words_go_where_the_language_is_known(reader: Reader) -> None:
    words = ["i", "would", "love", "to", "see", "the", "map"]
    assert reader.telling(words, "en") == ["love", "map"]
    assert reader.telling(words, UNKNOWN) == words
    assert all(reader.stop_words[language] for language in LANGUAGES)


def test_accents_are_composed_before_words_are_compared() -> None:
    assert small("Música", "es") == small("Mu\u0301sica", "es") == "música"


@pytest.mark.parametrize(
    ("language", "words", "n"),
    [
        ("en", "the made table beautiful wanted crashed voices added", [1, 1, 2, 3, 2, 1, 2, 2]),
        ("es", "historia quiero país ciudad poeta guerra", [3, 2, 2, 2, 3, 2]),
        ("pt", "não coração navio", [1, 3, 2]),
        ("it", "storia musica foresta", [2, 3, 3]),
        ("fr", "carte histoire navire", [1, 2, 2]),
        ("de", "geschichte musik schöne", [3, 2, 2]),
        ("tr", "hikâye seviye gemi", [3, 3, 2]),
        ("ru", "история корабль лес", [4, 2, 1]),
    ],
)
def test_syllables_are_those_that_one_says(language: str, words: str, n: list[int]) -> None:
    assert [syllables(word, language) for word in words.split()] == n


def test_readability_is_that_of_the_formula_by_hand(reader: Reader) -> None:
    text = "The cat sat on the mat. It was beautiful!"
    words = reader.words_of(text, "en")
    # 9 words, 2 sentences, 11 syllables: beau-ti-ful has three, the rest one each.
    assert readability(words, n_sentences(text), "en") == pytest.approx(206.835 - 1.015 * 9 / 2 - 84.6 * 11 / 9)
    # Amstad: 3 words in a sentence, 1 + 2 + 1 syllables.
    assert readability(["das", "musik", "ist"], 1, "de") == pytest.approx(180 - 3 - 58.5 * 4 / 3)
    # Ateşman: 2 words, 3 + 2 syllables.
    assert readability(["hikâye", "güzel"], 1, "tr") == pytest.approx(198.825 - 40.175 * 5 / 2 - 2.61 * 2)
    assert set(FORMULAS) < set(LANGUAGES)
    assert readability(["地図"], 1, "ja") is None and readability([], 1, "en") is None


@pytest.mark.parametrize(("text", "n"), [("", 1), ("one", 1), ("one. two! three?!", 3), ("one... 🎉\n\ntwo", 2), ("好。好！", 2)])
def test_sentences_are_stretches_with_a_word(text: str, n: int) -> None:
    assert n_sentences(text) == n


def test_diversity_does_not_fall_for_length_alone() -> None:
    assert diversity([]) is None
    assert diversity(["a", "b", "a", "c"]) == 0.75
    fifty = [str(n) for n in range(50)]
    assert diversity(fifty) == diversity(fifty * 4) == 1.0
    assert diversity(["a"] * 60) == pytest.approx(1 / 50)
    # 51 words, two windows: the first has 50 kinds, the second 49.
    assert diversity([*fifty, "49"]) == pytest.approx((1 + 49 / 50) / 2)


def test_a_batch_is_described_in_its_order_and_nothing_is_asked_of_an_empty_one() -> None:
    bodies = ["I love the music of this chapter", None, "🎉"]
    given = pd.DataFrame({"comment_id": ["a", "b", "c"], "body": bodies}, index=[7, 8, 9])
    (found,) = describe_batches(iter([given]))
    assert list(found.columns) == ["comment_id", "body", *[part.split()[0] for part in DESCRIBED.split(", ")]]
    assert found["comment_id"].tolist() == ["a", "b", "c"] and found["language"].tolist() == ["en", UNKNOWN, UNKNOWN]
    assert found["n_words"].tolist() == [7, 0, 0] and found["normalised_text"].tolist() == ["love music chapter", "", ""]
    assert found["readability"].isna().tolist() == [False, True, True]
    assert list(describe_batches(iter([]))) == []


def test_languages_of_the_labelled_sample_are_right_where_they_are_named(reader: Reader, tmp_path: Path) -> None:
    file = write_labels(tmp_path / "exports", 1, seed=7, start=date(2023, 6, 1))
    sample = pd.DataFrame([json.loads(line) for line in file.read_text().splitlines()])
    found = sample["body"].map(reader.language_of)
    named = found != UNKNOWN
    per_language = named.groupby(sample["language"]).mean()
    is_right = (found == sample["language"])[named]
    right = is_right.groupby(sample["language"][named]).mean()
    print(f"\nnamed {named.mean():.4f}, least {per_language.min():.3f}; right {is_right.mean():.4f}, least {right.min():.3f}")
    assert named.mean() > 0.95 and per_language.min() > 0.85
    assert right.min() > 0.98 and set(right.index) == set(LANGUAGES)
    assert sample["body"][~named].str.len().median() <= 10, "what is not named is short"
