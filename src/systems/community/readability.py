"""How easy is a text to read? Flesch's reading ease, and what was published in its manner for other languages.

Every formula is base - a * words per sentence - b * syllables per word; about 100 is very easy, 0 very hard, and short
texts lie beyond either. Languages without a formula here have no readability.

- en: Flesch 1948, A new readability yardstick, J. Applied Psychology 32
- de: Amstad 1978, Wie verständlich sind unsere Zeitungen?
- es: Szigriszt Pazos 1993, Sistemas predictivos de legibilidad del mensaje escrito
- fr: Kandel and Moles 1958, Application de l'indice de Flesch à la langue française
- it: Franchina and Vacca 1986, Adaptation of Flesch readability index on a bilingual text
- pt: Martins, Ghiraldelo, Nunes and Oliveira 1996, Readability formulas applied to textbooks in Brazilian Portuguese
- ru: Oborneva 2006, Автоматизированная оценка сложности учебных текстов
- tr: Ateşman 1997, Türkçede okunabilirliğin ölçülmesi

Syllables are counted by the letters, which is right for most words of these languages, not for all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

# language -> base, a, b
FORMULAS = {
    "en": (206.835, 1.015, 84.6),
    "de": (180.0, 1.0, 58.5),
    "es": (206.835, 1.0, 62.3),
    "fr": (207.0, 1.015, 73.6),
    "it": (217.0, 1.3, 60.0),
    "pt": (248.835, 1.015, 84.6),
    "ru": (206.835, 1.3, 60.1),
    "tr": (198.825, 2.61, 40.175),
}
# In Romance languages a strong vowel takes weak neighbours into its syllable; two strong ones are two syllables.
_ROMANCE = re.compile(r"[ãõ][oei]?|[iuy]?[aeoáéóàèòâêô][iuy]?|[íúìù]|[iuüy]+")
_GROUPS = re.compile(r"[aeiouyäöüàâéèêëîïôùûœæ]+")
_ONE_BY_ONE = {"tr": re.compile(r"[aeıioöuüâîû]"), "ru": re.compile(r"[аеёиоуыэюя]")}
_SILENT_U = re.compile(r"(?<=q)u|(?<=g)u(?=[eiéí])")
_SILENT_END = {"en": re.compile(r"(?<![aeiouyl])e$|(?<=[^aeiouytd])ed$|(?<=[^aeiouylscgxzh])e(?=s$)"), "fr": re.compile(r"es?$")}


def readability(words: Sequence[str], sentences: int, language: str) -> float | None:
    """Reading ease of a text of these words in small letters; None for a language without a formula, or without words."""
    if language not in FORMULAS or not words:
        return None
    base, per_word, per_syllable = FORMULAS[language]
    n_syllables = sum(syllables(word, language) for word in words)
    return base - per_word * len(words) / sentences - per_syllable * n_syllables / len(words)


def syllables(word: str, language: str) -> int:
    """Syllables of a word in small letters, by its vowels; one at least."""
    if language in _ONE_BY_ONE:
        return max(1, len(_ONE_BY_ONE[language].findall(word)))
    if language in ("es", "it", "pt"):
        return max(1, len(_ROMANCE.findall(_SILENT_U.sub("", word))))
    groups = len(_GROUPS.findall(word))
    spoken = _SILENT_END[language].sub("", word) if language in _SILENT_END and groups > 1 else word
    return max(1, len(_GROUPS.findall(spoken)))
