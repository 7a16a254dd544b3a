"""What each stretch of a page's lines is: furniture, a byline, headlines, a jump mark, or a body."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from index.models import Byline, Line, Page

Sort = Literal["body", "headline", "byline", "jump"]

_ROLES = "本报记者|见习记者|实习记者|首席记者|特约记者|记者|通讯员|实习生|摄影|摄|制图|图表|图|文|整理|统筹|编辑|作者|讲述|口述|撰文|供图"
_BYLINE = re.compile(rf"^[■●◆□▲]?(?:(?:{_ROLES})(?:[/、]?(?:{_ROLES}))*[:：]?)")
_ROLE = re.compile(rf"(?:{_ROLES})(?:[/、](?:{_ROLES}))*")
_NAMES = re.compile(r"[一-鿿·]{2,6}")
JUMP = re.compile(
    r"^[（(【]?(?P<way>下转|紧接|转|上接|接)第?(?P<page>[A-Z]?\d{1,2}|[一二三四五六七八九十]+)版[^。]{0,8}[）)】]?$"
)
_DATE = re.compile(r"(?P<y>\d{4})年(?P<m>\d{1,2})月(?P<d>\d{1,2})日")
_PAGE = re.compile(r"^(?:第)?(?P<n>[A-Z]?\d{1,2})版|^(?:[A-Z])?(?P<m>\d{1,2})$")
_FURNITURE = re.compile(
    r"责任?编辑|责编|版式|校对|组版|美编|电话|热线|投稿|邮箱|邮编|网址|www\.|https?:|农历|星期[一二三四五六日]|国内统一|CN\d|年[正一二三四五六七八九十冬腊]月|总第|今日\d+版"
)
_PAPER = re.compile(
    r"^(?P<name>[一-鿿]{1,8}(?:日报|晚报|时报|早报|晨报|周报|商报|都市报|新闻|导报|快报)(?:[一-鿿]{1,4}版)?)$"
)
END = "。！？!?…”）)；;"


@dataclass
class Block:
    """Lines of one sort that stand together, blank lines between them forgotten."""

    sort: Sort
    lines: list[Line] = field(default_factory=list)


def squeezed(line: Line) -> str:
    """The line without any white space."""
    return "".join(line.text.split())


def width(text: str) -> float:
    """Width in characters of a Chinese font: a Latin letter or a digit is half of one."""
    return sum(1.0 if unicodedata.east_asian_width(c) in "WFA" else 0.5 for c in text)


def furniture(page: Page) -> tuple[Page, int]:
    """Read paper, date and page from the head of a page, where `page` lacks them; say how many lines that took."""
    found: dict[str, object] = {}
    used = 0
    for at, line in enumerate(page.lines[:12]):
        content = squeezed(line)
        if not content:
            continue
        date, number, paper = _DATE.search(content), _PAGE.match(content), _PAPER.match(content)
        marked = bool(date or _FURNITURE.search(content)) and len(content) < 60
        if not (marked or paper or (number and len(content) < 12)) or "。" in content or JUMP.match(content):
            break
        if date:
            try:
                found.setdefault("published", dt.date(int(date["y"]), int(date["m"]), int(date["d"])))
            except ValueError:
                break
        if number and (digits := re.search(r"\d+", number.group())):
            found.setdefault("number", int(digits.group()))
        if paper:
            found.setdefault("paper", paper["name"])
        used = at + 1
    kept = {name: value for name, value in found.items() if getattr(page, name) is None}
    return page.model_copy(update=kept), used


def bylines(lines: Sequence[Line]) -> tuple[Byline, ...]:
    """The people of a byline group; one-character parts of letter-spaced names are put together (陶 冶)."""
    role = ""
    found: list[Byline] = []
    for line in lines:
        content = re.sub(r"^[■●◆□▲]", "", line.text.strip())
        content = re.sub(r"记\s+者", "记者", re.sub(r"摄\s+影", "摄影", re.sub(r"制\s+图", "制图", content)))
        at = 0
        marks = list(_ROLE.finditer(content)) if _BYLINE.match(re.sub(r"\s", "", content)) else []
        for mark in [*marks, None]:
            found += [Byline(role=role, name=name) for name in _names(content[at : mark.start() if mark else None])]
            if mark:
                role, at = mark.group(), mark.end()
    return tuple(found)


def _names(content: str) -> list[str]:
    parts = re.split(r"[\s　、,，:：/]+", content.strip())
    names: list[str] = []
    held = ""
    for part in parts:
        if len(part) == 1 and not held:
            held = part
        else:
            names.append(held + part)
            held = ""
    return [name for name in [*names, held] if _NAMES.fullmatch(name)]


def is_byline(content: str) -> bool:
    """Tell whether a line without white space is a byline: a role and names, or ■ and a name, and nothing else."""
    if re.fullmatch(r"[■●◆□▲][一-鿿]{2,4}", content):
        return True
    if not _BYLINE.match(content) or len(content) > 40:
        return False
    rest = _ROLE.sub(" ", re.sub(r"^[■●◆□▲]", "", content))
    return bool(rest.split()) and all(re.fullmatch(r"[一-鿿·、/:：]{2,24}", part) for part in rest.split())


def blocks(lines: Sequence[Line]) -> list[Block]:
    """Tell the lines of a page apart, in their order."""
    told = [piece for group in _groups(lines) for piece in _pieces(group)]
    found: list[Block] = []
    for at, piece in enumerate(told):
        last = found[-1] if found and found[-1].sort == "body" else None
        behind = told[at + 1] if at + 1 < len(told) and told[at + 1].sort == "body" else None
        if piece.sort == "headline" and _runs_on(piece, last, behind):
            piece.sort = "body"
        if piece.sort == "body" and last:
            last.lines += piece.lines
        else:
            found.append(piece)
    return found


def _groups(lines: Sequence[Line]) -> Iterator[list[Line]]:
    group: list[Line] = []
    for line in lines:
        if line.text.strip():
            group.append(line)
        elif group:
            yield group
            group = []
    if group:
        yield group


def _pieces(group: list[Line]) -> Iterator[Block]:
    """Split lines that stand together into bylines, jump marks and text."""
    piece: Block | None = None
    for line in group:
        content = squeezed(line)
        name_only = piece is not None and piece.sort == "byline" and re.fullmatch(r"[一-鿿]{2,4}", content)
        sort: Sort = "jump" if JUMP.match(content) else "byline" if is_byline(content) or name_only else "body"
        if piece and piece.sort == sort and sort != "jump":
            piece.lines.append(line)
        else:
            if piece:
                yield from _told(piece)
            piece = Block(sort, [line])
    if piece:
        yield from _told(piece)


def _told(piece: Block) -> Iterator[Block]:
    """Tell headlines from bodies; headlines right behind a body's last line are cut off it."""
    if piece.sort != "body":
        yield piece
        return
    contents = [squeezed(line) for line in piece.lines]
    last_end = max(
        (at for at, content in enumerate(contents) if content[-1] in "。！？”" and "。" in content + "。"), default=-1
    )
    has_stop = any("。" in content or content[-1] in "，、；" for content in contents)
    if not has_stop and len(contents) < 5:
        yield Block("headline", piece.lines)
        return
    tail = contents[last_end + 1 :]
    is_tail_headline = (
        0 <= last_end < len(contents) - 1
        and len(tail) <= 3
        and contents[last_end][-1] in "。！？"
        and not any(re.search("[，。、；]", content) for content in tail)
        and max(map(width, contents[: last_end + 1])) - width(contents[last_end]) > 1.5
        and not any(_DATE.fullmatch(content) for content in tail)
    )
    if is_tail_headline:
        yield Block("body", piece.lines[: last_end + 1])
        yield Block("headline", piece.lines[last_end + 1 :])
    else:
        yield piece


