"""What other papers do with their pieces: credits in the lead, decks, kickers, subheads, digests, notices, tables."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, replace
from typing import Literal

from scripts.evaluate.pieces import Piece, person
from scripts.evaluate.typeset import Habits

Credit = Literal["usual", "lead", "tail", "closing", "brackets", "names", "report", "works", "list", "none"]
_COLUMNS = ("新春走基层", "民生热线", "记者观察", "一线直击", "凡人微光", "健康周刊", "长三角时评")
_DIGESTS = ("简讯", "要闻速递", "一句话新闻", "图说天下", "短波")
_KICKERS = (
    "一线调研见实效",
    "我市深化“放管服”改革",
    "从田间到餐桌",
    "市十六届人大常委会第二十次会议提出",
    "“小切口”撬动大民生",
)
_SHOPS = ("云渡家电城", "金桥装饰", "春风驾校", "老街酒家", "惠民大药房", "渡口书店")


@dataclass(frozen=True)
class Manner:
    """One paper's ways: how it credits, and how often it does the rest."""

    credit: Credit
    kickers: float
    decks: float
    subheads: float
    subsize: float
    columns: float
    digest: bool
    short: float


def manner(dice: random.Random) -> Manner:
    """One paper's ways by lot."""
    return Manner(
        credit=dice.choice(("usual", "lead", "lead", "tail", "closing", "brackets", "names", "report", "works", "list", "none")),
        kickers=dice.choice((0.0, 0.3)),
        decks=dice.choice((0.0, 0.4)),
        subheads=dice.choice((0.0, 0.5)),
        subsize=dice.choice((1.0, 1.0, 1.15, 1.3)),
        columns=dice.choice((0.0, 0.3)),
        digest=dice.random() < 0.4,
        short=dice.choice((0.0, 0.3)),
    )  # fmt: skip


def other_habits(habit: Habits, dice: random.Random) -> Habits:
    """Narrower and wider columns, smaller and larger type."""
    return replace(
        habit,
        characters=dice.choice((11, 12, 13, 14, 16, 18, 26, 30)),
        em=dice.choice((8.0, 8.5, 9.0, 10.5, 11.0)),
        leading=dice.choice((1.25, 1.35, 1.5, 1.65)),
    )


def retell(pieces: list[Piece], ways: Manner, dice: random.Random) -> list[Piece]:
    """The pieces of a page as this paper would have them, and what else it would print."""
    told = [_retold(piece, ways, dice) if piece.kind in ("news", "commentary") else piece for piece in pieces]
    if ways.digest:
        items = [piece for piece in told if piece.kind == "news" and not piece.credited_in_body]
        told.insert(dice.randint(0, len(told)), _digest(items, dice))
    if dice.random() < 0.3:
        told.insert(dice.randint(0, len(told)), _picture(dice))
    if dice.random() < 0.3:
        told.insert(dice.randint(0, len(told)), _advertisement(dice))
    if dice.random() < 0.2:
        told.insert(dice.randint(0, len(told)), _table(dice))
    return told


def _retold(piece: Piece, ways: Manner, dice: random.Random) -> Piece:
    if dice.random() < ways.short:
        piece.body = piece.body[:1]
    if dice.random() < ways.kickers and not piece.subtitle:
        piece.kicker = dice.choice(_KICKERS)
    if len(piece.title) == 1 and dice.random() < ways.decks:
        cut = re.search("(?<=[，：！？])", piece.title[0])
        if cut and 0.35 < cut.start() / len(piece.title[0]) < 0.65:
            piece.title = [piece.title[0][: cut.start()].rstrip("，"), piece.title[0][cut.start() :]]
    if dice.random() < ways.columns and not piece.column:
        piece.column = dice.choice(_COLUMNS)
        piece.column_line = dice.choice(("【{}】", "■{}", "·{}·", "{}")).format(piece.column)
    if len(piece.body) >= 4 and dice.random() < ways.subheads:
        piece.body, piece.subsize = _with_subheads(piece.body, dice), ways.subsize
        piece.subheads = {
            paragraph for paragraph in piece.body if len(paragraph) <= 14 and paragraph[-1] not in "。！？”"
        }
    if piece.bylines and piece.kind == "news":
        _credit(piece, ways.credit, dice)
    return piece


def _with_subheads(body: list[str], dice: random.Random) -> list[str]:
    """Subheads of four to twelve characters before two or three paragraphs, in their words."""
    told: list[str] = []
    for at, paragraph in enumerate(body):
        phrases = re.findall("(?<![一-鿿])[一-鿿]{5,12}(?=[，。])", paragraph)
        if at and phrases and dice.random() < 0.5:
            told.append(dice.choice(phrases))
        told.append(paragraph)
    return told


