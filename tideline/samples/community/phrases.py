"""What fans say in each language, by what they mean by it: praise, blame, neither, a wish, or anything at all.

`{x}` stands for one of the language's things. Meanings share words on purpose: a complaint may hold the word love, a
wish no word of asking, and what stands under EITHER is said by the happy and the unhappy alike.
"""

from __future__ import annotations

PRAISE, BLAME, PLAIN, WISH, EITHER = "praise", "blame", "plain", "wish", "either"
MEANINGS = (PRAISE, BLAME, PLAIN, WISH, EITHER)

_THINGS = {
    "en": "the map|the chapter|the music|the ending|the story|the sketch|the voice|the ship|the level|the forest|the boss",
    "es": "el mapa|el capítulo|la música|el final|la historia|el dibujo|la voz|el barco|el nivel|el bosque",
    "tr": "harita|bölüm|müzik|final|hikâye|çizim|ses|gemi|seviye|orman",
    "zh": "地图|章节|音乐|结局|故事|画风|声音|关卡|设计|森林",
    "pt": "o mapa|o capítulo|a música|o final|a história|o desenho|a voz|o navio|o nível|a floresta",
    "th": "แผนที่|บทนี้|เพลง|ตอนจบ|เรื่องนี้|ภาพวาด|เสียงพากย์|เรือ|ด่านนี้|ป่า",
    "de": "die Karte|das Kapitel|die Musik|das Ende|die Geschichte|die Skizze|die Stimme|das Schiff|die Stufe",
    "fr": "la carte|le chapitre|la musique|la fin|l'histoire|le dessin|la voix|le navire|le niveau|la forêt",
    "ja": "地図|この章|音楽|結末|物語|イラスト|声|船|ステージ|森",
    "ko": "지도|이번 장|음악|결말|이야기|그림|목소리|배|단계|숲",
    "it": "la mappa|il capitolo|la musica|il finale|la storia|il disegno|la voce|la nave|il livello|la foresta",
    "pl": "mapa|rozdział|muzyka|koniec|historia|szkic|głos|statek|poziom|las",
    "id": "peta|bab ini|musik|akhirnya|cerita|sketsa|suara|kapal|level ini|hutan",
    "vi": "bản đồ|chương này|nhạc|cái kết|câu chuyện|bản vẽ|giọng đọc|con thuyền|màn này|khu rừng",
    "ru": "карта|глава|музыка|финал|история|рисунок|голос|корабль|уровень|лес",
}
_SAID = {
    "en": {
        PRAISE: "love {x}, best one so far|{x} made my day|wow, {x} is gorgeous|not bad at all, {x} really grew on me|"
                "I could look at {x} all day|so happy with {x}, thank you|{x} is better than ever|please never change {x}",
        BLAME: "{x} was way too short|I wanted to love {x} but it fell flat|honestly, {x} is boring|"
               "{x} is not as good as before|what happened to {x}, such a mess|disappointed by {x} again|"
               "{x} crashed on me twice|great, another week without {x}",
        PLAIN: "I voted for {x}|when does {x} come out|I looked at {x} on my phone today|is {x} the same as last year|"
               "just got to {x}|I am here for {x}|{x} is on page two|somebody asked about {x} yesterday",
        WISH: "please add {x} next time|I would love to see more of {x}|can we get {x} as a download|maybe bring back {x}|"
              "what if {x} came in a second version|{x} could use subtitles|how about {x} in the next poll|let us skip {x}",
        EITHER: "oh, {x}|well, {x} again|{x}, finally|and then {x}",
    },
    "es": {
        PRAISE: "me encanta {x}|{x} me alegró el día|nada mal {x}, me gusta cada vez más|qué genial {x}, gracias|"
                "{x} es lo mejor hasta ahora|{x} es una maravilla",
        BLAME: "{x} es demasiado corto para mí|quería que me gustara {x}, pero no|la verdad, {x} me aburre|"
               "{x} ya no es lo que era|qué desastre {x}|otra semana sin {x}, genial",
        PLAIN: "yo voté por {x}|cuándo sale {x}|vi {x} en el móvil|es igual {x} que el año pasado|acabo de llegar a {x}|"
               "alguien preguntó ayer por {x}",
        WISH: "por favor, añade {x}|me encantaría ver más de {x}|se podría descargar {x}|y si vuelve {x}|"
              "a {x} le vendrían bien subtítulos|qué tal {x} en la próxima votación",
        EITHER: "ay, {x}|pues otra vez {x}|por fin {x}",
    },
    "tr": {
        PRAISE: "{x} harika olmuş|{x} günümü güzelleştirdi|hiç fena değil, {x} giderek hoşuma gidiyor|"
                "bayıldım, {x} çok güzel|şimdiye kadarki en iyi {x}|{x} için çok teşekkürler",
        BLAME: "{x} çok kısa kalmış|{x} güzel olsun isterdim ama olmamış|açıkçası {x} sıkıcı|{x} eskisi kadar iyi değil|"
               "{x} tam bir felaket|harika, yine {x} yok",
        PLAIN: "ben {x} için oy verdim|{x} ne zaman çıkıyor|bugün telefondan {x} gördüm|{x} geçen yılki ile aynı mı|"
               "{x} kısmına yeni geldim|dün biri {x} sordu",
        WISH: "lütfen {x} ekleyin|daha çok {x} görmek isterdim|{x} indirilebilir olsa|{x} geri gelse keşke|"
              "{x} için altyazı iyi olurdu|sıradaki ankette {x} olsun",
        EITHER: "ah, {x}|yine {x} işte|sonunda {x}",
    },
    "zh": {
        PRAISE: "太喜欢{x}了|{x}让我开心了一整天|{x}真不错，越看越喜欢|{x}太美了，谢谢你们|目前最好的{x}|{x}比以前更好了",
        BLAME: "{x}太短了|本来想喜欢{x}，结果很失望|说实话{x}很无聊|{x}没有以前好了|{x}怎么变成这样，一团糟|"
               "真好，这周又没有{x}",
        PLAIN: "我投了{x}|{x}什么时候出|今天在手机上看了{x}|{x}和去年一样吗|刚刚看到{x}|昨天有人问过{x}",
        WISH: "请增加{x}|很想看到更多{x}|{x}能不能下载|要不要让{x}回来|{x}加上字幕就好了|下次投票可以有{x}吗",
        EITHER: "哦，{x}|又是{x}|终于有{x}了",
    },
    "pt": {
        PRAISE: "adoro {x}|{x} fez o meu dia|nada mau, gosto cada vez mais de ver {x}|que incrível {x}, obrigado|"
                "{x} é o melhor até agora|{x} está melhor do que nunca",
        BLAME: "{x} é curto demais|queria gostar, mas {x} não funciona|sinceramente, {x} é chato demais|"
               "{x} já não é como antes|que desastre {x}|ótimo, mais uma semana sem ver {x}",
        PLAIN: "eu votei, foi {x}|quando sai {x}|hoje vi {x} no celular|{x} é igual ao do ano passado|"
               "acabei de chegar, vi {x}|ontem alguém perguntou: {x}",
        WISH: "por favor, coloquem {x}|adoraria ver mais: {x}|dá para baixar {x}|e se voltasse {x}|{x} podia ter legendas|"
              "que tal {x} na próxima votação",
        EITHER: "ai, {x}|pois, outra vez {x}|finalmente {x}",
    },
    "th": {
        PRAISE: "ชอบ{x}มากเลย|{x}ทำให้วันนี้ดีมาก|{x}ไม่เลวเลย ยิ่งดูยิ่งชอบ|{x}สวยมาก ขอบคุณนะ|{x}ดีที่สุดเท่าที่เคยมี|"
                "{x}ดีกว่าเดิมอีก",
        BLAME: "{x}สั้นเกินไป|อยากจะชอบ{x}แต่ผิดหวัง|บอกตรงๆ {x}น่าเบื่อ|{x}ไม่ดีเหมือนเดิม|{x}แย่มาก เกิดอะไรขึ้น|"
               "ดีจริง อาทิตย์นี้ไม่มี{x}อีกแล้ว",
        PLAIN: "ฉันโหวตให้{x}|{x}ออกเมื่อไหร่|วันนี้ดู{x}ในมือถือ|{x}เหมือนปีที่แล้วไหม|เพิ่งมาถึง{x}|"
               "เมื่อวานมีคนถามเรื่อง{x}",
        WISH: "ช่วยเพิ่ม{x}หน่อย|อยากเห็น{x}มากกว่านี้|ขอให้โหลด{x}ได้ไหม|เอา{x}กลับมาเถอะ|{x}น่าจะมีคำบรรยาย|"
              "ครั้งหน้าโหวต{x}ดีไหม",
        EITHER: "โอ้ {x}|{x}อีกแล้ว|ในที่สุดก็{x}",
    },
    "de": {
        PRAISE: "ich liebe es, {x} ist wunderbar|{x} hat mir den Tag gerettet|"
                "gar nicht schlecht, {x} gefällt mir immer besser|so schön, {x}, danke|{x} ist das Beste bisher|"
                "{x} ist besser denn je",
        BLAME: "{x} war viel zu kurz|ich wollte es lieben, aber {x} ist langweilig|ehrlich gesagt nervt {x}|"
               "{x} ist nicht mehr so gut wie früher|was ist da passiert, {x} ist ein Chaos|toll, {x} fehlt schon wieder",
        PLAIN: "ich habe abgestimmt, für mich ist es {x}|wann kommt {x}|heute am Handy gesehen: {x}|"
               "ist {x} wie letztes Jahr|bin gerade erst hier, {x} kommt als nächstes|"
               "gestern fragte jemand, was {x} bedeutet",
        WISH: "bitte macht noch mehr: {x}|ich würde gern mehr sehen, zum Beispiel {x}|kann man {x} auch herunterladen|"
              "vielleicht kommt {x} ja zurück|{x} könnte Untertitel brauchen|wie wäre {x} in der nächsten Umfrage",
        EITHER: "ach, {x}|na ja, wieder {x}|endlich, {x}",
    },
    "fr": {
        PRAISE: "j'adore {x}|{x} a égayé ma journée|pas mal du tout, {x} me plaît de plus en plus|"
                "{x}, c'est magnifique, merci|{x}, c'est le meilleur jusqu'ici|{x}, encore mieux qu'avant",
        BLAME: "{x}, c'est bien trop court|je voulais aimer {x}, mais non|franchement, {x} m'ennuie|"
               "{x}, ce n'est plus comme avant|quel désastre, {x}|super, encore une semaine sans {x}",
        PLAIN: "j'ai voté pour {x}|quand sort {x}|j'ai vu {x} sur mon téléphone|est-ce que {x} a changé depuis l'an dernier|"
               "je viens d'arriver à {x}|quelqu'un parlait hier, {x} je crois",
        WISH: "s'il vous plaît, ajoutez {x}|j'aimerais voir plus, surtout {x}|peut-on télécharger {x}|et si on revoyait {x}|"
              "il faudrait des sous-titres pour {x}|pourquoi pas {x} au prochain vote",
        EITHER: "ah, {x}|bon, encore {x}|enfin, {x}",
    },
    "ja": {
        PRAISE: "{x}が大好きです|{x}のおかげで元気が出た|{x}は悪くない、だんだん好きになった|{x}がとてもきれい、ありがとう|"
                "今までで一番の{x}|{x}は前よりもっといい",
        BLAME: "{x}が短すぎる|{x}を好きになりたかったけど残念|正直{x}はつまらない|{x}は前ほどよくない|"
               "{x}はどうしたの、ひどい|すごいね、今週も{x}なしか",
        PLAIN: "{x}に投票しました|{x}はいつ出ますか|今日スマホで{x}を見た|{x}は去年と同じですか|やっと{x}まで来た|"
               "昨日だれかが{x}のことを聞いていた",
        WISH: "{x}を追加してください|もっと{x}が見たいです|{x}をダウンロードできたら|{x}を戻してもいいかも|"
              "{x}に字幕があるとうれしい|次の投票は{x}でどうですか",
        EITHER: "ああ、{x}|また{x}か|ついに{x}",
    },
    "ko": {
        PRAISE: "{x} 정말 좋아요|{x} 덕분에 행복했어요|{x} 나쁘지 않네요, 볼수록 좋아요|{x} 너무 예뻐요, 감사합니다|"
                "지금까지 최고의 {x}|{x} 전보다 더 좋네요",
        BLAME: "{x} 너무 짧아요|{x} 좋아하고 싶었는데 실망|솔직히 {x} 지루해요|{x} 예전만큼 좋지 않아요|{x} 왜 이래요, 엉망|"
               "좋네요, 이번 주도 {x} 없음",
        PLAIN: "저는 {x}에 투표했어요|{x} 언제 나와요|오늘 폰으로 {x} 봤어요|{x} 작년이랑 같나요|이제 {x} 왔어요|"
               "어제 누가 {x} 물어봤어요",
        WISH: "{x} 추가해 주세요|{x} 더 보고 싶어요|{x} 다운로드 되면 좋겠어요|{x} 다시 넣으면 어때요|"
              "{x} 자막이 있으면 해요|다음 투표에 {x} 어떨까요",
        EITHER: "아, {x}|또 {x}|드디어 {x}",
    },
    "it": {
        PRAISE: "adoro {x}|{x} mi ha svoltato la giornata|niente male {x}, mi piace sempre di più|"
                "che meraviglia {x}, grazie|{x} è la cosa migliore finora|{x} è meglio che mai",
        BLAME: "{x} dura troppo poco|volevo farmi piacere {x}, ma niente|sinceramente {x} mi annoia|"
               "{x} non è più come prima|che disastro {x}|bene, un'altra settimana senza {x}",
        PLAIN: "ho votato per {x}|quando esce {x}|oggi ho visto {x} sul telefono|è uguale {x} all'anno scorso|"
               "sono appena arrivato, vedo {x}|ieri qualcuno ha chiesto: {x}",
        WISH: "per favore, aggiungete {x}|mi piacerebbe vedere di più {x}|si può scaricare {x}|e se tornasse {x}|"
              "servirebbero i sottotitoli per {x}|che ne dite, {x} nel prossimo voto",
        EITHER: "ah, {x}|beh, di nuovo {x}|finalmente {x}",
    },
    "pl": {
        PRAISE: "uwielbiam to, {x} jest super|{x} poprawia mi humor|całkiem nieźle, {x} podoba mi się coraz bardziej|"
                "jakie piękne, {x}, dziękuję|{x} to najlepsze do tej pory|{x} lepiej niż kiedykolwiek",
        BLAME: "{x} trwa zbyt krótko|tak bardzo chciałem polubić, ale {x} zawodzi|szczerze mówiąc, {x} nudzi|"
               "{x} już nie tak dobrze jak kiedyś|co za bałagan, {x}|świetnie, znowu jest brak: {x}",
        PLAIN: "mój głos to {x}|kiedy wychodzi {x}|dziś oglądam na telefonie: {x}|czy {x} jest jak w zeszłym roku|"
               "właśnie jestem tutaj: {x}|wczoraj ktoś pytał, co to {x}",
        WISH: "proszę, dodajcie więcej: {x}|chętnie zobaczę więcej, na przykład {x}|czy {x} będzie do pobrania|"
              "może wróci {x}|przydałyby się napisy: {x}|a może {x} w następnej ankiecie",
        EITHER: "ach, {x}|no cóż, znowu {x}|nareszcie {x}",
    },
    "id": {
        PRAISE: "suka banget {x}|{x} bikin hari saya senang|lumayan, {x} makin lama makin suka|"
                "bagus sekali {x}, terima kasih|{x} terbaik sejauh ini|{x} lebih bagus dari sebelumnya",
        BLAME: "{x} terlalu pendek|pengen suka {x} tapi kecewa|jujur {x} membosankan|{x} tidak sebagus dulu|"
               "kenapa {x} jadi berantakan begini|bagus, minggu ini tidak ada {x} lagi",
        PLAIN: "saya pilih {x}|kapan {x} keluar|tadi lihat {x} di hp|apakah {x} sama seperti tahun lalu|baru sampai di {x}|"
               "kemarin ada yang tanya soal {x}",
        WISH: "tolong tambahkan {x}|saya ingin lihat lebih banyak {x}|bisa tidak {x} diunduh|mungkin {x} bisa kembali|"
              "{x} sebaiknya ada teksnya|bagaimana kalau {x} di pemilihan berikutnya",
        EITHER: "oh, {x}|yah, {x} lagi|nah itu {x}",
    },
    "vi": {
        PRAISE: "mình rất thích {x}|{x} làm mình vui cả ngày|không tệ, {x} càng xem càng thích|{x} đẹp quá, cảm ơn nhé|"
                "{x} hay nhất từ trước đến nay|{x} còn hay hơn trước",
        BLAME: "{x} ngắn quá|muốn thích {x} mà thất vọng|thật sự {x} chán lắm|{x} không còn hay như trước|"
               "sao {x} lại tệ thế này|hay thật, tuần này lại không có {x}",
        PLAIN: "mình bình chọn cho {x}|bao giờ ra {x}|hôm nay xem {x} trên điện thoại|{x} có giống năm ngoái không|"
               "vừa mới đến {x}|hôm qua có người hỏi về {x}",
        WISH: "làm ơn thêm {x}|mình muốn xem thêm {x}|có thể tải {x} về không|hay là đưa {x} trở lại|{x} nên có phụ đề|"
              "lần bình chọn sau chọn {x} được không",
        EITHER: "ồ, {x}|lại là {x}|cuối cùng cũng có {x}",
    },
    "ru": {
        PRAISE: "обожаю, {x} просто чудо|{x} — лучшее за весь день|совсем неплохо, {x} нравится всё больше|"
                "как красиво, {x}, спасибо|{x} — лучшее, что было|{x} теперь ещё лучше",
        BLAME: "{x} — слишком мало|хотелось полюбить, но {x} разочаровывает|честно говоря, {x} — это скучно|"
               "{x} уже не так хорошо, как раньше|что случилось, {x} — сплошной беспорядок|отлично, опять не будет: {x}",
        PLAIN: "мой выбор — {x}|когда выйдет {x}|сегодня смотрю с телефона: {x}|{x} — это как в прошлом году|"
               "вот и {x}, пока на второй странице|вчера кто-то спрашивал, что такое {x}",
        WISH: "пожалуйста, добавьте: {x}|хотелось бы увидеть больше, например {x}|можно ли скачать {x}|"
              "может быть, вернётся {x}|{x} — нужны субтитры|как насчёт {x} в следующем опросе",
        EITHER: "ах, {x}|ну вот, опять {x}|наконец-то {x}",
    },
}  # fmt: skip
THINGS = {language: text.split("|") for language, text in _THINGS.items()}
PHRASES = {
    language: {meaning: said[meaning].split("|") for meaning in MEANINGS} for language, said in _SAID.items()
}
