"""A fan's remark: a few sentences of one language, the mood that they are written in, and whether they suggest something.

The mood decides most of what is said, not all: people praise a part of what disappoints them, and a lone thing or a
picture says little.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from tideline.samples.community.phrases import BLAME, EITHER, PHRASES, PLAIN, PRAISE, THINGS, WISH
from tideline.samples.community.words import sentence
from tideline.samples.draws import weighted

NEGATIVE, NEUTRAL, POSITIVE = "negative", "neutral", "positive"
SENTIMENTS = {POSITIVE: 0.42, NEUTRAL: 0.33, NEGATIVE: 0.25}
SUGGESTS = 0.25
UNSPACED = ("zh", "ja", "th")
_PICTURES = {POSITIVE: "🎉 😍 👍 😭", NEGATIVE: "😞 👎 😡 😭", NEUTRAL: "🤔 👀 😅"}
_MEANT = {
    POSITIVE: {PRAISE: 84, PLAIN: 6, EITHER: 6, BLAME: 4},
    NEGATIVE: {BLAME: 84, PLAIN: 6, EITHER: 6, PRAISE: 4},
    NEUTRAL: {PLAIN: 84, EITHER: 8, PRAISE: 4, BLAME: 4},
}
_MOST_SENTENCES = 16


@dataclass(frozen=True)
class Remark:
    """A text with what its author meant by it."""

    body: str
    language: str
    sentiment: str
    is_suggestion: bool


def remark(draw: random.Random, language: str) -> Remark:
    """A remark of one to sixteen sentences, mostly one or two; some hold quotes and line breaks."""
    sentiment = weighted(draw, list(SENTIMENTS), list(SENTIMENTS.values()))
    is_suggestion = draw.random() < SUGGESTS
    if not is_suggestion and draw.random() < 0.04:
        body = draw.choice(THINGS[language]) if draw.random() < 0.5 else draw.choice(_PICTURES[sentiment].split())
        return Remark(body, language, sentiment, is_suggestion)
    said = [_sentence(draw, language, meaning) for meaning in _meanings(draw, sentiment, is_suggestion)]
    body = ("" if language in UNSPACED else " ").join(said)
    if draw.random() < 0.15:
        body += " " + draw.choice(_PICTURES[sentiment].split())
    if draw.random() < 0.05:
        body = f'"{body}"\n{sentence(draw, language, 6)} \\o/ {{so}}'
    return Remark(body, language, sentiment, is_suggestion)


def _meanings(draw: random.Random, sentiment: str, is_suggestion: bool) -> list[str]:
    """What each sentence means; a wish stands anywhere among the others, or alone where the mood is neutral."""
    n = min(_MOST_SENTENCES, int(draw.paretovariate(1.3)))
    mood = _MEANT[sentiment]
    meanings = draw.choices(list(mood), list(mood.values()), k=n)
    if not is_suggestion:
        return meanings
    if sentiment == NEUTRAL and n == 1:
        return [WISH]
    meanings.insert(draw.randint(0, n), WISH)
    return meanings


def _sentence(draw: random.Random, language: str, meaning: str) -> str:
    text = draw.choice(PHRASES[language][meaning]).replace("{x}", draw.choice(THINGS[language]))
    if draw.random() < 0.1:
        text = _mistyped(draw, text)
    if draw.random() < 0.5:
        text = text[0].upper() + text[1:]
    ends = ("。", "！", "") if language in ("zh", "ja") else (" ",) if language == "th" else (".", "!", "", "...")
    return text + draw.choice(ends)


def _mistyped(draw: random.Random, text: str) -> str:
    """A letter too few or too many."""
    place = draw.randrange(1, len(text))
    return text[:place] + text[place + 1 :] if draw.random() < 0.5 else text[:place] + text[place - 1] + text[place:]
