"""Short answers: the spans of a sentence that are of the kind a question asks for."""

from __future__ import annotations

import re

from bot.models import Question
from index.lexical import tagger
from index.text import fold

_DIGITS = r"(?:\d[\d,]*(?:\.\d+)?|[〇零一二两三四五六七八九十百千]+)"
_UNITS = (
    "个百分点|平方公里|平方千米|平方米|立方米|千瓦时|公斤|千克|公里|千米|厘米|毫米|公顷|分钟|小时|个月|欧元|美元|港元|日元|英镑"
    "|人次|[%％‰℃人名位个项家户元块角分岁天年月日周吨亩米次场届件套组辆台只头条座所间期里斤克升度层楼号路时句本部篇张支份类种批"
    "对双把株棵艘架颗枚幢栋处站集轮倍成步秒]"
)
_NUMBER = re.compile(
    rf"(?:第)?{_DIGITS}(?:\s?[-—~～至到]\s?{_DIGITS})?(?:\s?[十百千万亿]+)?(?:[余多]|来(?!自))?[万亿]?(?:\s?(?:{_UNITS}))?(?:以上|以下|左右|以内)?"
)
_DAYTIME = "(?:上午|下午|傍晚|晚上?|早上|早晨|凌晨|中午|夜里)"
_COUNT = r"(?:\d{1,2}|[一二三四五六七八九十]{1,3})"
_CLOCK = rf"(?:{_COUNT}\s?点(?:半|整|一刻|{_COUNT}分?)?|\d{{1,2}}\s?时(?:{_COUNT}分)?|\d{{1,2}}[:：]\d{{2}})"
_DATE = re.compile(
    rf"(?:(?:(?:今|去|前|明|当|同)年|\d{{4}}\s?年|[〇零一二三四五六七八九]{{4}}年)\s?)?{_COUNT}\s?月(?!\s?亮)(?:份|底|初|中旬|上旬|下旬|\s?{_COUNT}\s?[日号])?"
    rf"(?:{_DAYTIME}?{_CLOCK})?"
    rf"|\d{{4}}\s?年(?:底|初)?|(?:今|去|前|明|后)(?:年|天|日)(?:第?[一二三四]季度|{_DAYTIME}?{_CLOCK}?)|(?:昨|当)[天日]{_DAYTIME}?{_CLOCK}?"
    rf"|\d{{1,2}}\s?[日号]{_DAYTIME}?{_CLOCK}?|(?:每?周|星期)[一二三四五六日末天]{_DAYTIME}?{_CLOCK}?|{_DAYTIME}?{_CLOCK}|(?:近日|日前|最近)"
    r"|\b(?:January|February|March|April|May|June|July|August|September|October|November|December)\b(?: \d{1,2},?)?(?: \d{4})?"
)
_OF_DATE = {
    "点": re.compile(_CLOCK),
    "日": re.compile(r"[日号天末]|周|星期|\b\d{1,2}\b"),
    "月": re.compile(r"月|[A-Z]"),
    "年": re.compile(r"年|\b\d{4}\b"),
}
# A name that jieba does not know still stands behind a post: 副经理周皛晶.
_POST = re.compile(
    r"(?:经理|书记|主任|主席|局长|市长|镇长|村长|县长|区长|院长|校长|处长|科长|部长|会长|队长|组长|站长|厂长|董事长|总裁|总监|教授|医生|老师|代表|记者|专员|员|负责人)"
    r"(?P<name>[赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方俞任袁柳"
    r"史唐费廉岑薛雷贺倪汤殷罗毕郝安常乐于时傅卞齐康伍余元卜顾孟平黄和穆萧尹姚邵汪祁毛禹狄米贝明臧计成戴宋庞熊纪舒屈项祝董梁杜阮蓝闵席季"
    r"贾路江童颜郭梅盛林钟徐邱骆高夏蔡田樊胡凌霍万柯管卢莫房丁邓洪包左石崔龚程陆翁段侯武刘龙叶黎白赖乔谭温庄晏翟阎连易廖耿沙]"
    r"[一-鿿](?:[一-鿿](?<![说表在正介告和与的是及等也就都曾从向对将已]))?)"
)
_COUNTED = re.compile(r"(?:多少|几)(?:个|名|位|家|户|项|座|间|本|支)?(?P<noun>[一-鿿]{2})")
# Counting words that answer one another: 多少人 is answered by 20名.
_PEOPLE = {"人", "名", "位", "人次", "口"}
_SAME_UNIT = (
    _PEOPLE,
    {"元", "块", "钱", "万元", "亿元", "美元", "欧元", "港元"},
    {"天", "日"},
    {"岁"},
    {"家", "个", "户"},
    {"公斤", "千克", "斤", "吨", "克"},
    {"立方米", "方", "吨", "升"},
    {"千瓦时", "度"},
)
_TELEPHONE = re.compile(r"(?:0\d{2,3}-)?\d{7,8}|1\d{10}|[1-9]\d{2,5}|[48]00-?\d{3}-?\d{4}")
# 受益人口超过1500万 counts people without saying so.
_OF_PEOPLE = re.compile(r"(?:人口|人数|人次|职工|游客|乘客|学生|居民|用户)[^\d，。；、]{0,4}$")


