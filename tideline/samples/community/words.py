"""Words for titles, posts and options: made up per language, with its letters."""

from __future__ import annotations

import random

_TEXTS = {
    "en": "map chapter weekly update ending music artist stream sketch winter story "
          "vote level design voice new boss quest forest more please love ship",
    "es": "mapa capítulo semana final música artista dibujo invierno historia "
          "voto nivel diseño voz nuevo bosque más favor barco",
    "tr": "harita bölüm haftalık güncelleme müzik sanatçı çizim kış hikâye "
          "oy seviye tasarım ses yeni orman daha lütfen gemi",
    "zh": "地图 章节 每周 更新 结局 音乐 画师 冬天 故事 投票 关卡 设计 声音 森林 喜欢",
    "pt": "mapa capítulo semana final música artista desenho inverno "
          "história voto nível projeto voz novo floresta mais navio",
    "th": "แผนที่ บท รายสัปดาห์ เพลง ศิลปิน ฤดูหนาว เรื่อง โหวต ระดับ เสียง ป่า ชอบ",
    "de": "Karte Kapitel Woche Neuigkeit Ende Musik Künstler Skizze Winter "
          "Geschichte Stimme Stufe Entwurf neu Wald mehr bitte Schiff",
    "fr": "carte chapitre semaine nouveauté fin musique artiste croquis "
          "hiver histoire vote niveau dessin voix forêt plus navire",
    "ja": "地図 章 毎週 更新 結末 音楽 絵師 冬 物語 投票 設計 声 森 もっと 船",
    "ko": "지도 장 매주 소식 결말 음악 작가 겨울 이야기 투표 단계 목소리 숲 더 배",
    "it": "mappa capitolo settimana finale musica artista schizzo inverno "
          "storia voto livello disegno voce nuovo foresta nave",
    "pl": "mapa rozdział tydzień nowość koniec muzyka artysta szkic "
          "zima historia głos poziom projekt nowy las więcej statek",
    "id": "peta bab mingguan kabar akhir musik seniman sketsa "
          "musim cerita suara tingkat desain baru hutan lagi kapal",
    "vi": "bản đồ chương tuần tin kết nhạc họa sĩ phác thảo "
          "đông truyện bình chọn cấp thiết kế giọng mới rừng thuyền",
    "ru": "карта глава неделя новость финал музыка художник эскиз "
          "зима история голос уровень дизайн новый лес ещё корабль",
}
WORDS = {language: text.split() for language, text in _TEXTS.items()}


def sentence(draw: random.Random, language: str, most: int) -> str:
    """One to `most` words of a language, as a sentence."""
    words = draw.choices(WORDS[language], k=draw.randint(1, most))
    joiner = "" if language in ("zh", "ja", "th") else " "
    return (joiner.join(words) + ".").capitalize()


def title(draw: random.Random, language: str) -> str:
    """A title of a few words."""
    return sentence(draw, language, 5).rstrip(".")


def option(draw: random.Random, language: str, index: int) -> str:
    """The text of a poll's option; no two options of a poll are alike."""
    return f"{index + 1}. {sentence(draw, language, 4).rstrip('.')}"
