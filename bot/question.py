"""Reading a question: what kind of answer it wants, in Chinese, in English or in keywords."""

from __future__ import annotations

import re

from bot.models import Asks, Question
from index.errors import QuestionError
from index.text import fold

LONGEST = 500

_TELEPHONE = r"(?:哪个|什么)电话|(?:电话|热线)(?:号码?)?(?:是?多少|是什么|是)?[?？]?$|\b(?:phone|hotline)(?: number)?\b"

# First match wins: 多少人 asks for a number although 人 could be a person.
_KINDS: tuple[tuple[Asks, re.Pattern[str]], ...] = (
    ("why", re.compile(r"为什么|为何|为啥|怎么|如何|怎样|\bwhy\b|\bhow (?:do|does|did|can|is|are|was|were|to)\b")),
    (
        "date",
        re.compile(
            r"什么时[候间]|何时|啥时|哪[一]?[天年月日]|哪个月|几[月号点时日]|日期|时间$|\bwhen\b|\b(?:what|which) (?:year|date|time|day|month)\b"
        ),
    ),
    (
        "number",
        re.compile(
            r"多少|(?<!哪)几(?!乎|何|近)|多[大高长远重久宽深]|第几|[人次数总户件台辆]数|数量|金额|比例|占比|增速|面积|产量|总额|价格|岁数|年龄$"
            rf"|{_TELEPHONE}|\bhow (?:many|much|long|old|far|tall|large|big|high)\b|\bnumber of\b"
        ),
    ),
    ("list", re.compile(r"哪些|哪几|有什么|分别是|\bwhich \w+s\b|\bwhat are\b")),
    (
        "organisation",
        re.compile(
            r"哪[一]?[家所]|哪个(?:公司|企业|单位|部门|机构|学校|大学|医院|银行|集团)|\bwhich (?:company|school|agency)\b"
        ),
    ),
    ("person", re.compile(r"谁|哪[一]?位|何人|什么人|姓名|\bwho\b|\bwhose\b")),
    (
        "place",
        re.compile(
            r"哪里|哪儿|在哪|何处|何地|什么地方|地[点址]|哪个(?:国家|省|城市|市|县|区|镇|街道|乡|村|社区|地方|地区)|\bwhere\b"
        ),
    ),
    (
        "yesno",
        re.compile(
            r"吗[?？]?$|是否|是不是|有没有|能不能|会不会|可以不可以|^(?:is|are|was|were|do|does|did|has|have|can|will)\b"
        ),
    ),
    ("definition", re.compile(r"^什么是|是什么[?？]?$|指(?:的是)?什么|何为|\bwhat (?:is|was)\b")),
)
_UNIT = re.compile(
    r"(?:多少|几|第几)(?:[百千万亿]+)?(?P<unit>公斤|千克|公里|千米|平方米|平方公里|立方米|公顷|分钟|小时|个月|个百分点|欧元|美元|万元"
    r"|亿元|[人名位个项家户元块钱岁天年吨亩米次场届件套组辆台只头条座所间期公里斤克升度层楼号路])"
)
_ENGLISH_UNITS = (
    (re.compile(r"\bhow many (?:people|workers|persons|employees|residents|students)\b"), "人"),
    (re.compile(r"\bhow old\b"), "岁"),
)
# What is measured, not counted, and the unit that stands for all units of its kind.
_MEASURED = (
    (re.compile(r"多少水(?![库果产稻泥平电])"), "立方米"),
    (re.compile(r"多少电(?![影视话脑梯动])"), "千瓦时"),
    (re.compile(r"多少(?:粮|煤|油(?!田)|垃圾)"), "吨"),
    (re.compile(_TELEPHONE), "电话"),
)
# What a time asked for must name; 什么时候 takes any.
_DATE_UNITS = (
    (re.compile(r"几点|\bwhat time\b"), "点"),
    (re.compile(r"哪[一]?[天日]|几[号日]|\bwhat (?:day|date)\b"), "日"),
    (re.compile(r"哪[一个]*月|几月|\bwhat month\b"), "月"),
    (re.compile(r"哪[一]?年|几几年|\b(?:what|which) year\b"), "年"),
)
# Asking words of speech and of Cantonese, and what the network and the patterns above know.
_SPOKEN = (
    (re.compile(r"啥时候?|(?<!好)几时(?!间)|多会儿"), "什么时候"),
    (re.compile(r"啥"), "什么"),
    (re.compile(r"咋样"), "怎么样"),
    (re.compile(r"咋(?![舌呼])"), "怎么"),
    (re.compile(r"(?<!没)几多"), "多少"),
    (re.compile(r"(?<![一二两三四五六七八九十几\d半早晚景站网])点解(?![决释除放])"), "为什么"),
    (re.compile(r"(?<![这那左右东西南北一两旁周手身路海江河湖])边个"), "谁"),
    (re.compile(r"(?<![海江河湖路身周])边度(?![假过])"), "哪里"),
)
_MONEY = re.compile(r"多少钱|价格|金额|投资|收入|费用|产值|补贴|奖金|工资|\bhow much (?:money|did|does|was)\b|\bcost\b")


def read(text: str) -> Question:
    """Read a question as typed.

    Raises:
        QuestionError: It is empty, has nothing to search for, or is longer than 500 characters.
    """
    text = text.strip()
    if not text:
        raise QuestionError("the question is empty: ask something, e.g. 净菜工坊要用多少人？")
    if len(text) > LONGEST:
        raise QuestionError(f"the question has {len(text):,} characters: ask in at most {LONGEST}")
    search = " ".join(fold(text).split())
    for spoken, written in _SPOKEN:
        search = spoken.sub(written, search)
    if not any(character.isalnum() for character in search):
        raise QuestionError("the question has no word or number to look for")
    asks: Asks = next((kind for kind, pattern in _KINDS if pattern.search(search)), "other")
    return Question(text=text, search=search, asks=asks, unit=_unit(search, asks))


def _unit(search: str, asks: Asks) -> str | None:
    if asks == "date":
        return next((unit for pattern, unit in _DATE_UNITS if pattern.search(search)), None)
    return _counted(search) if asks == "number" else None


def _counted(search: str) -> str | None:
    if found := _UNIT.search(search):
        return found["unit"]
    if unit := next((unit for pattern, unit in _ENGLISH_UNITS if pattern.search(search)), None):
        return unit
    if unit := next((unit for pattern, unit in _MEASURED if pattern.search(search)), None):
        return unit
    if found := re.search(r"[人户件台辆](?=数)", search):
        return found.group()
    if re.search(r"多大年纪|年龄", search):
        return "岁"
    return "元" if _MONEY.search(search) else None
