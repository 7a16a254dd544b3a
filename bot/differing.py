"""Articles that contradict one another: both are quoted, and the answer says so. Said wrongly, it is worse than not said."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.models import Question, ScoredSentence
from bot.values import relation
from index.lexical import words
from index.text import fold

# A sentence whose score is this share of the best one's is near it.
_NEAR = 0.45
_FAR = 200
# Share of the words of one sentence and its headline that the other's passage has, in the better direction.
_IN_COMMON = 0.3
# 柳溪村 and 河湾村, 3号线 and 5号线: what kind of place, school, company or number it is, and the two characters before.
_NAME = re.compile(
    r"[一-鿿](?<![的在了和与及为从到对是由县市省全本我各该两新老每])[一-鿿](?<![的在了和与及为从到对是由全本我各该两每])"
    r"(?:村|镇|乡|街道|社区|县|市|区|省|路|高速|大道|大桥|铁路|机场|港|水库|站|馆|厂|店|公司|集团|小学|中学|大学|学院|医院)"
    r"|[a-z]?\d+(?:路|号线|号楼|期|届|幢|栋|次列车)"
)
# What makes two figures of one thing two figures, and two dates two: what was done and what is planned, by whom, when.
_ROLE = {
    "number": re.compile(
        r"总(?=投资|产|面积|长|额|数|量|人|价)|完成|累计|共计|当[日天]|单日|新增|其中|日均|年均|月均|平均|人均|每[天日周月季年人户家亩斤次]|首[批期]"
        r"|[一二三四]期|第[一二三四五六]|增长|下降|增加|减少|同比|比去年|去年|前年|上半年|下半年|前[一二两三四五六七八九十\d]+个?[月季]"
        r"|[一二三四]季度|原|曾|最[多少高低大小]|[一二三四特][级等类]|男|女|常住|户籍|外来|老年|农村|城镇|[岁元]以[上下]"
    ),
    "date": re.compile(
        r"开工|动工|贯通|通车|合龙|竣工|完工|启用|投用|试运行|试营业|报名|开幕|闭幕|开始|起|结束|截止|至|开放|开门|闭馆|关门|开学|放假"
    ),
    "person": re.compile(r"副|原|前任|曾|代理|名誉|第[一二三]|党|支部"),
}
_YEAR = re.compile(r"\d{4}年|[今去明前]年")
_PERIOD = re.compile(
    r"(?<!\d)\d{1,2}月(?:\d{1,2}日)?|元旦|春节|清明|五一|端午|中秋|国庆|[春夏秋冬][季天]|暑[假期]|寒假|[上下]半年|前[一二两三四五六七八九十\d]+个?(?:季度|月)|第?[一二三四]季度"
)
_QUOTED = re.compile(r"[“「『《]([^”」』》\n]{2,10})[”」』》]")
# 今年的花灯会 and 举行花灯会 are no two fairs, as 春季招聘会 and 秋季招聘会 are.
_BEFORE = r"([一-鿿](?<![的在了和与及为从到对是由将])[一-鿿](?<![的在了和与及为从到对是由将第]))"
_PLAIN = re.compile(
    r"[今去昨当明][年天日]|目前|如今|现在|[本这该此][次届]|[举进]行|举办|发生|参加|开展|记者|介绍|我[县市]|全[县市]"
)
_CHINESE = re.compile(r"[一-鿿]")


def differing(question: Question, sentences: Sequence[ScoredSentence]) -> tuple[ScoredSentence, ...]:
    """Two sentences that answer one question in two ways, the newer article's first; none where that is not certain.

    Both short answers are figures, dates or persons and cannot mean the same; the articles are about the same matter.
    Ages are left out: they differ from year to year.
    Where three articles say three things the question fits too much, and nothing is said of it.
    """
    if question.asks not in _ROLE or question.unit == "岁" or not sentences or sentences[0].answer_start is None:
        return ()
    first = sentences[0]
    near = [s for s in sentences[1:] if s.score >= _NEAR * first.score]
    near = [s for s in near if s.hit.article.id != first.hit.article.id]
    other = [s for s in near if relation(question.asks, first, s) == "other"]
    if not other or any(relation(question.asks, other[0], s) == "other" for s in other[1:]):
        return ()
    second = other[0]
    if not _one_matter(question, first, second):
        return ()
    ours, theirs = first.hit.article.published, second.hit.article.published
    return (second, first) if ours and theirs and theirs > ours else (first, second)


def _one_matter(question: Question, first: ScoredSentence, second: ScoredSentence) -> bool:
    """Tell whether two answers are about the same thing, in the same role, of the same time."""
    ours, theirs = _around(first), _around(second)
    shared = _anchors(question, ours, theirs)
    here, there = _sentence(first), _sentence(second)
    if not shared or any(_disjoint(_titled(first), _titled(second), names) for names in (_NAME, _QUOTED)):
        return False
    kinds = (re.compile(_BEFORE + re.escape(word)) for word in shared)
    if any(_disjoint(_titled(first), _titled(second), kind, but=_PLAIN) for kind in kinds):
        return False
    if question.asks != "date" and (_disjoint(here, there, _YEAR) or _disjoint(here, there, _PERIOD)):
        return False
    role = _ROLE[question.asks]
    parted = set(role.findall(_clause(first))) ^ set(role.findall(_clause(second)))
    if any(word not in question.search for word in parted):
        return False
    return max(_known(_titled(first), theirs), _known(_titled(second), ours)) >= _IN_COMMON


def _anchors(question: Question, ours: str, theirs: str) -> set[str]:
    """The question's words that two passages have; none where they have too few, or not the same.

    Of a question in another language, the words that the passages have in common.
    """
    if not _CHINESE.search(question.search):
        return {word for word in words(ours) if len(word) > 1 and word in theirs}
    asked = {word for word in words(question.search) if len(word) > 1}
    asked = {word for word in asked if not any(word in other for other in asked - {word})}
    both = {word for word in asked if word in ours and word in theirs}
    either = {word for word in asked if word in ours or word in theirs}
    return both if len(both) > 1 and _length(both) >= 0.75 * _length(either) else set()


def _known(text: str, passage: str) -> float:
    """Share of the words of `text`, by length, that stand in `passage`; figures do not count."""
    told = {word for word in words(text) if len(word) > 1 and not any(character.isdigit() for character in word)}
    return _length({word for word in told if word in passage}) / max(_length(told), 1)


def _disjoint(here: str, there: str, names: re.Pattern[str], *, but: re.Pattern[str] | None = None) -> bool:
    """Tell whether both texts have such names, and none that the other text has too."""
    ours = {name for name in names.findall(here) if not (but and but.fullmatch(name))}
    theirs = {name for name in names.findall(there) if not (but and but.fullmatch(name))}
    return bool(ours) and bool(theirs) and not any(n in there for n in ours) and not any(n in here for n in theirs)


def _length(found: set[str]) -> int:
    return sum(map(len, found))


def _sentence(sentence: ScoredSentence) -> str:
    start, end = _extent(sentence)
    return fold(sentence.hit.article.body[start:end])


def _extent(sentence: ScoredSentence) -> tuple[int, int]:
    """The sentence, or of an endless one what stands near its answer."""
    start, end = sentence.answer_start or sentence.start, sentence.answer_end or sentence.end
    return max(sentence.start, start - _FAR), min(sentence.end, end + _FAR)


def _titled(sentence: ScoredSentence) -> str:
    return fold(sentence.hit.article.title) + "\n" + _sentence(sentence)


def _around(sentence: ScoredSentence) -> str:
    return _titled(sentence) + "\n" + fold(sentence.hit.passage.text)


def _clause(sentence: ScoredSentence) -> str:
    """The clause that the short answer stands in, without it."""
    text = _sentence(sentence)
    first, _ = _extent(sentence)
    start, end = (sentence.answer_start or first) - first, (sentence.answer_end or first) - first
    marks = "，。、；：！？,;:!?\n“”"
    begin = max(text.rfind(mark, 0, start) for mark in marks) + 1
    stop = min((found for mark in marks if (found := text.find(mark, end)) >= 0), default=len(text))
    return text[begin:start] + " " + text[end:stop]
