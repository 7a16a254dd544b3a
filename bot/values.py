"""What short answers say, so that two can be compared: 20名 and 二十人 say the same, 4月28日 and 本月6日 do not."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bot.models import Asks, ScoredSentence
from index.text import fold

Relation = Literal["same", "other", "unknown"]

_CHINESE = "〇零一二两三四五六七八九十百千"
_NUMBER = rf"(?:\d[\d,]*(?:\.\d+)?|[{_CHINESE}]+)"
_FIGURE = re.compile(
    rf"(?P<low>{_NUMBER})(?:\s?[-—~～至到]\s?(?P<high>{_NUMBER}))?(?P<times>[十百千万亿]*)(?P<more>[余多]?)"
)
_TIMES = {"十": 10, "百": 100, "千": 1000, "万": 10**4, "亿": 10**8}
# What stands before a figure and makes it a bound or a guess.
_BELOW = re.compile(r"(?:近|将近|接近|不到|不足|至多|最多)$")
_ABOVE = re.compile(r"(?:超|超过|逾|至少|多达|突破|高于)$")
_ABOUT = re.compile(r"(?:约|大约|大概|左右|上下)$")
# Units that can be compared: their dimension, and how many of its first unit they are.
_UNITS = {
    **dict.fromkeys(("人", "名", "位", "人次", "口"), ("人", 1.0)),
    **dict.fromkeys(("元", "块", "块钱", "元钱", "钱"), ("元", 1.0)),
    **dict.fromkeys(("天", "日"), ("天", 1.0)),
    **dict.fromkeys(("个", "家", "户"), ("个", 1.0)),
    **dict.fromkeys(("周岁", "岁"), ("岁", 1.0)),
    **dict.fromkeys(("公斤", "千克"), ("公斤", 1.0)),
    **dict.fromkeys(("公里", "千米"), ("米", 1000.0)),
    "米": ("米", 1.0), "斤": ("公斤", 0.5), "吨": ("公斤", 1000.0), "克": ("公斤", 0.001),
    "平方米": ("平方米", 1.0), "亩": ("平方米", 666.7), "公顷": ("平方米", 1e4), "平方公里": ("平方米", 1e6),
    "分钟": ("分钟", 1.0), "小时": ("分钟", 60.0),
}  # fmt: skip

_FIGURE_OF_DATE = r"(?:\d{1,2}|[一二三四五六七八九十]{1,3})"
_YEAR = re.compile(r"(?P<four>\d{4}|[〇零一二三四五六七八九]{4})年|(?P<word>[今去明前本])年")
_MONTH = re.compile(rf"(?P<number>{_FIGURE_OF_DATE})月|(?P<word>[本上下])月")
_DAY = re.compile(rf"(?P<number>{_FIGURE_OF_DATE})[日号]|(?P<word>[昨今明前后])[天日晚]|(?P<same>当[天日晚])")
_CLOCK = re.compile(
    rf"(?P<part>凌晨|早上|早晨|清晨|上午|中午|下午|傍晚|晚上|晚|夜里|夜间)?(?:(?P<hour>{_FIGURE_OF_DATE})[点时](?!候|间|期)"
    rf"(?:(?P<half>半)|(?P<minute>{_FIGURE_OF_DATE})分?)?|(?P<digital>\d{{1,2}}:\d{{2}}))"
)
_DAYS = {"前": -2, "昨": -1, "今": 0, "明": 1, "后": 2}
_YEARS = {"前": -2, "去": -1, "今": 0, "本": 0, "明": 1}


@dataclass(frozen=True)
class Figure:
    """A number as the interval that its words leave open, in a dimension's first unit."""

    low: float
    high: float
    unit: str


@dataclass(frozen=True)
class When:
    """A date, as far as it is said, and the times of day in minutes."""

    parts: Mapping[str, int] = field(default_factory=dict)
    clocks: frozenset[int] = frozenset()


def relation(asks: Asks, one: ScoredSentence, other: ScoredSentence) -> Relation:
    """Tell whether two short answers to one question say the same, something else, or cannot be compared."""
    if one.answer_start is None or other.answer_start is None:
        return "unknown"
    ours, theirs = _text(one), _text(other)
    if ours == theirs:
        return "same"
    if asks == "number":
        return _compare_figures(figure(one), figure(other))
    if asks == "date":
        return _compare_dates(when(one), when(other))
    if ours in theirs or theirs in ours:
        return "same"
    return "other" if asks == "person" and _is_name(ours) and _is_name(theirs) else "unknown"