def column_width(block: Block) -> float:
    """Width of the column that a body is set in: that of its widest lines but one in ten."""
    widths = sorted(width(squeezed(line)) for line in block.lines)
    return widths[int(0.9 * (len(widths) - 1))]


def _runs_on(piece: Block, before: Block | None, behind: Block | None) -> bool:
    """Tell whether lines without a full stop are a fragment of the body before or behind them, cut off by a blank line."""
    contents = [squeezed(line) for line in piece.lines]
    first, last = contents[0], contents[-1]
    marks = sum(content.count(mark) for content in contents for mark in "，、；：…")
    if behind and marks and last[-1] not in "。！？":
        start = squeezed(behind.lines[0])
        if start[0] in "“‘" and abs(width(last) - column_width(behind)) <= 2:
            return True
        # A paragraph's first line has lost its indent of two characters.
        fills = [
            abs(width(line.text) + indent - column_width(behind)) <= 2
            for line, indent in zip(piece.lines, [2.0] + [0.0] * len(contents), strict=False)
        ]
        if marks > 1 or all(fills[1:] if len(fills) > 1 else fills):
            return True
    if before is None or squeezed(before.lines[-1])[-1] in "。！？”":
        return False
    return first[0] in "“‘《，。" or abs(width(first) - column_width(before)) <= 1.5
