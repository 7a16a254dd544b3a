from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from hashing import HashingEmbedder
from hypothesis import example, given, settings
from hypothesis import strategies as st

from index.archive import Archive
from index.errors import BaodaError, SourceError
from index.layout import check_trace
from index.models import Article, Byline, Place, page_of
from index.sources import markdown

WRITTEN = """---
id: 3f-01
title: 渡口: 重开
bylines:
- 记者 丁一
date: 2023-05-06
page: [1, 2]
---

渡口昨天重开。


首日载客1,204人次。
"""
FIELDS = {
    "id",
    "title",
    "kicker",
    "subtitle",
    "column",
    "bylines",
    "kind",
    "paper",
    "published",
    "page",
    "url",
    "jump",
    "body",
}

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
tricky = st.sampled_from(
    [
        "---",
        "# 题",
        "- 一",
        "1. 一",
        "**粗**",
        "<br>",
        "&amp;",
        "\\*",
        "null",
        "2020",
        "no",
        "a: b",
        "　　",
        "\x85",
        "\r",
    ]
)
values = st.one_of(texts, tricky)


@st.composite
def articles(draw: st.DrawFn) -> Article:
    names = draw(st.lists(st.integers(1, 99) | st.from_regex(r"[A-Z][0-9]?[1-9]", fullmatch=True), max_size=2))
    pages = [page_of(name) for name in dict.fromkeys(names)]
    return Article(
        id=draw(values),
        title=draw(st.one_of(st.just(""), values)),
        bylines=tuple(draw(st.lists(st.builds(Byline, role=st.one_of(st.just(""), values), name=values), max_size=3))),
        kind=draw(st.sampled_from(["news", "commentary", "sidebar", "caption", "notice"])),
        body=draw(
            st.lists(st.one_of(st.just(""), values), min_size=1).map("\n".join).filter(lambda body: body.strip())
        ),
        published=draw(st.none() | st.dates()),
        page=pages[0][0] if pages else None,
        places=tuple(
            Place(source="p.txt", page=number, label=label, lines=()) for number, label in pages or [(None, None)]
        ),
        **{name: draw(st.none() | values) for name in ("kicker", "subtitle", "column", "paper", "url", "jump")},
    )


@settings(max_examples=120, deadline=None)
@given(articles())
def test_what_is_written_is_read_back_exactly(article: Article) -> None:
    pages, (again,) = markdown.read(markdown.write(article).encode(), "a.md")
    assert again.model_dump(include=FIELDS) == article.model_dump(include=FIELDS)
    assert [(place.page, place.label) for place in again.places] == [(at.page, at.label) for at in article.places]
    lines = {line.number: line.text for line in pages[0].lines}
    check_trace(again, lambda _, number: lines[number])


def test_a_file_reads_well_in_an_editor() -> None:
    article = Article(
        id="3f-01",
        title="渡口“重开”",
        bylines=(Byline(role="记者", name="丁一"), Byline(role="", name="赵小船")),
        published=dt.date(2023, 5, 6),
        page=2,
        body="渡口昨天重开，首日载客1,204人次（同比+3%）。\n#渡口# 的船票为2元。",
        places=(Place(source="p.txt", page=2, lines=()),),
    )
    assert markdown.write(article) == (
        '---\nid: "3f-01"\ntitle: "渡口“重开”"\nbylines:\n- "记者 丁一"\n- "赵小船"\nkind: news\npublished: 2023-05-06\npage: 2\n---\n\n'
        "渡口昨天重开，首日载客1,204人次（同比+3%）。\n\n\\#渡口# 的船票为2元。\n"
    )


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_what_staff_write_by_hand_is_read(encoding: str) -> None:
    text = WRITTEN.replace("渡口: 重开", "2020").replace("\n", "\r\n")
    pages, (article,) = markdown.read(text.encode(encoding), "a.md")
    assert article.body == "渡口昨天重开。\n首日载客1,204人次。"
    assert (article.title, article.published, article.page) == ("2020", dt.date(2023, 5, 6), 1)
    assert article.bylines == (Byline(role="记者", name="丁一"),)
    assert [place.page for place in article.places] == [1, 2]
    assert [line.number for line in pages[0].lines] == [10, 13]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (WRITTEN, r"a\.md, line 3: mapping values.*quotation marks"),
        (WRITTEN.replace("title: 渡口: 重开", "titel: 渡口"), "'titel' is unknown"),
        (WRITTEN.replace("title: 渡口: 重开", "kind: story"), "'kind' is wrong"),
        (WRITTEN.replace("title: 渡口: 重开", "published: 2023-13-01"), "is wrong"),
        (WRITTEN.replace("title: 渡口: 重开", "&a [*a]"), "line [34]: .*could not find"),
        ("---\n" + "[" * 5000 + "\n---\n甲", "no YAML|line"),
        ("---\ntitle: 甲\n---\n\n", "no text"),
        ("渡口昨天重开。", "front matter"),
        ("---\ntitle: 甲\n渡口昨天重开。", "front matter"),
    ],
)
def test_a_mistake_is_told_in_one_line_with_its_place(text: str, said: str) -> None:
    with pytest.raises(SourceError, match=said) as caught:
        markdown.read(text.encode(), "a.md")
    assert "\n" not in str(caught.value)


@given(values)
@example("../../etc/passwd")
def test_no_id_leads_out_of_the_folder(identity: str) -> None:
    article = Article(id=identity, body="甲", places=(Place(source="p", page=None, lines=()),))
    assert (Path("/a") / markdown.file_name(article)).resolve().parent == Path("/a")


