"""A page's furniture: paper, date and page number are read from it; it belongs to no article."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from index.models import Line, Page, page_of

JUMP = re.compile(
    r"[（(【]?(?P<way>下转|紧接|转|上接|接)第?(?P<page>[A-Z]?\d{1,2}|[一二三四五六七八九十]+)版[^。]{0,8}[）)】]?"
)
_DATE = re.compile(r"(?P<y>\d{4})年(?P<m>\d{1,2})月(?P<d>\d{1,2})日")
_NUMBER = re.compile(r"(?:第)?(?P<a>[A-Z]?\d{1,2})版|(?P<b>[A-Z]?\d{1,2})$|第(?P<c>[一二三四五六七八九十]{1,3})版")
_DIGITS = "零一二三四五六七八九"
_MARKS = re.compile(
    r"责任?编辑|责编|值班(?:主任|编委|总编)|版式|校对|组版|美编|电话[:：]?\d|热线[:：]?\d|新闻热线|投稿|邮箱|邮编|网址|"
    r"www\.|https?:|@|农历|星期[一二三四五六日天]|国内统一|CN\d\d|ISSN|年[正一二三四五六七八九十冬腊]+月[初十廿一二三四五六七八九]*|"
    r"总第\d|今日\d+版|本报地址|广告|印刷|零售|定价"
)
_PAPER = re.compile(
    r"[一-鿿]{1,8}(?:日报|晚报|时报|早报|晨报|周报|商报|都市报|新闻|导报|快报|青年报|法治报|农民报)(?:[一-鿿]{1,4}版)?"
)
_SECTION = re.compile(r"[一-鿿]{2,4}|要闻|综合|[A-Za-z ]{3,30}")


def furniture(page: Page) -> tuple[Page, frozenset[int]]:
    """Read paper, date and page from head and foot of a page, where `page` lacks them; say which lines these are.

    Only stretches of lines between blank ones are furniture, at most five from either end, without a gap.
    """
    groups = _groups(page.lines)
    found: dict[str, object] = {}
    used: set[int] = set()
    for ordered in (groups, groups[::-1]):
        taken = 0
        for group in ordered[:8]:
            if not (all(_is_furniture(line, group) for line in group) or _is_folio(group)):
                break
            taken += 1
            used |= {line.number for line in group}
        for group in ordered[:taken]:
            for line in group:
                _read(line, found)
        if not taken and ordered is groups:  # a head may stand on the first lines of the first article's group
            head = _head(groups[0]) if groups else []
            used |= {line.number for line in head}
            for line in head:
                _read(line, found)
    if page.number is not None or page.label is not None:
        found.pop("number", None), found.pop("label", None)
    kept = {name: value for name, value in found.items() if getattr(page, name) is None}
    return page.model_copy(update=kept), frozenset(used)


def _groups(lines: Sequence[Line]) -> list[list[Line]]:
    groups: list[list[Line]] = [[]]
    for line in lines:
        last = groups[-1][-1] if groups[-1] else None
        if last and last.box and line.box and abs(last.box.top - line.box.top) > 2 * (line.size or 0.0):
            groups.append([])
        if line.text.strip():
            groups[-1].append(line)
        elif groups[-1]:
            groups.append([])
    return [group for group in groups if group]


def _squeezed(line: Line) -> str:
    return "".join(line.text.split())


def _is_furniture(line: Line, group: Sequence[Line]) -> bool:
    content = _squeezed(line)
    if len(content) > 70 or "。" in content or JUMP.fullmatch(content):
        return False
    plain = bool(_DATE.fullmatch(content) or _SECTION.fullmatch(content) or re.fullmatch(r"\d{1,2}", content))
    if _MARKS.search(content) or _PAPER.fullmatch(content):
        return not re.search("[，；]", content)
    if number := _NUMBER.match(content):
        return len(content) - number.end() <= 6
    others = [_squeezed(other) for other in group if other is not line]
    return plain and ((bool(_DATE.match(content)) and not others) or any(_is_sure(other) for other in others))


def _is_folio(group: Sequence[Line]) -> bool:
    """Whether a group is one row with two marks of a page's head in it: what stands between them belongs there too."""
    tops = [line.box.top for line in group if line.box]
    contents = [_squeezed(line) for line in group]
    return (
        len(tops) == len(group)
        and max(tops) - min(tops) < 0.5 * (group[0].size or 0.0)
        and sum(map(_is_sure, contents)) >= 2
        and not any(re.search("[。，；]", content) for content in contents)
    )


def _is_sure(content: str) -> bool:
    return bool(_MARKS.search(content) or _PAPER.fullmatch(content) or re.match(r"第?[A-Z]?\d{1,2}版", content))


def _head(group: Sequence[Line]) -> list[Line]:
    taken: list[Line] = []
    for line in group[:6]:
        if not _is_furniture(line, group) or (not _is_sure(_squeezed(line)) and not _DATE.match(_squeezed(line))):
            break
        taken.append(line)
    return taken


def _read(line: Line, found: dict[str, object]) -> None:
    content = _squeezed(line)
    if date := _DATE.search(content):
        try:
            found.setdefault("published", dt.date(int(date["y"]), int(date["m"]), int(date["d"])))
        except ValueError:
            return
    number = _NUMBER.match(content) or re.search(r"第(?P<a>[A-Z]?\d{1,2})版", content)
    if number:
        groups = number.groupdict()
        shown = groups.get("a") or groups.get("b")
        if shown is None and (numeral := groups.get("c")) in list(_DIGITS):
            shown = str(_DIGITS.index(str(numeral)))
        if shown and shown.strip("0") and "number" not in found:
            found["number"], found["label"] = page_of(shown)
    if paper := _PAPER.fullmatch(content):
        found.setdefault("paper", paper.group())
