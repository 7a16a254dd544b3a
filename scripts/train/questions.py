"""Questions made by rule from news sentences: a number, a date, a person or a place is asked back.

Chinese asks in place (她带了多少斤苹果), so a clause with its answer replaced is a question already;
dropping clauses, moving the asking word and keyword forms keep it from being a mere copy of the sentence.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

from index.lexical import tagger
from index.text import sentences

_NUMBER = re.compile(
    r"(?<![\d.第])(?P<number>(?:\d[\d,]*(?:\.\d+)?|[二两三四五六七八九十][一二三四五六七八九十]{0,2})[百千万亿]*[余多]?)\s?"
    r"(?P<unit>平方公里|平方米|公里|公斤|千克|小时|分钟|个月|亿元|万元|美元|元|人次|[人名位岁年天家户个座所吨亩米次场件套辆台只款项种部棵条])"
    r"(?![月日\d])"
)
_DATE = re.compile(r"(?:\d{4}年)?\d{1,2}月(?:\d{1,2}日)?(?:[上下]午|晚)?|\d{4}年(?!\d)")
_PLACE = re.compile(
    r"[在于](?P<place>[一-鿿]{2,12}?(?:省|市|县|区|镇|村|街道|社区|公园|体育馆|中心|大学|广场|路|国|京|海))(?=举[行办]|召开|开[幕展业]|成立|发生|启动|签|落)"
)
_PERSON = re.compile(
    r"(?P<post>[一-鿿A-Za-z·]{2,14}?(?:主任|书记|局长|市长|镇长|县长|院长|校长|处长|部长|会长|队长|董事长|总经理|经理|总裁|教授|主席|总统|总理|创始人|负责人|发言人|主教练|研究员|分析师|CEO))"
    r"(?P<name>[一-鿿]{2,3}|[一-鿿]{2,6}·[一-鿿]{2,6})(?=表示|说|介绍|认为|指出|称|告诉|[，、（])"
)
_UNFIT = re.compile(r"[？?]|记者|原标题|广告|[讯电]\s?[（(]|\d版|编辑|责编|截至.{0,12}收盘")
_CLAUSE = re.compile(r"[，；：。！？,;]")
_UNIT_NOUN = {
    "人": "人数",
    "名": "人数",
    "位": "人数",
    "元": "金额",
    "万元": "金额",
    "亿元": "金额",
    "美元": "金额",
    "岁": "年龄",
}
_UNIT_NOUN |= {
    "平方米": "面积",
    "平方公里": "面积",
    "亩": "面积",
    "公里": "长度",
    "家": "数量",
    "吨": "重量",
    "小时": "时长",
}
_EASIER = (
    ("举行", "举办"),
    ("发布", "公布"),
    ("达到", "有"),
    ("共计", "一共"),
    ("启动", "开始"),
    ("位于", "在"),
    ("预计", "估计"),
)
_EMPTY = re.compile(
    r"^(?:据悉|据了解|据介绍|其中|此外|同时|目前|截至目前|另外|而|并且?|但是?|不过|因此|他|她|它|其|该|这|记者|日前|近日)[，,]?"
)


@dataclass(frozen=True)
class Made:
    """A question made from a sentence; `start` and `end` are the answer's offsets in the article's body."""

    question: str
    kind: str
    start: int
    end: int


def ask(body: str, dice: random.Random) -> Iterator[Made]:
    """Yield questions that sentences of `body` answer, at most one a sentence."""
    anchor = _anchor(body)
    for first, last in sentences(body):
        sentence = body[first:last]
        if not 12 <= len(sentence) <= 140 or _UNFIT.search(sentence):
            continue
        # Persons and places stand in few sentences, so they have the first choice.
        rare, common = [_person, _place], [_number, _number, _date]
        dice.shuffle(common)
        for maker in rare + common:
            made = maker(sentence, anchor, dice)
            if made:
                question, kind, start, end = made
                if 5 <= len(question) <= 60:
                    yield Made(question, kind, first + start, first + end)
                break


def _number(sentence: str, anchor: str, dice: random.Random) -> tuple[str, str, int, int] | None:
    found = _pick(_NUMBER, sentence, dice)
    if not found or (found["unit"] == "年" and len(found["number"]) == 4):
        return None
    unit = found["unit"]
    asking = "几" + unit if unit in "个位名次场天家" and dice.random() < 0.3 else "多少" + unit
    if unit in ("元", "万元", "亿元") and dice.random() < 0.6:
        asking = "多少钱"
    if unit == "岁":
        asking = dice.choice(("多大", "多少岁", "几岁"))
    before, after = _clause(sentence, found.start(), found.end())
    if dice.random() < 0.25:
        question = _keywords(before + after, anchor, _UNIT_NOUN.get(unit, "数量"), dice)
    else:
        question = _finish(before, asking, after, anchor, dice)
    return question, "number", found.start(), found.end()


def _date(sentence: str, anchor: str, dice: random.Random) -> tuple[str, str, int, int] | None:
    found = _pick(_DATE, sentence, dice)
    if not found:
        return None
    before, after = _clause(sentence, found.start(), found.end())
    rest = (before + after).strip("，, ")
    if len(after.strip()) < 4:
        return None
    asking = dice.choice(("什么时候", "什么时候", "哪天" if "日" in found.group() else "何时", "何时"))
    if "年" in found.group() and "月" not in found.group():
        asking = dice.choice(("哪一年", "哪年", "什么时候"))
    if dice.random() < 0.25:
        question = _keywords(rest, anchor, dice.choice(("时间", "日期", "什么时候")), dice)
    elif dice.random() < 0.3:
        question = _finish("", "", rest + dice.choice(("是什么时候", "的时间是哪天", "是哪一天")), anchor, dice)
    else:
        question = _finish(before, asking, after.lstrip("，,"), anchor, dice)
    return question, "date", found.start(), found.end()


def _person(sentence: str, anchor: str, dice: random.Random) -> tuple[str, str, int, int] | None:
    found = _pick(_PERSON, sentence, dice)
    if not found or not _is_name(found["name"]):
        return None
    post = found["post"]
    roll = dice.random()
    if roll < 0.2:
        question = f"{post} {dice.choice(('姓名', '是谁', '名字'))}"
    elif roll < 0.7:
        question = dice.choice((f"{post}是谁", f"谁是{post}", f"{post}叫什么名字", f"{post}是哪位"))
    else:
        _, after = _clause(sentence, found.start(), found.end())
        question = "谁" + (after if len(after) > 8 else post)
    return _mark(question, dice), "person", found.start("name"), found.end("name")


def _place(sentence: str, anchor: str, dice: random.Random) -> tuple[str, str, int, int] | None:
    found = _pick(_PLACE, sentence, dice)
    if not found:
        return None
    before, after = _clause(sentence, found.start("place"), found.end("place"))
    if dice.random() < 0.25:
        question = _keywords(before + after, anchor, dice.choice(("地点", "在哪里", "地址")), dice)
    else:
        question = _finish(before, dice.choice(("哪里", "什么地方", "哪儿", "哪个地方")), after, anchor, dice)
    return question, "place", found.start("place"), found.end("place")


def _pick(pattern: re.Pattern[str], sentence: str, dice: random.Random) -> re.Match[str] | None:
    found = list(pattern.finditer(sentence))
    return dice.choice(found) if found else None


def _clause(sentence: str, start: int, end: int) -> tuple[str, str]:
    """What stands before and after sentence[start:end] in its clause; a short clause takes the one before it too."""
    marks = [m.end() for m in _CLAUSE.finditer(sentence, 0, start)]
    first = marks[-1] if marks else 0
    if start - first < 6 and len(marks) > 0:
        first = marks[-2] if len(marks) > 1 else 0
    following = _CLAUSE.search(sentence, end)
    last = following.start() if following else len(sentence)
    if last - end < 3 and following and start - first < 6:
        further = _CLAUSE.search(sentence, following.end())
        last = further.start() if further else len(sentence)
    return sentence[first:start], sentence[end:last]


def _finish(before: str, asking: str, after: str, anchor: str, dice: random.Random) -> str:
    before = _EMPTY.sub("", before.strip())
    if len(before) > 24 and "，" in before:
        before = before.split("，", 1)[1]
    question = (before + asking + after).strip("，, 、；")
    # Adverbs and adjectives are what a resident would not type.
    if dice.random() < 0.4:
        question = "".join(
            word for word, flag in tagged(question) if flag not in ("ad", "a", "d", "b") or word[0] in "多几哪何"
        )
    for written, spoken in _EASIER:
        if written in question and dice.random() < 0.5:
            question = question.replace(written, spoken, 1)
    if anchor and anchor not in question and (not _names(question) or dice.random() < 0.25):
        question = anchor + dice.choice(("", "的", " ", "，")) + question
    return _mark(question, dice)


def _keywords(clause: str, anchor: str, noun: str, dice: random.Random) -> str:
    """净菜工坊 人数: the clause's names, nouns and verbs, few of them, with what is asked behind."""
    kept = [w for w, flag in tagged(clause) if len(w) > 1 and flag[0] in "nvjl" and not w[0].isdigit()]
    kept = list(dict.fromkeys(kept))
    if len(kept) > 3:
        kept = [w for w in kept if w in dice.sample(kept, 3)]
    if anchor and anchor not in kept and dice.random() < 0.7:
        kept.insert(0, anchor)
    return dice.choice((" ", " ", "")).join([*kept, noun]) if len(kept) > 1 else ""


def _mark(question: str, dice: random.Random) -> str:
    roll = dice.random()
    return question + ("？" if roll < 0.6 else "?" if roll < 0.7 else "")


def _anchor(body: str) -> str:
    """What the article is about: the first name of an organisation, work or person in it."""
    for first, last in sentences(body)[:2]:
        found = tagged(body[first:last])
        names = [
            w
            for w, flag in found
            if (flag in ("nt", "nz", "ns") and len(w) > 1) or (flag in ("nr", "nrt") and len(w) > 2)
        ]
        if names:
            return names[0]
    return ""


def _names(text: str) -> bool:
    return any(flag in ("nt", "nz", "nr", "nrt", "ns", "eng") and len(word) > 1 for word, flag in tagged(text))


def _is_name(text: str) -> bool:
    return "·" in text or any(flag in ("nr", "nrt") and word == text for word, flag in tagged(text))


def tagged(text: str) -> list[tuple[str, str]]:
    """Words with part-of-speech flags (jieba: nr person, ns place, nt organisation, nz other name)."""
    return [(pair.word, pair.flag) for pair in tagger().cut(text)]
