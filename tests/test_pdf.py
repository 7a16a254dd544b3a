from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from index.errors import BaodaError, SourceError
from index.layout import articles, check_trace
from index.sources import read
from index.sources.pdf import read as read_pdf

FONT = "STSong-Light"
LEFT = [
    "　　本报讯昨天上午，新的长桥在县城通车，",
    "来往两岸的人不用再等渡船。桥长三百米，",
    "用了两年时间才造好，花费一亿多元。",
]
RIGHT = ["　　“从前过河要等半个小时。”住在河西的", "老陈说，现在走路只要五分钟，上学的孩子", "最高兴。"]


def draw(canvas: Canvas, x: float, y: float, size: float, lines: list[str], shifts: tuple[float, ...] = (0.0,)) -> None:
    for at, line in enumerate(lines):
        for shift in shifts:
            text = canvas.beginText(x + shift, 800 - y - at * 1.4 * size)
            text.setFont(FONT, size)
            text.textOut(line)
            canvas.drawText(text)


def pdf(path: Path, **options: object) -> Path:
    """A page with one article in two columns, its headline in faux bold and drawn last, its byline in between."""
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    canvas = Canvas(str(path), pagesize=(600, 800), **options)  # type: ignore[arg-type]
    draw(canvas, 50, 120, 10, LEFT)
    draw(canvas, 270, 120, 10, RIGHT)
    draw(canvas, 50, 100, 10, ["■记者 王小明"])
    draw(canvas, 50, 60, 24, ["长桥今天通车了"], shifts=(0.0, 0.35))
    canvas.save()
    return path


def test_headline_byline_and_both_columns_make_one_article(tmp_path: Path) -> None:
    source = read(pdf(tmp_path / "a.pdf"))
    (article,) = articles(source.pages)
    assert article.title == "长桥今天通车了"
    assert [(byline.role, byline.name) for byline in article.bylines] == [("记者", "王小明")]
    assert article.body.split("\n") == ["".join(LEFT).strip(), "".join(RIGHT).strip()]


def test_every_character_leads_back_to_a_line_with_its_box(tmp_path: Path) -> None:
    source = read(pdf(tmp_path / "a.pdf"))
    (article,) = articles(source.pages)
    lines = {line.number: line for line in source.pages[0].lines}
    check_trace(article, lambda place, number: lines[number].text)
    box = lines[article.trace[0].line].box
    assert box is not None
    assert (round(box.left), round(box.top / 10)) == (70, 11)  # behind the indent
    assert lines[article.trace[0].line].size == pytest.approx(10)


def test_a_vertical_headline_is_one_line(tmp_path: Path) -> None:
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    canvas = Canvas(str(tmp_path / "v.pdf"), pagesize=(600, 800))
    for at, character in enumerate("长桥今天通车"):
        draw(canvas, 50, 60 + 26 * at, 24, [character + "　"])
    draw(canvas, 150, 60, 10, LEFT)
    canvas.save()
    (page,) = read(tmp_path / "v.pdf").pages
    assert "".join(page.lines[0].text.split()) == "长桥今天通车"


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_file_is_said_to_be_damaged(tmp_path: Path, share: float) -> None:
    whole = pdf(tmp_path / "a.pdf").read_bytes()
    (tmp_path / "b.pdf").write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(SourceError, match=r"b\.pdf: .*(damaged|no text)"):
        read(tmp_path / "b.pdf")


def test_an_encrypted_file_is_said_to_be_encrypted(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"a\.pdf: .*encrypted"):
        read(pdf(tmp_path / "a.pdf", encrypt="secret"))


def test_a_page_with_nothing_on_it_is_said_to_have_no_text(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"))
    canvas.showPage()
    canvas.save()
    with pytest.raises(SourceError, match="no text"):
        read(tmp_path / "a.pdf")


def test_forms_that_draw_one_another_a_million_times_do_not_exhaust_memory(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"))
    for depth in range(9):
        canvas.beginForm(f"form{depth}")
        for _ in range(10):
            canvas.doForm(f"form{depth - 1}") if depth else canvas.drawString(10, 10, "baoda")
        canvas.endForm()
    canvas.doForm("form8")
    canvas.save()
    with pytest.raises(SourceError, match=r"a\.pdf: .*GB of memory"):
        read(tmp_path / "a.pdf")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(data=st.data())
def test_a_file_with_other_bytes_in_it_raises_our_own_error_or_none(tmp_path: Path, data: st.DataObject) -> None:
    whole = bytearray(
        (tmp_path / "a.pdf").read_bytes() if (tmp_path / "a.pdf").exists() else pdf(tmp_path / "a.pdf").read_bytes()
    )
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(8, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(BaodaError):
        articles(read_pdf(bytes(whole), "b.pdf")[0])
