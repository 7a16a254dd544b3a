from __future__ import annotations

import datetime as dt

import pytest
from entities import entity_texts, parse_html
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.language import Language, language_of
from bot.models import Answer, Headline, Quote
from bot.render import telegram_html, terminal, terminal_article
from index.models import Article, Byline, Place

LINE = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=200)


def quote(text: str = "大概需要20名阿姨处理。", short: str | None = "20名", **fields: object) -> Quote:
    start = text.index(short) if short else None
    known: dict[str, object] = {
        "text": text, "answer_start": start, "answer_end": None if short is None or start is None else start + len(short),
        "article_id": "a1", "start": 0, "end": len(text), "title": "净菜工坊添人手", "subtitle": None,
        "bylines": (Byline(role="记者", name="林旭东"), Byline(role="通讯员", name="姜予安")), "paper": "云渡日报",
        "published": dt.date(2025, 3, 18), "page": 2, "url": None, "source": "a.txt", "score": 1.0,
    }  # fmt: skip
    return Quote.model_validate(known | fields)


def answer(
    *quotes: Quote, question: str = "要用多少人？", nearest: tuple[Headline, ...] = (), differ: bool = False
) -> Answer:
    return Answer(
        question=question, answered=bool(quotes), answer=None, quotes=quotes, differ=differ and len(quotes) > 1,
        nearest=nearest, took_ms=1,
    )  # fmt: skip


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    """Answers of whatever an archive may hold: markup, emoji, endless titles."""
    long = st.one_of(LINE, st.just("题" * 5000))
    quotes = []
    for _ in range(draw(st.integers(0, 3))):
        text = draw(LINE.filter(str.strip))
        start, end = sorted((draw(st.integers(0, len(text))), draw(st.integers(0, len(text)))))
        names = st.lists(st.builds(Byline, role=LINE, name=long), max_size=4).map(tuple)
        fields = st.fixed_dictionaries(
            {"article_id": st.sampled_from("ab"), "title": long, "subtitle": st.none() | long, "paper": st.none() | long,
             "page": st.none() | st.integers(1, 99), "bylines": names, "url": st.none() | LINE,
             "corrected": st.none() | st.dates(), "doubtful": st.booleans(), "score": st.floats(0, 1)}
        )  # fmt: skip
        quotes.append(quote(text, None, **draw(fields)).model_copy(update={"answer_start": start, "answer_end": end}))
    nearest = st.lists(st.builds(Headline, article_id=LINE, title=long, published=st.none() | st.dates()), max_size=3)
    return answer(*quotes, nearest=tuple(draw(nearest)), differ=draw(st.booleans()))


@settings(deadline=None)
@given(answers())
def test_a_quote_is_shown_letter_for_letter_within_telegrams_limits(shown: Answer) -> None:
    text, entities = parse_html(telegram_html(shown, "zh-hans"))
    message = {"text": text, "entities": entities}
    assert entity_texts(message, "blockquote") == [q.text for q in shown.quotes]
    short = [q.text[q.answer_start : q.answer_end] for q in shown.quotes]
    assert entity_texts(message, "bold") == [part for part in short if part]
    assert len(text.encode("utf-16-le")) // 2 <= 4096
    assert len(entities) <= 100


@settings(deadline=None)
@given(answers())
def test_terminal_and_telegram_say_the_same(shown: Answer) -> None:
    question, *lines = terminal(shown).plain.split("\n")
    assert question == shown.question
    said = [line.removeprefix("│ ") if n < len(lines) else line for n, line in enumerate(lines)]
    assert said == [line for line in parse_html(telegram_html(shown, "zh-hans"))[0].split("\n") if line]


def test_an_answer_fits_a_phone() -> None:
    assert telegram_html(answer(quote()), "zh-hans") == (
        "<blockquote>大概需要<b>20名</b>阿姨处理。</blockquote>\n"
        "《净菜工坊添人手》 云渡日报 2025-03-18 第2版 记者 林旭东 通讯员 姜予安"
    )


@pytest.mark.parametrize(
    ("language", "page", "doubt"),
    [
        ("zh-hans", "第1、B03版", "（扫描件识别，可能有误字）"),
        ("zh-hant", "第1、B03版", "（掃描件辨識，可能有誤字）"),
        ("en", "page 1、B03", "(read from a scan, characters may be wrong)"),
    ],
)
def test_pages_are_named_as_printed_and_doubtful_scans_told(language: Language, page: str, doubt: str) -> None:
    html = telegram_html(answer(quote(page=1, pages=(1, "B03"), doubtful=True)), language)
    assert page in html
    assert html.endswith(doubt)


def test_near_duplicates_are_counted_not_repeated() -> None:
    html = telegram_html(answer(quote(also=2)), "zh-hans")
    assert html.endswith("另见2篇")
    assert html.count("<blockquote>") == 1


