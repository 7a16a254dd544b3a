from __future__ import annotations

import contextlib
import datetime as dt
import io
import re
import zipfile
from pathlib import Path

import pytest
from hashing import HashingEmbedder
from hypothesis import given, settings
from hypothesis import strategies as st

from index.archive import Archive
from index.errors import BaodaError, SourceError
from index.layout import check_trace
from index.models import Article, Box, Page
from index.sources import founder, markdown

OLD = """<HTML><HEAD><META http-equiv=Content-Type content="text/html; charset=gb2312"><TITLE>东湖日报--虚构的渡口重开</TITLE>
<SCRIPT>var x = "<founder-content>脚本</founder-content>";</SCRIPT></HEAD><BODY><P>第02版：要闻</P>
<TABLE><TR><TD><!--<npm:article-pretitle>-->水乡&nbsp;新事<!--</npm:article-pretitle>--></TD></TR>
<TR><TD><founder-title><!--<npm:article-title>-->虚构的渡口<BR>重开<!--</npm:article-title>--></founder-title></TD></TR>
<TR><TD><!--<npm:article-subtitle>-->百年渡船 &amp; 新码头<!--</npm:article-subtitle>--></TD></TR>
<TR><TD><founder-author>{author}</founder-author></TD></TR></TABLE>
<TABLE><TR><TD><!--<npm:article-pic-text>-->图为渡口开航。记者 丁一 摄<!--</npm:article-pic-text>--></TD></TR></TABLE>
<DIV id=ozoom><founder-content><!--enpcontent--><P>&nbsp;&nbsp;&nbsp;&nbsp;本报讯　（记者 丁一 通讯员 赵小船） 渡口昨天
重开，首日载客<B>1,204</B>人次。</P><P>　　船票为2元&mdash;&mdash;与1998年一样。<SCRIPT>alert("脚本")</SCRIPT></P>{more}<!--/enpcontent-->
</founder-content></DIV><P>上一篇　下一篇</P></BODY></HTML>
<!--enpproperty <founder-date>2023-05-06 23:59:57</founder-date><founder-pagenum>{number}</founder-pagenum>
<founder-papername>东湖日报</founder-papername><founder-type>1</founder-type>/enpproperty-->"""
BODY = "本报讯　（记者 丁一 通讯员 赵小船） 渡口昨天重开，首日载客1,204人次。\n船票为2元——与1998年一样。"

NODE = """<HTML><BODY><MAP NAME="pagepicmap"><Area coords="5,72,228,72,228,207,5,207" shape="polygon" href="content_77.htm">
<Area coords="5,207,60,207,60,300,5,300" shape=polygon href=content_77.htm><AREA COORDS=broken HREF="content_78.htm"></MAP>
<div id=mp77>虚构的渡口重开</div></BODY></HTML>
<!--enpproperty <founder-date>2023-05-06 23:59:59</founder-date><founder-pagenum>{number}</founder-pagenum>
<founder-papername>东湖日报</founder-papername><founder-content>东湖日报</founder-content>/enpproperty-->"""

NEW = """<!DOCTYPE html><html><head><meta charset="utf-8"><title>西河晚报-夜市添座</title></head><body>
<div class="nav">第03版：民生</div><h3 id="PreTitle">【夜读西河】</h3><h2 id="Title">夜市添座</h2><p id="SubTitle"></p>
<div class="attachment"><img src="1.jpg"><p>夜市一角。</p></div>
<div id="ozoom"><!--enpcontent--><!--enpcontent--><p>本报记者 钱多多</p><p>夜市添了三百个座位。</p>
<p class="pictext">摊主在忙。孙二 摄</p><p>（下转5版）</p><!--/enpcontent--></div>
<!--enpproperty <articleid>901</articleid><date>2024-11-29 23:10:00:000</date><author>钱多多</author><title>夜市添座</title>
<subtitle></subtitle><introtitle>【夜读西河】</introtitle><nodename>西河晚报</nodename>
<url>http://paper.example.com/pc/content/202411/30/content_901.html</url>/enpproperty--></body></html>"""


def old(author: str = "", number: str = "A02", more: str = "") -> bytes:
    return OLD.format(author=author, number=number, more=more).encode("gb18030")


def packed(files: dict[str, bytes]) -> bytes:
    with io.BytesIO() as buffer:
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return buffer.getvalue()


