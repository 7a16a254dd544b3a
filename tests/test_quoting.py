from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hashing import HashingEmbedder
from hypothesis import given
from hypothesis import strategies as st
from marked import chosen

from bot.models import Reading, ScoredSentence
from bot.question import read as read_question
from bot.quoting import LONGEST_QUOTE, MOST_QUOTES, choose, cut, quote
from index.archive import Archive
from index.errors import ArchiveError
from index.models import Article


def quoted(marked: str) -> str:
    """What is quoted of a body in which the sentence that answers has its short answer in []."""
    sentence = chosen(1, "题", marked)
    start, end = cut(sentence)
    return sentence.hit.article.body[start:end]


@pytest.mark.parametrize(
    ("marked", "wanted"),
    [
        ("大桥全长1480米。总投资[6.72亿元]。", "总投资6.72亿元。"),
        ("大桥是第一座斜拉桥。它全长[1480米]。", "大桥是第一座斜拉桥。它全长1480米。"),
        ("园区去年开工。目前，该项目完成投资[3亿元]。", "园区去年开工。目前，该项目完成投资3亿元。"),
        ("粮站空了。这段时间，粮站里有[16名]帮厨。", "这段时间，粮站里有16名帮厨。"),
        ("工坊开张了。这里每天要用[20名]阿姨。", "这里每天要用20名阿姨。"),
        ("老何掌勺。他每天[凌晨三点半]到岗。", "老何掌勺。他每天凌晨三点半到岗。"),
        ("大桥合龙。\n它全长[1480米]。", "它全长1480米。"),  # another paragraph speaks of something else
        ("县里很热闹。其中，工业投资增长[11.2%]。", "其中，工业投资增长11.2%。"),
        ("桥" * 200 + "。它全长[1480米]。", "它全长1480米。"),  # both would be too long
        ("甲来了。乙说：“今年要开[两家]分铺。再添三轮车。”", "乙说：“今年要开两家分铺。"),
        # a quotation that began a sentence earlier comes with its beginning, or without what is not of it
        ("“产能会扩大。明年[300吨]没有问题。”厂长倪伟说。", "“产能会扩大。明年300吨没有问题。”厂长倪伟说。"),
        ("“产能会扩大。" + "厂房要加建，" * 40 + "明年没有问题。”厂长[倪伟]说。", "厂长倪伟说。"),
        ("“一。二。明年[300吨]没有问题。”厂长倪伟说。", "明年300吨没有问题。"),
        ("“天不亮就得生火，大概得[16名]帮厨一起上手。”\n这段时间很忙。", "天不亮就得生火，大概得16名帮厨一起上手。"),
        ("The library’s new hall opened. It has [40] seats.", "It has 40 seats."),
    ],
)  # fmt: skip
def test_a_quote_can_be_read_alone(marked: str, wanted: str) -> None:
    assert quoted(marked) == wanted


@given(
    st.lists(st.integers(1, 150), min_size=1, max_size=12), st.sampled_from("，；、 甲"), st.data()
)  # fmt: skip
def test_an_overlong_sentence_is_cut_around_its_answer(clauses: list[int], mark: str, data: st.DataObject) -> None:
    body = mark.join("字" * length for length in clauses)
    at = data.draw(st.integers(0, len(body) - 1))
    text = quoted(f"{body[:at]}[{body[at]}]{body[at + 1 :]}")
    assert len(text) <= LONGEST_QUOTE
    assert text in body
    assert body[at] in text


def test_an_endless_text_is_cut_at_its_clauses() -> None:
    text = quoted("，".join(["河水上涨了一尺"] * 20_000) + "，桥长[1480米]，" + "，".join(["雨一直下"] * 20_000))
    assert len(text) <= LONGEST_QUOTE
    assert text.startswith("河水上涨了一尺，")
    assert "，桥长1480米，雨" in text


def texts(question: str, *sentences: ScoredSentence) -> list[str]:
    found = choose(read_question(question), sentences)
    return [s.hit.article.body[s.start : s.end] for s in found]


BEST = chosen(1, "大桥", "大桥全长[1480米]。", score=0.9)