def _credit(piece: Piece, credit: Credit, dice: random.Random) -> None:
    """Put the names where this paper has them."""
    if credit == "usual":
        return
    names = [name for role, name in piece.bylines if role not in ("制图", "摄影")]
    role = piece.bylines[0][0]
    piece.bylines = [(role, name) for name in names[:2]]
    shown = " ".join(names[:2])
    piece.byline_lines = []
    if credit == "none":
        piece.bylines = []
    elif credit in ("lead", "tail"):
        piece.bylines += [("通讯员", person(dice))] if dice.random() < 0.5 else []
        inside = " ".join(
            f"{role} {shown}" if at == 0 else f"通讯员 {name}" for at, (_, name) in _firsts(piece.bylines)
        )
        if credit == "lead":
            text = piece.body[0].removeprefix("本报讯")
            piece.body[0] = f"本报讯（{inside}）{text}"
        else:
            piece.body[-1] += f"（{inside}）"
        piece.credited_in_body = True
    elif credit in ("closing", "brackets"):
        piece.byline_lines = [f"（{role} {shown}）"]
        piece.credit_at_end = credit == "closing"
    elif credit == "names":
        piece.bylines = [("", name) for name in names[:2]]
        piece.byline_lines = [f"{dice.choice('□■●◎')}{dice.choice(('', ' '))}{shown}"]
    elif credit == "report":
        piece.byline_lines = [f"{role} {shown} {dice.choice(('摄影报道', '文/图', '文/摄', '报道'))}"]
    elif credit == "works":
        other = person(dice)
        piece.bylines = [("文", names[0]), ("图", other)]
        piece.byline_lines = [dice.choice((f"文/{names[0]} 图/{other}", f"文/图：{names[0]} {other}"))]
        if "文/图" in piece.byline_lines[0]:
            piece.bylines = [("文/图", names[0]), ("文/图", other)]
    elif credit == "list":
        helpers = [person(dice) for _ in range(3)]
        piece.bylines = [*((role, name) for name in names[:2]), *(("通讯员", name) for name in helpers)]
        line = f"{role} {shown} 通讯员 {' '.join(helpers)}"
        piece.byline_lines = [line] if dice.random() < 0.5 else [line[: line.rindex(" ")], line[line.rindex(" ") + 1 :]]


def _firsts(bylines: list[tuple[str, str]]) -> list[tuple[int, tuple[str, str]]]:
    """The first of each role."""
    return [(at, credit) for at, credit in enumerate(bylines) if at == 0 or credit[0] != bylines[at - 1][0]]


def _digest(items: list[Piece], dice: random.Random) -> Piece:
    mark = dice.choice("▲■●◆")
    texts = [re.match("[^。]+。", piece.body[-1]) for piece in items]
    body = [f"{mark}{found.group()}" for found in texts if found][:4]
    more = f"{mark}县文化馆定于3月{dice.randint(20, 30)}日举办第{dice.randint(2, 19)}届灯谜会。"
    return Piece([dice.choice(_DIGESTS)], [*body, more], "sidebar")


def _picture(dice: random.Random) -> Piece:
    name = person(dice)
    body = dice.choice((
        f"昨日，市民在文化广场放风筝。连日来气温回升，公园里游人比上周多了{dice.randint(2, 9)}成。",
        f"图为河东镇的茶农正在采摘头茬新茶。今年全镇{dice.randint(2, 9)}000亩茶园预计比去年增收一成。",
    ))  # fmt: skip
    return Piece([], [body], "caption", bylines=[("摄", name)], byline_lines=[f"{name} 摄"])


def _advertisement(dice: random.Random) -> Piece:
    shop = dice.choice(_SHOPS)
    lines = [
        f"{shop}盛大开业",
        f"全场{dice.randint(5, 8)}折起",
        f"地址：人民路{dice.randint(2, 200)}号",
        "电话：0599-5550137",
    ]
    return Piece([lines[0]], lines[1:], "notice", counted=False)


def _table(dice: random.Random) -> Piece:
    rows = [
        f"{name} {dice.randint(2, 30)}.{dice.randint(10, 99)} {dice.randint(2, 30)}.{dice.randint(10, 99)}"
        for name in ("青菜", "猪肉", "鸡蛋", "大米", "豆腐")
    ]
    return Piece(["今日菜价"], ["品种 今日 昨日", *rows], "sidebar", counted=False)
