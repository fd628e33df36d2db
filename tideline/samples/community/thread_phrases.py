"""How people ask, agree and chat in each language of the sample."""

from __future__ import annotations

from typing import NamedTuple


class Phrases(NamedTuple):
    """Beginnings of comments."""

    requests: tuple[str, ...]
    agreements: tuple[str, ...]
    chatter: tuple[str, ...]


_TEXTS = {
    "en": (
        "please add|I would love to see|could we have",
        "yes,|I agree about|same here for",
        "first!|good morning|lol|hello everybody|nice one|I am late again",
    ),
    "es": (
        "por favor añade|me encantaría ver|podríamos tener",
        "sí,|de acuerdo con|yo también quiero",
        "¡primero!|buenos días|jaja|hola a todos|muy bien|llego tarde otra vez",
    ),
    "tr": (
        "lütfen ekleyin|görmeyi çok isterim|olabilir mi acaba",
        "evet,|katılıyorum,|ben de isterim",
        "ilk ben!|günaydın|haha|herkese selam|çok güzel|yine geç kaldım",
    ),
    "zh": (
        "请添加|我很想看到|能不能有",
        "是的，|同意，|我也想要",
        "第一！|早上好|哈哈哈|大家好|不错哦|我又来晚了",
    ),
    "pt": (
        "por favor adicione|adoraria ver|poderíamos ter",
        "sim,|concordo com|eu também quero",
        "primeiro!|bom dia|kkkk|olá a todos|muito bom|cheguei tarde de novo",
    ),
    "th": (
        "กรุณาเพิ่ม|อยากเห็นมาก|ขอให้มี",
        "ใช่ |เห็นด้วย |ฉันก็อยากได้",
        "คนแรก!|สวัสดีตอนเช้า|ฮ่าฮ่า|สวัสดีทุกคน|ดีมาก|มาสายอีกแล้ว",
    ),
    "de": (
        "bitte ergänze|ich würde gern sehen:|könnten wir haben:",
        "ja,|ich stimme zu:|ich auch:",
        "Erster!|guten Morgen|haha|hallo zusammen|sehr schön|ich bin wieder spät",
    ),
    "fr": (
        "ajoute s'il te plaît|j'aimerais voir|pourrait-on avoir",
        "oui,|d'accord pour|moi aussi pour",
        "premier !|bonjour|mdr|salut tout le monde|très bien|encore en retard",
    ),
    "ja": (
        "追加してください、|ぜひ見たいです、|欲しいです、",
        "はい、|賛成です、|私もです、",
        "一番乗り！|おはよう|笑|みなさんこんにちは|いいですね|また遅れた",
    ),
    "ko": (
        "추가해 주세요|꼭 보고 싶어요|있으면 좋겠어요",
        "네,|동의해요,|저도요,",
        "일등!|좋은 아침|ㅋㅋㅋ|모두 안녕하세요|좋네요|또 늦었어요",
    ),
    "it": (
        "per favore aggiungi|mi piacerebbe vedere|potremmo avere",
        "sì,|d'accordo su|anch'io vorrei",
        "primo!|buongiorno|ahah|ciao a tutti|molto bene|di nuovo in ritardo",
    ),
    "pl": (
        "proszę dodaj|chciałbym zobaczyć|czy może być",
        "tak,|zgadzam się,|ja też chcę",
        "pierwszy!|dzień dobry|haha|cześć wszystkim|bardzo ładnie|znowu się spóźniłem",
    ),
    "id": (
        "tolong tambahkan|saya ingin melihat|bisakah ada",
        "ya,|setuju dengan|saya juga mau",
        "pertama!|selamat pagi|wkwk|halo semua|bagus sekali|terlambat lagi",
    ),
    "vi": (
        "xin hãy thêm|tôi rất muốn thấy|có thể có",
        "đúng,|đồng ý về|tôi cũng muốn",
        "đầu tiên!|chào buổi sáng|haha|chào mọi người|hay quá|lại đến muộn",
    ),
    "ru": (
        "добавьте, пожалуйста,|очень хочу увидеть|можно ли сделать",
        "да,|согласен насчёт|я тоже хочу",
        "первый!|доброе утро|ахах|всем привет|очень хорошо|опять опоздал",
    ),
}
PHRASES = {language: Phrases(*(tuple(text.split("|")) for text in texts)) for language, texts in _TEXTS.items()}