def figure(sentence: ScoredSentence) -> Figure | None:
    """The number in a short answer, None where there is none."""
    text, start = _text(sentence), sentence.answer_start or 0
    found = _FIGURE.search(text)
    if found is None:
        return None
    times = 1
    for mark in found["times"]:
        times *= _TIMES[mark]
    low, high, step = _interval(found, times)
    before = fold(sentence.hit.article.body[max(start - 3, 0) : start]) + text[: found.start()]
    behind = text[found.end() :]
    about = re.search(r"(?:以上|以下|以内|左右|上下)$", behind)
    unit = (behind[: about.start()] if about else behind).lstrip("多余来 ").strip()
    if found["more"] or _ABOVE.search(before) or (about and about.group() == "以上"):
        high += max(step, 0.15 * high)
    elif _BELOW.search(before) or (about and about.group() in ("以下", "以内")):
        low *= 0.85
    elif _ABOUT.search(before) or about:
        low, high = 0.9 * low, 1.1 * high
    known = max((name for name in _UNITS if unit.startswith(name)), key=len, default="")
    dimension, factor = _UNITS.get(known, (unit, 1.0))
    return Figure(low * factor, high * factor, dimension)


def _interval(found: re.Match[str], times: int) -> tuple[float, float, float]:
    """Lowest and highest value of a number as it is written, and the worth of its last figure."""
    values, step = [], 1.0
    for name in ("low", "high"):
        if text := found[name]:
            value = float(text.replace(",", "")) if text[0].isdigit() else float(_chinese(text))
            decimals = len(text.partition(".")[2])
            zeros = len(text) - len(text.rstrip("0")) if text.isdigit() and text.strip("0") else 0
            step = times * (10.0**-decimals if decimals else 10.0**zeros)
            values.append(value * times)
    # 6.7亿 may be 6.72亿; a plain 20 is 20.
    loose = step / 2 if times > 100 or "." in found.group() else 0.0
    return min(values) - loose, max(values) + loose, step


def _chinese(text: str) -> int:
    total, digit = 0, 0
    for character in text:
        if character in "十百千":
            total += (digit or 1) * _TIMES[character]
            digit = 0
        else:
            digit = 10 * digit + "〇一二三四五六七八九".find(character.replace("零", "〇").replace("两", "二"))
    return total + digit


def _compare_figures(ours: Figure | None, theirs: Figure | None) -> Relation:
    if ours is None or theirs is None or (ours.unit != theirs.unit):
        return "unknown"
    return "same" if ours.low <= theirs.high and theirs.low <= ours.high else "other"


def when(sentence: ScoredSentence) -> When:
    """The date and times of day in a short answer; 今年, 本月 and 昨天 are reckoned from the article's date."""
    text = _text(sentence)
    published = sentence.hit.article.published
    parts: dict[str, int] = {}
    if found := _YEAR.search(text):
        if found["four"]:
            parts["year"] = int("".join(str(_chinese(c)) if not c.isdigit() else c for c in found["four"]))
        elif published:
            parts["year"] = published.year + _YEARS[found["word"]]
    if found := _MONTH.search(text):
        if found["number"]:
            parts["month"] = _small(found["number"])
        elif published:
            parts["month"] = (published.month - 1 + {"上": -1, "本": 0, "下": 1}[found["word"]]) % 12 + 1
    if found := _DAY.search(text):
        if found["number"]:
            parts["day"] = _small(found["number"])
            if "month" not in parts and published:  # 10日 of a daily is this month's
                parts["month"] = published.month
        elif found["word"] and published:
            day = published + dt.timedelta(_DAYS[found["word"]])
            parts |= {"month": day.month, "day": day.day}
    clocks = (_minutes(found) for found in _CLOCK.finditer(text))
    return When(parts, frozenset(minutes for minutes in clocks if minutes is not None))


def _minutes(found: re.Match[str]) -> int | None:
    if found["digital"]:
        hour, minute = map(int, found["digital"].split(":"))
    else:
        hour = _small(found["hour"])
        minute = 30 if found["half"] else _small(found["minute"]) if found["minute"] else 0
    late = found["part"] in ("下午", "傍晚", "晚上", "晚", "夜里", "夜间") and hour < 12
    return (hour + 12 * late) * 60 + minute if hour <= 24 and minute < 60 else None


def _small(text: str) -> int:
    return int(text) if text.isdigit() else _chinese(text)


def _compare_dates(ours: When, theirs: When) -> Relation:
    if ours.clocks and theirs.clocks and not ours.clocks & theirs.clocks:
        return "other"
    shared = ours.parts.keys() & theirs.parts.keys()
    if any(ours.parts[part] != theirs.parts[part] for part in shared):
        return "other"
    return "same" if shared or (ours.clocks and theirs.clocks) else "unknown"


def _text(sentence: ScoredSentence) -> str:
    return fold(sentence.hit.article.body[sentence.answer_start : sentence.answer_end])


def _is_name(text: str) -> bool:
    return re.fullmatch(r"[一-鿿]{2,4}|[一-鿿]+·[一-鿿·]+", text) is not None