def spans(sentence: str, question: Question) -> list[tuple[int, int, float]]:
    """Return (start, end, fit) of each span of `sentence` of the kind asked for; fit is 0..1, 1 for the unit asked for."""
    folded = fold(sentence)
    match question.asks:
        case "number":
            counted = _COUNTED.search(question.search)
            return [
                (found.start(), found.end(), _number_fit(found, folded, question.unit, counted and counted["noun"]))
                for found in _NUMBER.finditer(folded)
                if _is_number(found)
            ]
        case "date":
            return [(*found.span(), _date_fit(found.group(), question.unit)) for found in _DATE.finditer(folded)]
        case "person":
            return _named(sentence, ("nr",)) or [(*found.span("name"), 1.0) for found in _POST.finditer(sentence)]
        case "place":
            return _named(sentence, ("ns", "nt"))
        case "organisation":
            return _named(sentence, ("nt", "nz"))
    return []


def _is_number(found: re.Match[str]) -> bool:
    """一 in 一起 and 十 in 十分 are no numbers: a Chinese numeral needs a unit; 2024年 and 9月 are dates."""
    text = found.group()
    if re.fullmatch(r"\d{4}\s?年|\d{1,2}\s?[月日号]", text):
        return False
    return (
        text[0].isdigit()
        or re.fullmatch(rf"第?[〇零一二两三四五六七八九十百千万亿余多]+(?:{_UNITS})(?:以上|以下|左右|以内)?", text)
        is not None
    )


def _number_fit(found: re.Match[str], sentence: str, unit: str | None, noun: str | None) -> float:
    """How well a number fits: by the unit asked for, or, for 多少帮厨, by the noun behind it (16名帮厨)."""
    text = found.group()
    if noun and sentence.startswith((noun, "的" + noun), found.end()):
        return 1.0
    if unit == "电话":
        return float(_TELEPHONE.fullmatch(text) is not None)
    if unit in _PEOPLE and text[-1] in "0123456789百千万亿余多" and _OF_PEOPLE.search(sentence[: found.start()]):
        return 0.9
    return _unit_fit(text, unit)


def _date_fit(text: str, unit: str | None) -> float:
    """How well a time fits: 2023年 does not say on which day."""
    if unit is not None:
        return float(_OF_DATE[unit].search(text) is not None)
    return 0.4 if text in ("近日", "日前", "最近") else 1.0


def _unit_fit(text: str, unit: str | None) -> float:
    if unit is None:
        return 0.7
    bare = re.sub(r"(?:以上|以下|左右|以内)$", "", text)
    if bare.endswith(unit):
        return 1.0
    wanted = next((group for group in _SAME_UNIT if unit in group), {unit})
    if any(bare.endswith(other) for other in wanted):
        return 0.9
    return 0.5 if unit == "个" and not bare[-1].isdigit() else 0.0


def _named(sentence: str, tags: tuple[str, ...]) -> list[tuple[int, int, float]]:
    """Runs of jieba words whose part of speech begins with one of `tags` (ICTCLAS tags: nr person, ns place, nt organisation)."""
    found: list[tuple[int, int, float]] = []
    at = 0
    for word, tag in tagger().cut(sentence):
        if tag.startswith(tags) and len(word) > 1:
            if found and found[-1][1] == at and tags[0] != "nr":
                found[-1] = (found[-1][0], at + len(word), 1.0)
            else:
                found.append((at, at + len(word), 1.0))
        at += len(word)
    return found
