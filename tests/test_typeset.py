"""Invented pieces, typeset and read back: what the text layer does to them, layout undoes."""

from __future__ import annotations

import random

import pytest

from index.layout import articles
from index.models import Article, Line, Page
from index.sources import pdf
from scripts.evaluate.layout import Score, compare
from scripts.evaluate.pages import Issue
from scripts.evaluate.pieces import Piece
from scripts.evaluate.printing import draw, dump, embed
from scripts.evaluate.typeset import Frame, Habits, Sheet, body_lines

HABIT = Habits(16, 10.0, "after", "before", "offset", 1.0, True, 0.25, 1.35, "none")
PIECES = [
    Piece(
        ["云渡河上架起新桥"],
        [
            "本报讯昨天上午，云渡河上的新桥正式通车，第一天就有1280辆汽车和4.6万名行人从桥上走过。",
            "“等这座桥等了二十年。”家住河西的陈阿婆说，从前过河要坐渡船，来回一趟要花40分钟，遇到大风还停航。",
            "新桥全长680米，总投资2.35亿元。县交通局说，渡口的6条船将改作游船，船工由公司安排新的工作。",
        ],
        bylines=[("记者", "王小明"), ("通讯员", "陶冶")],
        byline_lines=["■记 者 王小明", "通讯员 陶 冶"],
        doubling="text",
    ),
    Piece(
        ["县医院添了夜间门诊"],
        [
            "从下周一起，县医院的儿科和内科开到晚上九点，挂号费仍旧是8元，医保卡照常使用。",
            "院长赵清说，去年夜里来看急诊的孩子里有六成只是发热，夜间门诊能让他们少等一个小时。",
        ],
        bylines=[("记者", "李大海")],
        byline_lines=["■记者 李大海"],
    ),
]


def sheet() -> Sheet:
    """Both pieces in two columns each, bylines before and headlines after the bodies."""
    made = Sheet(width=480, height=520)
    for at, piece in enumerate(PIECES):
        y = 40.0 + 240 * at
        lines = body_lines(piece, HABIT, random.Random(at))  # noqa: S311 - no secret
        rows = -(-len(lines) // 2)
        columns = (lines[:rows], lines[rows:])
        made.frames += [
            Frame(40, y + 40, 10, [(0, line, None) for line in piece.byline_lines]),
            *(Frame(40 + 185 * n, y + 80, 10, column, 1.35) for n, column in enumerate(columns)),
            Frame(40, y, 24, [(0, line, None) for line in piece.title], 1.25, piece.doubling),
        ]
    return made


def as_text(made: Sheet) -> list[Article]:
    (text,) = dump(draw([made]), "file", [made])
    lines = tuple(Line(number=at, text=line) for at, line in enumerate(text.split("\n"), 1))
    return articles([Page(source="a.txt", lines=lines)])


def as_pdf(made: Sheet) -> list[Article]:
    return articles(pdf.read(embed([made]), "a.pdf")[0])


def test_pieces_come_back_whole_from_a_text_dump() -> None:
    found = {article.title: article for article in as_text(sheet())}
    assert found.keys() == {piece.headline for piece in PIECES}
    for piece in PIECES:
        article = found[piece.headline]
        assert article.body.split("\n") == piece.body
        assert [(byline.role, byline.name) for byline in article.bylines] == piece.bylines


def test_pieces_come_back_whole_from_a_pdf() -> None:
    found = {article.title: article.body.split("\n") for article in as_pdf(sheet())}
    assert found == {piece.headline: piece.body for piece in PIECES}


@pytest.mark.parametrize(("kept", "share"), [(2, 1.0), (1, 0.5)])
def test_the_score_is_the_share_of_pieces_that_came_back(kept: int, share: float) -> None:
    score = Score()
    issue = Issue([sheet()], [(piece, (0,)) for piece in PIECES], HABIT)
    compare(issue, as_text(sheet())[:kept], score, "here")
    rows = score.rows()
    assert (rows["body"], rows["headline"], rows["byline"]) == (share, share, share)