def proved(pages: tuple[Page, ...], articles: tuple[Article, ...]) -> list[Article]:
    """The articles, each traced to its lines."""
    lines = {line.number: line.text for page in pages for line in page.lines}
    for article in articles:
        check_trace(article, lambda _, number: lines[number])
        for run in article.trace:
            assert any(first <= run.line <= last for first, last in article.places[run.place].lines)
    return list(articles)


def people(article: Article) -> list[tuple[str, str]]:
    return [(byline.role, byline.name) for byline in article.bylines]


def test_the_old_form_gives_every_field_and_no_word_of_its_frame(tmp_path: Path) -> None:
    path = tmp_path / "content_77.htm"
    path.write_bytes(old())
    article, caption = proved(*founder.read(path.read_bytes(), path))
    assert article.body == BODY
    assert (article.kicker, article.title, article.subtitle) == (
        "水乡\xa0新事", "虚构的渡口 重开", "百年渡船 & 新码头",
    )  # fmt: skip
    assert people(article) == [("记者", "丁一"), ("通讯员", "赵小船")]
    assert (article.paper, article.published, article.page) == ("东湖日报", dt.date(2023, 5, 6), 2)
    assert (caption.kind, caption.body, caption.title) == ("caption", "图为渡口开航。记者 丁一 摄", article.title)
    assert people(caption) == [("摄影", "丁一")]


def test_the_new_form_gives_every_field_and_the_date_of_the_issue_not_of_the_upload(tmp_path: Path) -> None:
    article, *captions = proved(*founder.read(NEW.encode(), tmp_path / "content_901.html"))
    assert article.body == "夜市添了三百个座位。"
    assert (article.title, article.column, article.kicker, article.jump) == ("夜市添座", "夜读西河", None, "下转5版")
    assert people(article) == [("本报记者", "钱多多")]
    assert (article.paper, article.published, article.page) == ("西河晚报", dt.date(2024, 11, 30), 3)
    assert article.url == "http://paper.example.com/pc/content/202411/30/content_901.html"
    assert [(each.kind, each.body) for each in captions] == [
        ("caption", "夜市一角。"),
        ("caption", "摊主在忙。孙二 摄"),
    ]


@pytest.mark.parametrize(
    ("author", "more", "expected"),
    [
        ("本报记者 周舟", "", [("记者", "丁一"), ("通讯员", "赵小船"), ("本报记者", "周舟")]),
        ("丁一", "", [("记者", "丁一"), ("通讯员", "赵小船")]),
        ("", "<P>（作者 吴用）</P>", [("作者", "吴用"), ("记者", "丁一"), ("通讯员", "赵小船")]),
        ("", "<P>全文完。（通讯员 郑好）</P>", [("记者", "丁一"), ("通讯员", "赵小船"), ("通讯员", "郑好")]),
    ],
)
def test_credits_come_from_the_author_field_and_the_body(
    tmp_path: Path, author: str, more: str, expected: list[tuple[str, str]]
) -> None:
    article, _ = founder.read(old(author, more=more), tmp_path / "content_77.htm")[1]
    assert people(article) == expected
    assert article.body.startswith(BODY)
    assert "吴用" not in article.body


def test_commentary_is_told_by_its_kicker_or_credit(tmp_path: Path) -> None:
    def kind(data: bytes) -> str:
        return founder.read(data, tmp_path / "content_77.htm")[1][0].kind

    assert kind(old()) == "news"
    assert kind(old("本报评论员")) == "commentary"
    assert kind(old().replace("水乡&nbsp;新事".encode("gb18030"), "东湖时评".encode("gb18030"))) == "commentary"


def test_a_node_page_beside_gives_the_region_and_the_page(tmp_path: Path) -> None:
    (tmp_path / "node_3.htm").write_text(NODE.format(number="03"))
    path = tmp_path / "content_77.htm"
    path.write_bytes(old(number="B03"))
    pages, (article, _) = founder.read(path.read_bytes(), path)
    assert article.page == 3
    assert {line.box for line in pages[0].lines} == {Box(left=5, top=72, right=228, bottom=300)}


def test_the_page_is_told_by_the_frame_and_not_by_a_jump(tmp_path: Path) -> None:
    data = old(number="", more="<P>详见第5版（下转第7版）</P>")
    assert founder.read(data, tmp_path / "content_77.htm")[1][0].page == 2


def test_a_node_page_of_the_newer_form_lies_in_the_folder_of_layouts(tmp_path: Path) -> None:
    for kind in ("layout", "content"):
        (tmp_path / kind / "202411" / "30").mkdir(parents=True)
    area = '<map name=x><area shape=poly coords="1,2,9,2,9,8" href="../../../content/202411/30/content_901.html"></map>'
    (tmp_path / "layout/202411/30/node_04.html").write_text(area)
    path = tmp_path / "content/202411/30/content_901.html"
    pages, (article, *_) = founder.read(NEW.replace("第03版", "要闻").encode(), path)
    assert article.page == 4
    assert pages[0].lines[0].box == Box(left=1, top=2, right=9, bottom=8)


