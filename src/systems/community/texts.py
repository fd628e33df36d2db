"""What is a text made of: its language, its words, what is left without stop words, and how varied the words are?

This runs in Spark's workers, which have the installed packages and not the repository: the module travels whole (see
`utils/shipping.py`) and keeps nothing in globals. A `Reader` holds the models; it takes two seconds to load, once per task.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from systems.community.config import LANGUAGES, LEAST_CONFIDENCE, UNKNOWN

# Written without spaces between words. Chinese and Thai are cut into words, Japanese into words with their particles,
# which is what Korean puts spaces between.
UNSPACED = ("zh", "ja", "th")
ADDRESS = re.compile(r"https?://\S+|www\.\S+")
WORD = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*")
SENTENCE_END = re.compile(r"[.!?…。！？]+|\n+")
# Words that diversity is measured in: a longer text would repeat words for its length alone.
WINDOW = 50


@dataclass(frozen=True)
class Reader:
    """Tells languages and words apart, with models that come inside packages."""

    identifier: Any
    segmenters: Mapping[str, Any]
    stop_words: Mapping[str, frozenset[str]]

    @classmethod
    def load(cls) -> Reader:
        """Read the models from the installed packages; nothing is fetched."""
        import budoux
        import stopwordsiso
        from py3langid.langid import MODEL_FILE, LanguageIdentifier

        identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True, min_confidence=LEAST_CONFIDENCE)
        identifier.set_languages(LANGUAGES)
        segmenters = {
            "zh": budoux.load_default_simplified_chinese_parser(), "ja": budoux.load_default_japanese_parser(),
            "th": budoux.load_default_thai_parser(),
        }  # fmt: skip
        stop_words = {language: frozenset(stopwordsiso.stopwords(language)) for language in LANGUAGES}
        return cls(identifier, segmenters, stop_words)

    def language_of(self, text: str) -> str:
        """The language's code, or `unknown` where the text says too little: a picture, a name, an address."""
        found, _ = self.identifier.classify(ADDRESS.sub(" ", text))
        return str(found) if found in LANGUAGES else UNKNOWN

    def words_of(self, text: str, language: str) -> list[str]:
        """Words in small letters, in their order; addresses, punctuation and pictures are none."""
        plain = small(ADDRESS.sub(" ", text), language)
        if language not in UNSPACED:
            return [word.replace("’", "'") for word in WORD.findall(plain)]
        cut = [part for chunk in plain.split() for part in self.segmenters[language].parse(chunk)]
        return [word for part in cut if (word := _trimmed(part))]

    def telling(self, words: Sequence[str], language: str) -> list[str]:
        """The words that are no stop words of the language; all of them where it is unknown."""
        stop_words = self.stop_words.get(language, frozenset())
        return [word for word in words if word not in stop_words]


def small(text: str, language: str) -> str:
    """Small letters, accents composed; the Turkish dotless ı is not an i."""
    composed = unicodedata.normalize("NFC", text)
    if language == "tr":
        composed = composed.replace("İ", "i").replace("I", "ı")
    return composed.lower()


def n_sentences(text: str) -> int:
    """Stretches between marks that end a sentence which hold a letter or digit; one at least."""
    return max(1, sum(bool(WORD.search(part)) for part in SENTENCE_END.split(ADDRESS.sub(" ", text))))


def diversity(words: Sequence[str]) -> float | None:
    """Distinct words per word, 0 to 1, as a mean over all stretches of 50 words (MATTR); None without words.

    Covington and McFall 2010, Cutting the Gordian Knot: The Moving-Average Type-Token Ratio, J. Quant. Linguistics 17.
    """
    if not words:
        return None
    width = min(WINDOW, len(words))
    ratios = [len(set(words[first : first + width])) / width for first in range(len(words) - width + 1)]
    return sum(ratios) / len(ratios)


def _trimmed(part: str) -> str:
    """A segment without what is no letter, mark or digit at its ends."""
    places = [place for place, sign in enumerate(part) if unicodedata.category(sign)[0] in "LMN"]
    return part[places[0] : places[-1] + 1] if places else ""
