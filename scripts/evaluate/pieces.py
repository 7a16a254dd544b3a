"""Pieces of invented newspaper pages, made of real news: what a perfect reading of a page would find."""

from __future__ import annotations

import gzip
import json
import random
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

from index.models import Kind

_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡林郭何高罗郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任姚卢傅钟姜崔谭廖范汪陆金石戴贾韦夏邱方侯邹熊孟秦白江阎薛尹段雷黎史龙陶贺顾毛郝龚邵"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华慧建文玲斌宇浩凯佳雪琳晨欣怡婷冶律雨茹彤燕丹新远东旭泽思源嘉悦诗涵梓轩子墨一诺可心"
_JUNK = re.compile(
    r"责任编辑|责编|编辑[:：]|返回搜狐|查看更多|广告声明|原标题|免责声明|来源[:：]|点击|校对|审核|IT之家|扫码|本文|http|www|@|^\(|【|】|■|□|▲|●|图为|供图|[a-z]{12}|·|[(（][^)）]{0,12}记者|^.{0,40}记者.{0,8}讯员"
)
_BANNERS = (
    "决战四季度 夺取全年胜",
    "开局一季度 奋力开门红",
    "聚焦两会 共话发展",
    "喜迎国庆 共谱新篇",
    "奋进新征程 建功新时代",
)
_COLUMNS = ("改革故事", "民生热线", "一线见闻", "基层走笔", "关注", "创新案例")
_PENS = ("言成声", "钟一鸣", "郑平", "禾言", "水滴石")


@dataclass
class Piece:
    """One article as it ought to be read. `body` is a list of paragraphs without white space between Chinese words."""

    title: list[str]
    body: list[str]
    kind: Kind = "news"
    kicker: str | None = None
    subtitle: str | None = None
    column: str | None = None
    bylines: list[tuple[str, str]] = field(default_factory=list)
    byline_lines: list[str] = field(default_factory=list)
    doubling: Literal["none", "runs", "text"] = "none"
    column_line: str | None = None
    """The column's name as it stands over the headline."""
    subheads: set[str] = field(default_factory=set)
    """Paragraphs that are set as headlines within the body, `subsize` times as large as it."""
    subsize: float = 1.0
    credited_in_body: bool = False
    credit_at_end: bool = False
    counted: bool = True
    """Whether it is an article; advertisements and tables are none, but may not spoil others."""

    @property
    def headline(self) -> str:
        """The headline as one line."""
        return "".join(self.title)