def test_a_page_of_another_section_has_a_name_and_no_wrong_number(tmp_path: Path) -> None:
    article = founder.read(old(number="B03"), tmp_path / "content_77.htm")[1][0]
    assert (article.page, article.pages) == (None, ("B03",))


def test_an_article_has_the_same_id_alone_and_in_a_zip_and_another_paper_has_another(tmp_path: Path) -> None:
    alone = founder.read(old(), tmp_path / "content_77.htm")[1][0]
    zipped = founder.read_zip(packed({"x/content_77.htm": old(), "x/node_1.htm": NODE.encode()}), "a.zip")[1][0]
    other = founder.read(old().replace("东湖".encode("gb18030"), "南湖".encode("gb18030")), tmp_path / "content_77.htm")
    assert alone.id == zipped.id != other[1][0].id
    assert alone.id.startswith("77-")


def test_a_zip_is_read_in_natural_order_with_pages_told_apart() -> None:
    files = {"content_10.htm": old(), "content_9.htm": NEW.encode(), "index.htm": b"<p>x", "a.jpg": b"\xff\xd8"}
    pages, articles = founder.read_zip(packed(files), "a.zip")
    assert [article.title for article in proved(pages, articles) if article.kind == "news"] == [
        "夜市添座",
        "虚构的渡口 重开",
    ]
    assert [line.number for page in pages for line in page.lines] == list(
        range(1, 1 + sum(len(p.lines) for p in pages))
    )
    assert {article.source for article in articles} == {"a.zip"}


def test_the_halves_of_a_jump_are_joined_and_both_pages_cited() -> None:
    front = old(number="01", more="<P>船长说，今后还要（下转第2版）</P>")
    back = OLD.replace("<P>&nbsp;", "<P>（上接第1版）添两条船。</P><P>&nbsp;")
    files = {"content_1.htm": front, "content_2.htm": back.format(author="", number="02", more="").encode("gb18030")}
    whole, *captions = proved(*founder.read_zip(packed(files), "a.zip"))
    assert whole.body == f"{BODY}\n船长说，今后还要添两条船。\n{BODY}"
    assert [place.page for place in whole.places] == [1, 2]
    assert whole.jump is None
    assert {caption.kind for caption in captions} == {"caption"}


@pytest.mark.parametrize(("first", "second"), [("01", "02"), ("A01", "B03")])
def test_halves_that_are_files_of_their_own_are_joined_whenever_they_come(
    tmp_path: Path, first: str, second: str
) -> None:
    front, back = (tmp_path / name for name in ("content_1.htm", "content_2.htm"))
    front.write_bytes(old(number=first, more=f"<P>船长说，今后还要（下转{second.removeprefix('0')}版）</P>"))
    begin = OLD.replace("<P>&nbsp;", f"<P>（上接{first}版）添两条船。</P><P>&nbsp;")
    back.write_bytes(begin.format(author="", number=second, more="").encode("gb18030"))

    def told() -> list[str]:
        return [article.body for article in archive.articles() if article.kind == "news"]

    whole = f"{BODY}\n船长说，今后还要添两条船。\n{BODY}"
    with Archive.open(tmp_path / "archive", embedder=HashingEmbedder(), write=True) as archive:
        archive.add([back])
        archive.add([front])
        assert told() == [whole]
        (article,) = (each for each in archive.articles() if each.kind == "news")
        assert [place.source for place in article.places] == ["content_1.htm", "content_2.htm"]
        assert [source.articles for source in archive.add([tmp_path]).sources] == [2, 2]
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "a.md").write_text(markdown.write(article).replace("虚构的渡口", "渡口昨天"))
        archive.add([tmp_path / "out"])
        front.write_bytes(front.read_bytes().replace("还要".encode("gb18030"), "再要".encode("gb18030")))
        archive.add([front])
        assert told() == [whole.replace("还要", "再要")]
        assert archive.article(article.id).title == "渡口昨天 重开"
        back.write_bytes(old(number=second))
        archive.add([back])
        assert sorted(told()) == sorted([whole.replace("还要", "再要").split("添两条")[0], BODY])
        assert archive.verify() == []