def test_ids_that_differ_have_files_that_differ() -> None:
    names = {
        markdown.file_name(Article(id=identity, body="甲", places=(Place(source="p", page=None, lines=()),)))
        for identity in ("a/b", "a_b", "a:b", "甲", "a" * 300, "a" * 301)
    }
    assert len(names) == 6


@settings(deadline=None)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.text("---\n:[]{}&*!|>'\"甲a# ", max_size=80).map(lambda text: f"---\n{text}\n---\n甲".encode()),
    )
)
def test_no_bytes_raise_anything_but_our_own_error(data: bytes) -> None:
    with contextlib.suppress(BaodaError):
        markdown.read(data, "a.md")


PAGE = (
    "东湖日报\n2023年5月6日\n第1版\n\n渡口重开了\n\n记者 丁一\n\n本报讯 渡口昨天重开，首日载客1,204人次，比去年多。\n"
    "船票为2元，与1998年一样，站上的人说不涨价，{rest}\n"
)
FRONT = PAGE.format(rest="今后几年都\n（下转2版）")
BACK = "东湖日报\n2023年5月6日\n第2版\n\n（上接1版）\n\n不会涨价，因为渡船用电，比烧油省一半的钱，县里还给补贴。\n"


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive.open(tmp_path / "archive", embedder=HashingEmbedder(), write=True) as opened:
        yield opened
        assert opened.verify() == []


def corrected(archive: Archive, folder: Path, old: str, new: str) -> Article:
    """Export the only article, change its file as an editor would, add it, and return what is there then."""
    (article,) = archive.articles()
    folder.mkdir(exist_ok=True)
    text = markdown.write(article)
    assert old in text
    (folder / markdown.file_name(article)).write_text(text.replace(old, new), encoding="utf-8")
    report = archive.add([folder])
    assert (report.new, report.changed, report.sources[0].article_ids) == (0, 1, (article.id,))
    (now,) = archive.articles()
    assert now.id == article.id
    return now


def test_a_corrected_headline_stays_on_the_lines_of_its_page_whatever_is_made_anew(
    archive: Archive, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text(PAGE.format(rest="三年都这样。"))
    archive.add([tmp_path / "a.txt"])
    (before,) = archive.articles()
    now = corrected(archive, tmp_path / "out", "渡口重开了", "渡口昨天重开")
    assert now == before.model_copy(update={"title": "渡口昨天重开", "confidence": 1.0})
    archive.rebuild()
    assert archive.add([tmp_path / "a.txt"]).sources[0].state == "unchanged"
    assert list(archive.articles()) == [now]
    archive.verify_quote(now.id, 0, 9, now.body[:9])
    again = corrected(archive, tmp_path / "out", "记者 丁一", "记者 丁二")
    assert (again.title, again.bylines[0].name, again.trace) == ("渡口昨天重开", "丁二", before.trace)


def test_a_correction_follows_its_page_to_newer_content_and_to_the_other_half(archive: Archive, tmp_path: Path) -> None:
    for name, text in (("1.txt", FRONT), ("2.txt", BACK)):
        (tmp_path / name).write_text(text)
    archive.add([tmp_path / "1.txt"])
    corrected(archive, tmp_path / "out", "渡口重开了", "渡口昨天重开")
    archive.add([tmp_path / "2.txt"])
    for _ in range(2):
        (whole,) = archive.articles()
        assert (whole.title, whole.pages, whole.jump) == ("渡口昨天重开", (1, 2), None)
        assert whole.body.endswith("今后几年都不会涨价，因为渡船用电，比烧油省一半的钱，县里还给补贴。")
        archive.rebuild()
    (tmp_path / "1.txt").write_text(FRONT.replace("比去年多", "比前年多"))
    archive.add([tmp_path / "1.txt"])
    (newer,) = archive.articles()
    assert (newer.title, "比前年多" in newer.body) == ("渡口昨天重开", True)


def test_the_other_half_of_an_article_whose_text_was_corrected_is_not_lost(archive: Archive, tmp_path: Path) -> None:
    for name, text in (("1.txt", FRONT), ("2.txt", BACK)):
        (tmp_path / name).write_text(text)
    archive.add([tmp_path / "1.txt"])
    corrected(archive, tmp_path / "out", "1,204人次", "1,402人次")
    archive.add([tmp_path / "2.txt"])
    told = list(archive.articles())
    assert [(half.pages, half.jump) for half in told] == [((1,), "下转2版"), ((2,), "上接1版")]
    assert "1,402人次" in told[0].body
    assert told[1].body == "不会涨价，因为渡船用电，比烧油省一半的钱，县里还给补贴。"
    archive.rebuild()
    assert list(archive.articles()) == told


def test_a_corrected_text_is_a_text_of_its_own(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(PAGE.format(rest="三年都这样。"))
    archive.add([tmp_path / "a.txt"])
    now = corrected(archive, tmp_path / "out", "1,204人次", "1,402人次")
    assert now.source.endswith(".md")
    archive.rebuild()
    assert list(archive.articles()) == [now]
    back = corrected(archive, tmp_path / "out", "1,402人次", "1,204人次")
    assert back.source == "a.txt"


def test_an_export_that_is_added_again_as_it_is_changes_nothing(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(PAGE.format(rest="三年都这样。"))
    archive.add([tmp_path / "a.txt"])
    (before,) = archive.articles()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.md").write_text(markdown.write(before))
    for _ in range(2):
        assert archive.add([tmp_path / "out"]).sources[0].state == "unchanged"
        assert list(archive.articles()) == [before]