@pytest.mark.parametrize(
    ("later", "is_quoted"),
    [
        (chosen(2, "桥", "苍河上这座桥有[1500米]，是全县最长。", score=0.85), True),
        (chosen(2, "桥", "苍河上这座桥有[1500米]，是全县最长。", score=0.3), False),
        (chosen(2, "桥", "大桥全长[1.48公里]，横跨苍河。", score=0.85), False),
        (chosen(2, "桥", "大桥全长[1480米]，横跨苍河。", score=0.85), False),
        (chosen(1, "大桥", "大桥全长[1480米]。", score=0.85), False),
    ],
)
def test_a_later_quote_answers_nearly_as_well_and_adds_something(later: ScoredSentence, is_quoted: bool) -> None:
    assert len(texts("大桥多长？", BEST, later)) == 1 + is_quoted


def test_wire_copy_in_other_words_adds_nothing() -> None:
    one = chosen(1, "题", "[图书馆]延长开放时间，方便下班的读者。", score=0.9)
    other = chosen(2, "题", "县[图书馆]延长开放时间，方便下班的读者们。", score=0.9)
    assert len(texts("图书馆为什么延时？", one, other)) == 1


def test_a_list_takes_up_to_three() -> None:
    body = ("一是开[早餐铺]。", "二是办[夜校]。", "三是修[小路]。", "四是装[路灯]。")
    steps = [chosen(n, "题", text, score=0.9 - n / 5) for n, text in enumerate(body)]
    assert len(texts("村里做了哪些实事？", *steps)) == MOST_QUOTES
    assert len(texts("村里做了哪几件实事？", *steps)) == MOST_QUOTES
    assert len(texts("村里做了什么事？", *steps)) < MOST_QUOTES


BRIDGE = {"id": "bridge", "title": "大桥合龙", "body": "青石大桥总投资6.72亿元。", "published": "2025-03-18"}
AGAIN = {"id": "again", "title": "大桥通车", "body": "总投资7.1亿元的青石大桥通车。", "published": "2025-09-30"}


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive.open(tmp_path / "archive", embedder=HashingEmbedder(), write=True) as opened:
        add(opened, tmp_path, BRIDGE, AGAIN)
        yield opened


def add(archive: Archive, folder: Path, *articles: dict[str, str]) -> None:
    """Add articles, or put them in the place of those of the same id."""
    file = folder / "articles.jsonl"
    file.write_text("\n".join(json.dumps(article) for article in articles), encoding="utf-8")
    archive.add([file])


def found(archive: Archive, article: str, short: str, score: float) -> ScoredSentence:
    """A sentence of a stored article that a reader scores; the whole body is one."""
    hit = next(hit for hit in archive.search("青石大桥总投资") if hit.article.id == article)
    start = hit.article.body.index(short)
    return ScoredSentence(
        hit=hit, start=0, end=len(hit.article.body), answer_start=start, answer_end=start + len(short), score=score
    )


def test_contradicting_articles_are_both_quoted_the_newer_first(archive: Archive) -> None:
    sentences = found(archive, "bridge", "6.72亿元", 0.9), found(archive, "again", "7.1亿元", 0.8)
    answer = quote(archive, read_question("青石大桥总投资多少？"), Reading(sentences=sentences, answerability=0.9))
    assert answer.differ
    assert [quote.article_id for quote in answer.quotes] == ["again", "bridge"]
    assert answer.answer == "7.1亿元"


def test_what_was_corrected_says_so(archive: Archive, tmp_path: Path) -> None:
    add(archive, tmp_path, BRIDGE | {"body": "青石大桥总投资6.92亿元。"}, AGAIN)
    question = read_question("青石大桥总投资多少？")
    corrected, as_it_was = (
        quote(archive, question, Reading(sentences=(found(archive, *which, 0.9),), answerability=0.9)).quotes[0]
        for which in (("bridge", "6.92亿元"), ("again", "7.1亿元"))
    )
    assert corrected.corrected is not None
    assert as_it_was.corrected is None


def test_what_is_not_in_the_archive_is_never_quoted(archive: Archive) -> None:
    sentence = found(archive, "bridge", "6.72亿元", 0.9)
    forged: Article = sentence.hit.article.model_copy(
        update={"body": sentence.hit.article.body.replace("6.72", "9.99")}
    )
    reading = Reading(
        sentences=(sentence.model_copy(update={"hit": sentence.hit.model_copy(update={"article": forged})}),),
        answerability=0.9,
    )
    with pytest.raises(ArchiveError, match="not the text to be quoted"):
        quote(archive, read_question("青石大桥总投资多少？"), reading)