def test_a_picture_without_text_and_a_node_page_hold_no_article(tmp_path: Path) -> None:
    assert founder.read(b"<founder-content></founder-content>", tmp_path / "content_1.htm") == ((), ())
    assert founder.read(NODE.format(number="1").encode(), tmp_path / "node_1.htm") == ((), ())


def _lying(data: bytes) -> bytes:
    """A zip whose directory says that its page is small."""
    at = data.rindex(b"PK\x01\x02")
    return data[: at + 24] + (100).to_bytes(4, "little") + data[at + 28 :]


BOMB = packed({"content_1.htm": b"<founder-content>" + bytes(9 * 2**20)})


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (BOMB, "larger than 4 MB"),
        (_lying(BOMB), "cannot be read|larger than"),
        (
            packed({f"content_{n}.htm": b"<founder-content>" + bytes(4 * 2**20 - 99) for n in range(33)}),
            "more than 128 MB",
        ),
        (packed({"../content_1.htm": old()}), "leads out of the zip"),
        (packed({"/etc/content_1.htm": old()}), "leads out of the zip"),
        (packed({"content_1.htm": old()})[:-30], "cannot be read"),
        (packed({"readme.txt": b"x"}), "no article page"),
        (b"PK\x03\x04", "cannot be read"),
    ],
)
def test_a_zip_that_is_no_archive_of_pages_is_refused_in_one_line(data: bytes, said: str) -> None:
    with pytest.raises(SourceError, match=said) as caught:
        founder.read_zip(data, "a.zip")
    assert "\n" not in str(caught.value)


def test_tags_nested_too_deep_are_refused_rather_than_read_in_part(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="too deep"):
        founder.read(old(more="<span>" * 5000 + "深"), tmp_path / "content_1.htm")


_MARKUP = st.lists(
    st.sampled_from(
        re.findall(
            r"[^|]+",
            "<founder-content>|</founder-content>|<!--enpcontent-->|<!--/enpcontent-->|<!--enpproperty |/enpproperty-->|<p>|</p>|<br>|"
            "&nbsp;|&#x0;|&#55296;|<!--|-->|<script>|<![CDATA[|<?x|<area coords=1,2,3,4 href=../../content_1.htm>|<b id=Title>|"
            "<founder-date>2023-99-99</founder-date>|第999版|（记者 甲）|（下转2版）|（上接1版）|<div id=ozoom>|<table>|甲|。|\x00|\ufeff",
        )
    ),
    max_size=30,
).map("".join)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=300), _MARKUP.map(str.encode)), st.sampled_from(["content_1.htm", "x.html"]))
def test_no_page_raises_anything_but_our_own_error(data: bytes, name: str) -> None:
    with contextlib.suppress(BaodaError):
        proved(*founder.read(data, Path("/nowhere") / name))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 400), st.booleans())
def test_no_zip_raises_anything_but_our_own_error(noise: bytes, at: int, insert: bool) -> None:
    data = packed({"content_1.htm": old(), "node_1.htm": NODE.encode()})
    at %= len(data)
    with contextlib.suppress(BaodaError):
        proved(*founder.read_zip(data[:at] + noise + data[at + (0 if insert else len(noise)) :], "a.zip"))


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="<>&（）"), min_size=1), min_size=1
    )
)
def test_no_character_of_a_body_is_lost_or_added(texts: list[str]) -> None:
    html = "<founder-content>" + "".join(f"<p>　　{text}</p>\n" for text in texts) + "</founder-content>"
    (article,) = proved(*founder.read(html.encode(), Path("/nowhere/content_1.htm")))
    assert article.body == "\n".join(texts)


def test_a_folder_is_added_whole_pictures_and_node_pages_too(tmp_path: Path) -> None:
    folder = tmp_path / "2023-05" / "06"
    folder.mkdir(parents=True)
    (folder / "content_77.htm").write_bytes(old())
    (folder / "content_78.htm").write_bytes(b"<founder-content><img src=x></founder-content>")
    (folder / "node_3.htm").write_text(NODE.format(number="02"))
    (folder / "photo.jpg").write_bytes(b"\xff\xd8\xff")
    with Archive.open(tmp_path / "archive", embedder=HashingEmbedder(), write=True) as archive:
        report = archive.add([folder])
        assert [(source.name, source.articles) for source in report.sources] == [
            ("content_77.htm", 2),
            ("content_78.htm", 0),
        ]
        assert {source.state for source in archive.add([folder]).sources} == {"unchanged"}
        assert {article.page for article in archive.articles()} == {2}
        assert list(archive.verify()) == []
