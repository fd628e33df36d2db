"""Comment threads whose subjects are known: who asks for what, which comments say it best, and what is chatter.

For whoever wants to know how good a summary is. Nothing of it is delivered in the sampled exports.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from tideline.samples.community.thread_phrases import PHRASES, Phrases
from tideline.samples.community.users import LANGUAGES
from tideline.samples.community.words import WORDS
from tideline.samples.draws import rng

CHATTER = -1
WORDS_OF_TOPIC, MOST_TOPICS = 3, 3
NO_SPACES = ("zh", "ja", "th")


@dataclass(frozen=True)
class Comment:
    """A comment's text; the subject that it is about, from 0 for the greatest (-1: chatter); whether it is a key comment."""

    body: str
    topic: int
    is_key: bool


@dataclass(frozen=True)
class PlantedThread:
    """A thread in the order of writing. Key comments name all words of their subject; others of the subject name some."""

    language: str
    comments: tuple[Comment, ...]

    @property
    def bodies(self) -> list[str]:
        return [comment.body for comment in self.comments]

    @property
    def sizes(self) -> dict[int, int]:
        """Subject -> its comments."""
        topics = [comment.topic for comment in self.comments if comment.topic != CHATTER]
        return {topic: topics.count(topic) for topic in sorted(set(topics))}


def planted_threads(seed: int, n: int, n_comments: int = 60) -> list[PlantedThread]:
    """`n` threads, the languages in turn; the same for the same seed."""
    return [_thread(rng(seed, "thread", number), LANGUAGES[number % len(LANGUAGES)], n_comments) for number in range(n)]


def coverage(thread: PlantedThread, places: list[int]) -> float:
    """Share of the comments with a subject whose subject one of the comments at `places` is about."""
    seen = {thread.comments[place].topic for place in places}
    return sum(n for topic, n in thread.sizes.items() if topic in seen) / sum(thread.sizes.values())


def key_recall(thread: PlantedThread, places: list[int]) -> float:
    """Share of the subjects for which a key comment is among those at `places`."""
    found = {comment.topic for comment in (thread.comments[place] for place in places) if comment.is_key}
    return len(found) / len(thread.sizes)


def _thread(draw: random.Random, language: str, n_comments: int) -> PlantedThread:
    """Half to two thirds of the comments have a subject; the greatest subject has about half of those. Order is by chance."""
    words = draw.sample(WORDS[language], len(WORDS[language]))
    topics = [words[n * WORDS_OF_TOPIC : (n + 1) * WORDS_OF_TOPIC] for n in range(MOST_TOPICS)]
    rest = words[MOST_TOPICS * WORDS_OF_TOPIC :]
    comments = list(_about(draw, language, topics, rest, n_comments))
    draw.shuffle(comments)
    return PlantedThread(language, tuple(comments))


def _about(draw: random.Random, language: str, topics: list[list[str]], rest: list[str], n: int) -> Iterator[Comment]:
    phrases = PHRASES[language]
    n_about = round(n * draw.uniform(0.5, 0.67))
    for topic, words in enumerate(topics):
        size = max(4, round(n_about / 2 ** (topic + 1)))
        for place in range(size):
            is_key = place < 2
            yield Comment(_said(draw, language, phrases, words, rest, is_key), topic, is_key)
            n -= 1
    for _ in range(n):
        yield Comment(_chat(draw, language, phrases, rest), CHATTER, False)


def _said(draw: random.Random, language: str, phrases: Phrases, words: list[str], rest: list[str], is_key: bool) -> str:
    """A request with all words of its subject, or agreement with one or two of them and something else."""
    if is_key:
        return _joined(language, [draw.choice(phrases.requests), *draw.sample(words, len(words)), draw.choice(rest)])
    named = draw.sample(words, draw.randint(1, 2))
    return _joined(language, [draw.choice(phrases.agreements), *named, *draw.sample(rest, draw.randint(0, 1))])


def _chat(draw: random.Random, language: str, phrases: Phrases, rest: list[str]) -> str:
    return _joined(language, [draw.choice(phrases.chatter), *draw.choices(rest, k=draw.randint(0, 2))])


def _joined(language: str, parts: list[str]) -> str:
    return ("" if language in NO_SPACES else " ").join(parts)
