"""Whatever is asked of whatever archive: an exact quote that answers, or an honest refusal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hashing import HashingEmbedder

from bot.answering import Answerer
from bot.reader import Reader
from index.archive import Archive
from index.embedding import Embedder
from index.errors import QuestionError

LIBRARY = {"id": "library", "title": "图书馆延时开放", "body": "县图书馆的闭馆时间从晚上八点半推迟到十点。"}
BRIDGE = {"id": "bridge", "title": "大桥通车", "body": "全长1480米的青石大桥昨天通车，总投资6.72亿元。"}
FOOTBALL = {"id": "football", "title": "足球联赛开赛", "body": "24支球队的430名小球员将踢满62场比赛。"}
# When does the library close?
LANGUAGES = {
    "Afrikaans": "Wanneer sluit die biblioteek?", "Arabic": "متى تغلق المكتبة؟", "Bengali": "গ্রন্থাগার কখন বন্ধ হয়?",
    "Cantonese": "圖書館幾點閂門？", "Czech": "Kdy zavírá knihovna?", "Dutch": "Wanneer sluit de bibliotheek?",
    "English": "When does the library close?", "Finnish": "Milloin kirjasto sulkeutuu?", "French": "À quelle heure ferme la bibliothèque ?",
    "German": "Wann schließt die Bibliothek?", "Greek": "Πότε κλείνει η βιβλιοθήκη;", "Hebrew": "מתי נסגרת הספרייה?",
    "Hindi": "पुस्तकालय कब बंद होता है?", "Hungarian": "Mikor zár a könyvtár?", "Indonesian": "Jam berapa perpustakaan tutup?",
    "Italian": "A che ora chiude la biblioteca?", "Japanese": "図書館は何時に閉まりますか？", "Khmer": "តើបណ្ណាល័យបិទនៅពេលណា?",
    "Korean": "도서관은 몇 시에 닫나요?", "Malay": "Pukul berapa perpustakaan ditutup?", "Mongolian": "Номын сан хэзээ хаах вэ?",
    "Persian": "کتابخانه چه ساعتی بسته می‌شود؟", "Polish": "O której zamykają bibliotekę?", "Portuguese": "A que horas fecha a biblioteca?",
    "Russian": "Когда закрывается библиотека?", "Spanish": "¿A qué hora cierra la biblioteca?", "Swahili": "Maktaba inafungwa lini?",
    "Thai": "ห้องสมุดปิดกี่โมง", "Turkish": "Kütüphane ne zaman kapanıyor?", "Vietnamese": "Thư viện đóng cửa lúc mấy giờ?",
}  # fmt: skip


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


def archive_of(folder: Path, *articles: dict[str, str], embedder: Embedder | None = None) -> Archive:
    """A new archive of these articles."""
    file = folder / "articles.jsonl"
    file.write_text("\n".join(json.dumps(article) for article in articles), encoding="utf-8")
    archive = Archive.open(folder / "archive", embedder=embedder or HashingEmbedder(), write=True)
    archive.add([file])
    return archive


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory, reader: Reader) -> Iterator[Answerer]:
    with archive_of(tmp_path_factory.mktemp("county"), LIBRARY, BRIDGE, FOOTBALL, embedder=Embedder()) as archive:
        yield Answerer(archive, reader)


def test_an_empty_archive_refuses_and_has_no_headline_to_show(tmp_path: Path, reader: Reader) -> None:
    with archive_of(tmp_path, LIBRARY) as archive:
        archive.retract("library", "撤稿")
        answer = Answerer(archive, reader).ask("图书馆几点闭馆？")
    assert (answer.answered, answer.quotes, answer.nearest) == (False, (), ())


def test_a_question_as_long_as_a_passage_is_read(county: Answerer) -> None:
    told = "我家住在河西，平时上班很忙，孩子还小，周末才有空带他出门看看书，" * 12
    assert county.ask(told[:480] + "图书馆几点闭馆？").took_ms >= 0
    rare = "".join(chr(0x9000 + number) for number in range(500))
    assert not county.ask(rare).answered


def test_an_archive_of_one_article_answers_from_it_and_from_nothing_else(tmp_path: Path, reader: Reader) -> None:
    with archive_of(tmp_path, LIBRARY, embedder=Embedder()) as archive:
        answerer = Answerer(archive, reader)
        assert answerer.ask("图书馆几点闭馆？").quotes[0].text == LIBRARY["body"]
        refused = answerer.ask("青石大桥投资多少亿元？")
    assert not refused.answered
    assert [headline.article_id for headline in refused.nearest] == ["library"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_in_any_language_the_quote_is_right_or_there_is_none(county: Answerer, language: str) -> None:
    answer = county.ask(LANGUAGES[language])
    assert [quote.article_id for quote in answer.quotes[:1]] == ["library"] * answer.answered
    assert answer.quotes or answer.nearest


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("图书馆几点闭馆？", LIBRARY),
        ("圖書館幾點閉館？", LIBRARY),
        ("What was the total investment in the Qingshi bridge?", BRIDGE),
    ],
)
def test_residents_languages_are_answered(county: Answerer, text: str, wanted: dict[str, str]) -> None:
    assert county.ask(text).quotes[0].text == wanted["body"]


@pytest.mark.parametrize("text", ["😀", "👨‍👩‍👧🎉🎉", "！？……", "\N{ZERO WIDTH SPACE}", "—"])
def test_what_asks_nothing_is_told_so(county: Answerer, text: str) -> None:
    with pytest.raises(QuestionError):
        county.ask(text)


@pytest.mark.parametrize("text", ["的", "a", "0", "是不是？", "\x00 1", "图书馆😀几点😀闭馆", "' OR 1=1 --", '"*(NEAR'])
def test_any_scrap_of_a_question_is_answered_or_refused(county: Answerer, text: str) -> None:
    answer = county.ask(text)
    assert answer.answered == bool(answer.quotes)


def test_a_text_without_a_full_stop_is_quoted_in_part(tmp_path: Path, reader: Reader) -> None:
    rain, river = "，".join(["雨一直下个不停"] * 6_500), "，".join(["河水上涨了一尺"] * 6_500)
    endless = {"id": "endless", "title": "汛情", "body": f"{rain}，青石大桥全长1480米，{river}"}
    assert len(endless["body"]) > 100_000
    with archive_of(tmp_path, endless, FOOTBALL) as archive:
        answer = Answerer(archive, reader, strictness=0).ask("青石大桥全长多少米？")
        assert not Answerer(archive, reader).ask("图书馆几点闭馆？").answered
    assert "青石大桥全长1480米" in answer.quotes[0].text
    assert len(answer.quotes[0].text) <= 100