@cache
def _news(path: Path) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Headlines and sentences of the news that can be set in a GB font."""
    found = []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            title, body = row["title"], row["body"]
            if not title or "·" in title or not 8 <= len(title) <= 34 or re.search(r"[|丨]", title) or "”“" in title:
                continue
            body = re.sub(r"^原标题：.*?(\s{6,}|(?<=[^一-鿿])(?=近日))", "", body)
            body = re.sub(r"\s*([^\x21-\x7e])\s*|\s+(?=[^\x21-\x7e])", r"\1", body)
            body = body.removeprefix(re.sub(r"\s+", "", title))
            body = re.sub(r"^[^。，]{0,25}(?:电|讯)(?:[(（][^)）]{0,40}[)）])?", "", body)
            try:
                (title + body).encode("gbk")
            except UnicodeEncodeError:
                continue
            sentences = tuple(re.findall(r"[^。！？]+[。！？]+”?", body))
            while sentences and _JUNK.search(sentences[-1]):
                sentences = sentences[:-1]
            if len(sentences) >= 4 and not any(map(_JUNK.search, sentences)):
                found.append((title.strip(), sentences))
    return tuple(found)


def person(dice: random.Random) -> str:
    """A name of two or three characters."""
    return dice.choice(_SURNAMES) + "".join(dice.sample(_GIVEN, dice.choice((1, 2, 2))))


def pieces(news: Path, dice: random.Random, *, held_out: bool) -> list[Piece]:
    """The pieces of one page: three to seven news items, perhaps commentary, a sidebar, a caption, a notice."""
    pool = [item for at, item in enumerate(_news(news)) if (at % 2 == 1) == held_out]
    made = [_article(dice, *item) for item in dice.sample(pool, dice.randint(3, 7))]
    if dice.random() < 0.5:
        made[-1].kind, made[-1].bylines = "commentary", [("", dice.choice(_PENS))]
    extras = [_sidebar(dice, made[0])] if dice.random() < 0.4 else []
    if dice.random() < 0.5:
        extras.append(_caption(dice, *dice.choice(pool)))
    if dice.random() < 0.3:
        extras.append(_notice(dice))
    for extra in extras:
        made.insert(dice.randint(1, len(made)), extra)
    for piece in made:
        piece.byline_lines = _set_bylines(dice, piece)
    return made


def banner(dice: random.Random) -> str:
    """A slogan that stands over several articles."""
    return dice.choice(_BANNERS)


def _article(dice: random.Random, title: str, sentences: tuple[str, ...]) -> Piece:
    kept = list(sentences[: dice.randint(3, 24)])
    body: list[str] = []
    while kept:
        count = dice.choice((1, 1, 2, 2, 3, 4))
        body.append("".join(kept[:count]))
        kept = kept[count:]
    if not body[0].startswith("本报讯") and dice.random() < 0.45:
        body[0] = "本报讯" + body[0]
    column = dice.choice(_COLUMNS) if dice.random() < 0.1 else None
    if column:
        body[0] = f"【{column}】" + body[0]
    parts = re.split(r"[ 　]+", title)
    subtitle = None
    if len(parts) == 1 and "，" in title and "“" not in title and dice.random() < 0.6:
        first, rest = title.split("，", 1)
        if len(first) >= 5 and len(rest) >= 5:
            title, subtitle = first, rest.replace("，", " ")
    elif len(parts) == 2 and min(map(len, parts)) >= 5:
        title, subtitle = parts
    lines = [title]
    if len(title) > 8 and "“" not in title and dice.random() < 0.2:
        cut = len(title) // 2
        if title[cut - 1 : cut + 1].isalpha() and not title[cut - 1 : cut + 1].isascii():
            lines = [title[:cut], title[cut:]]
    bylines = [
        (dice.choice(("记者", "记者", "本报记者", "见习记者")), person(dice)) for _ in range(dice.choice((1, 1, 1, 2)))
    ]
    bylines = [(bylines[0][0], name) for _, name in bylines]
    if dice.random() < 0.4:
        bylines += [("通讯员", person(dice)) for _ in range(dice.choice((1, 2)))]
    if dice.random() < 0.1:
        bylines.append((dice.choice(("制图", "摄影")), person(dice)))
    if dice.random() < 0.1:
        bylines = []
    return Piece(
        lines,
        body,
        subtitle=subtitle,
        column=column,
        bylines=bylines,
        doubling=dice.choice(("none", "none", "none", "text", "text", "runs")),
    )


def _sidebar(dice: random.Random, lead: Piece) -> Piece:
    figures = [f"{dice.randint(2, 400)}.{dice.randint(1, 99)}" for _ in range(4)]
    place = dice.choice(("我市", "我县", "全区", "全市"))
    body = (
        f"完成固定资产投资{figures[0]}亿元、增长{figures[1]}%，工业投资、民间投资分别增长{figures[2]}%、{figures[3]}%。"
    )
    more = f"{dice.randint(5, 60)}个重点项目共完成投资{dice.randint(10, 99)}.{dice.randint(1, 9)}亿元，完成全年目标任务的{dice.randint(30, 140)}%。"
    if dice.random() < 0.7:
        lead.body[-1] += body
    title = dice.choice((f"前三季度{place}", f"一季度{place}投资", f"{place}上半年成绩单"))
    return Piece([title], [body, more], "sidebar")


def _caption(dice: random.Random, title: str, sentences: tuple[str, ...]) -> Piece:
    del title
    where = dice.choice(("当湖街道", "城北社区", "柳埠村", "文化广场", "新港码头"))
    what = dice.choice(("邻里情深", "秋日好时光", "古渡新颜", "丰收时节", "书香满城", "欢乐开学季"))
    names = [person(dice) for _ in range(dice.choice((1, 1, 2)))]
    text = f"近日，{where}" + min(sentences[:4], key=len).removeprefix("据悉，")
    return Piece([what], [text], "caption", bylines=[("摄影", name) for name in names])


def _notice(dice: random.Random) -> Piece:
    street = dice.choice(("石桥路", "文昌街", "人民路", "解放街"))
    day = dice.randint(10, 28)
    body = [
        f"因{street}供水主管迁改，定于3月{day}日22时至{day + 1}日6时停水，影响{street}一带约{dice.randint(1, 40) * 100}户。请用户提前储水。",
        "云渡县水务公司",
        f"2025年3月{day - 3}日",
    ]
    return Piece([dice.choice(("停水公告", "停水通知", "关于临时停水的公告"))], body, "notice")


def _set_bylines(dice: random.Random, piece: Piece) -> list[str]:
    """The lines of the byline group: one line or several, letter-spaced or not, with a mark or without."""
    if not piece.bylines:
        return []
    mark = dice.choice(("■", "■", "■", "●", "□", ""))
    if piece.kind == "commentary":
        return [f"{mark or '■'}{piece.bylines[0][1]}"]
    spaced = dice.random() < 0.5
    roles: dict[str, list[str]] = {}
    for role, name in piece.bylines:
        roles.setdefault(role, []).append(" ".join(name) if len(name) == 2 and spaced else name)
    lines = []
    for role, names in roles.items():
        shown = "记 者" if role == "记者" and spaced and len(roles) > 1 else role
        gap = "：" if not spaced and dice.random() < 0.1 else " "
        if piece.kind == "caption" and len(names) == 2 and dice.random() < 0.5:
            lines += [f"{shown}{gap}{names[0]}", names[1]]
        else:
            lines.append(f"{shown}{gap}{' '.join(names)}")
    if len(lines) > 1 and dice.random() < 0.4:
        lines = [" ".join(lines)]
    return [mark + lines[0], *lines[1:]]