@pytest.mark.parametrize(
    ("language", "differ", "corrected"),
    [
        ("zh-hans", "两处说法不一：\n", "已更正（2025-03-20）"),
        ("zh-hant", "兩處說法不一：\n", "已更正（2025-03-20）"),
        ("en", "Two articles say different things:\n", "(corrected 2025-03-20)"),
    ],
)
def test_contradictions_and_corrections_are_told(language: Language, differ: str, corrected: str) -> None:
    newer = quote(article_id="b", corrected=dt.date(2025, 3, 20))
    older = quote("要用16名阿姨。", "16名", score=0.3)
    shown, _ = parse_html(telegram_html(answer(newer, older, differ=True), language))
    assert shown.startswith(differ)
    assert corrected in shown.split("\n")[2]
    assert shown.count("202") == 3


def test_what_is_more_likely_wrong_is_given_with_a_doubt() -> None:
    assert telegram_html(answer(quote(score=0.49)), "zh-hans").startswith("不敢肯定，最接近的原话：\n<blockquote>")


def test_quotes_of_one_article_in_a_row_share_its_citation() -> None:
    shown = telegram_html(answer(quote(), quote("工坊设在东港村。", None), quote("乙。", None, article_id="b")), "en")
    assert shown.count("《净菜工坊添人手》") == 2
    assert shown.index("东港村") < shown.index("《净菜工坊添人手》")


def test_several_of_one_role_are_credited_once() -> None:
    bylines = (Byline(role="记者", name="甲"), Byline(role="记者", name="乙"), Byline(role="通讯员", name="丙"))
    assert telegram_html(answer(quote(bylines=bylines)), "zh-hans").endswith("记者 甲 乙 通讯员 丙")


@pytest.mark.parametrize(
    ("url", "linked"),
    [("https://news.example/a?x=1&y=\"2'", True), ("javascript:alert(1)", False), ("tg://user?id=1", False),
     ("https://a b", False), ("https://a\nb", False), (None, False)],
)  # fmt: skip
def test_the_headline_is_a_link_where_there_is_a_web_address(url: str | None, linked: bool) -> None:
    _, entities = parse_html(telegram_html(answer(quote(url=url)), "zh-hans"))
    assert [entity["url"] for entity in entities if entity["type"] == "text_link"] == ([url] if linked else [])


def test_a_long_title_is_cut_and_a_quote_never() -> None:
    text = "长" * 200
    shown = telegram_html(answer(quote(text, None, title="题" * 300)), "zh-hans")
    assert text in shown
    assert "题…》" in shown
    assert "题" * 81 not in shown


def test_an_article_without_headline_and_details_is_cited_by_its_file() -> None:
    bare = quote(title="", paper=None, published=None, page=None, bylines=())
    assert telegram_html(answer(bare), "zh-hans").endswith("</blockquote>\na.txt")


@pytest.mark.parametrize(
    ("language", "refusal"), [("zh-hans", "没有找到"), ("zh-hant", "沒有找到"), ("en", "no sentence")]
)
def test_a_refusal_shows_the_nearest_headlines(language: Language, refusal: str) -> None:
    url = "https://news.example/1"
    nearest = (Headline(article_id="a", title="桥<通>车", published=dt.date(2025, 3, 18), url=url),)
    said, entities = parse_html(telegram_html(answer(nearest=nearest), language))
    assert refusal in said
    assert said.endswith("\n《桥<通>车》 2025-03-18")
    assert [entity["url"] for entity in entities] == [url]


@pytest.mark.parametrize(
    ("text", "code", "language"),
    [
        ("净菜工坊要用多少人", "en", "zh-hans"),
        ("淨菜工坊要用多少人", "zh-hans", "zh-hant"),
        ("𠮷田在哪", None, "zh-hans"),
        ("How many people?", "zh-hans", "en"),
        ("GDP?", "zh-TW", "zh-hant"),
        ("GDP?", "zh", "zh-hans"),
        ("GDP?", None, "en"),
        ("", "zh-hant", "zh-hant"),
        ("", "zh-HK", "zh-hant"),
        ("", "fr", "en"),
        ("2025？", None, "zh-hans"),
    ],
)
def test_the_asker_is_answered_in_their_language(text: str, code: str | None, language: Language) -> None:
    assert language_of(text, code) == language


def test_a_terminal_is_never_given_control_characters() -> None:
    shown = terminal(answer(quote("甲\x1b[31m乙\x9b2J", None, title="题\x1b]0;x\x07"), question="问\x1b"))
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in shown.plain.replace("\n", ""))


def test_a_whole_article_says_where_its_lines_stand() -> None:
    places = (Place(source="a.txt", page=1, lines=((3, 10), (15, 15))), Place(source="b.txt", page=2, lines=((1, 4),)))
    article = Article(id="a", title="题", subtitle="副", body="一段。\n二段。", page=1, paper="云渡日报", places=places)
    assert terminal_article(article) == "题\n副\n云渡日报 第1、2版\n\n一段。\n二段。\n\na.txt: 3-10, 15-15\nb.txt: 1-4"
