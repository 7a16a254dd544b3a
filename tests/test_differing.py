from __future__ import annotations

import datetime as dt

import pytest

from bot.differing import differing
from bot.models import ScoredSentence
from bot.question import read as read_question
from index.models import Article, Hit, Passage, Place
from index.text import sentences

# question, then two articles: headline, body with the short answer in [], both of invented places. A body's sentence
# with the mark is the one that the reader chose.
DIFFERENT = [
    ("净菜工坊要用多少人？", ("净菜工坊添人手", "净菜工坊今天要用[20名]阿姨处理订单。"), ("净菜工坊忙起来了", "订单多了，净菜工坊如今要用[35名]阿姨。")),
    ("早餐铺要用多少帮厨？", ("乡村早餐铺开张", "早餐铺大概得[16名]帮厨一起上手。"), ("早餐铺扩容", "乡村早餐铺现在要用[22名]帮厨。")),
    ("青石大桥总投资多少？", ("青石大桥合龙在即", "青石大桥全长1480米，总投资[6.72亿元]。"), ("青石大桥通车", "总投资[7.1亿元]的青石大桥昨天通车。")),
    ("青石大桥什么时候合龙？", ("青石大桥只差36米", "大桥计划[4月28日]合龙。"), ("汛期提前，大桥工期调整", "青石大桥将于[5月12日]合龙。")),
    ("图书馆几点闭馆？", ("图书馆的灯，多亮一个半小时", "县图书馆闭馆时间推迟到[晚上十点]。"), ("图书馆冬令时间", "县图书馆冬天[晚上8点半]闭馆。")),
    ("县图书馆馆长是谁？", ("图书馆的灯，多亮一个半小时", "县图书馆馆长[宋怀谷]介绍，夜间日均接待读者410人次。"), ("图书馆办朗读会", "县图书馆馆长[梁知秋]说，朗读会每月一次。")),
    ("岭背茶场有多少亩茶园？", ("岭背茶场开采", "岭背茶场有茶园[1350亩]，七成卖到外地。"), ("岭背茶场扩种", "扩种以后，岭背茶场有茶园[1600亩]。")),
    ("校园足球联赛有多少支球队？", ("校园足球联赛开赛", "校园足球联赛开赛，[24支]球队争夺冠军。"), ("足球联赛抽签", "校园足球联赛昨天抽签，共有[26支]球队参加。")),
    ("停水影响多少户？", ("停水公告", "石桥路停水，影响石桥路、文昌街约[3200户]。"), ("石桥路停水延长", "石桥路停水延长一天，影响[5000户]。")),
    ("花灯会吸引了多少游客？", ("灯映古渡", "云渡古渡口举行花灯会，吸引游客近[8000人次]。"), ("花灯会落幕", "花灯会吸引游客[1.2万人次]，古渡口夜夜人满。")),
]  # fmt: skip
ALIKE = [  # they say the same, are not about the same, or cannot be compared
    ("净菜工坊要用多少人？", ("净菜工坊添人手", "净菜工坊今天要用[20名]阿姨处理订单。"), ("净菜工坊订单多", "净菜工坊要用[二十人]。")),
    ("青石大桥总投资多少？", ("青石大桥合龙在即", "青石大桥总投资[6.72亿元]。"), ("青石大桥通车", "总投资[6.7亿元]的青石大桥昨天通车。")),
    ("青石大桥投资多少？", ("青石大桥合龙在即", "青石大桥总投资[6.72亿元]。"), ("青石大桥加紧施工", "青石大桥今年完成投资[1.2亿元]。")),
    ("花灯会吸引了多少游客？", ("灯映古渡", "花灯会吸引游客近[8000人次]。"), ("古渡花灯会", "花灯会吸引游客[7800人次]。")),
    ("合作社有多少社员？", ("柳溪村合作社分红", "柳溪村合作社有社员[120名]。"), ("河湾村合作社分红", "河湾村合作社有社员[95名]。")),
    ("青石大桥什么时候合龙？", ("青石大桥只差36米", "青石大桥计划[4月28日]合龙。"), ("青石大桥喜讯", "青石大桥[2025年4月28日]合龙。")),
    ("青石大桥什么时候通车？", ("青石大桥只差36米", "青石大桥计划[4月28日]合龙。"), ("青石大桥喜讯", "青石大桥[9月底]通车。")),
    ("散户资金净流入多少？", ("瑞晨环保主力资金净卖出", "8月10日，散户资金净流入[42.7万元]，占总成交额1.68%。"), ("永清环保主力资金净卖出", "8月11日，散户资金净流入[18.3万元]，占总成交额4.4%。")),
    ("图书馆日均接待多少读者？", ("图书馆延时", "延时以来，图书馆夜间日均接待读者[410人次]。"), ("图书馆去年接待读者", "图书馆去年接待读者[12万人次]。")),
    ("志愿者有多少名？", ("图书馆招募志愿者", "图书馆招募了[35名]志愿者轮班。"), ("古渡口捡垃圾", "周末[60名]志愿者在古渡口捡垃圾。")),
    ("前两个月固定资产投资多少亿元？", ("重点项目跑出加速度", "前两个月全县完成固定资产投资[18.6亿元]。"), ("一季度投资稳", "前三个月全县完成固定资产投资[30.2亿元]。")),
    ("校长是谁？", ("第二中学夺冠", "县第二中学校长[白景行]到场祝贺。"), ("城关小学开学", "城关小学校长[闻一诺]给新生发书。")),
    ("馆长是谁？", ("图书馆延时", "县图书馆馆长[宋怀谷]介绍。"), ("图书馆延时开放", "县图书馆副馆长[梁知秋]说。")),
    ("图书馆为什么延时？", ("图书馆延时", "[下班以后才有时间看书]，读者说。"), ("图书馆的灯", "[读者多了]，图书馆延时。")),
    ("比赛有多少名球员？", ("足球联赛开赛", "足球联赛的[430名]小球员将踢满62场比赛。"), ("足球联赛女子组", "足球联赛女子组有[96名]女球员。")),
]  # fmt: skip


def chosen(number: int, title: str, marked: str, published: dt.date | None, score: float) -> ScoredSentence:
    """The sentence of an article that holds the mark."""
    start = marked.index("[")
    end = marked.index("]") - 1
    body = marked.replace("[", "").replace("]", "")
    article = Article(
        id=f"a{number}", title=title, body=body, published=published, places=(Place(source="", page=None, lines=()),)
    )
    passage = Passage(id=number, article_id=article.id, start=0, end=len(body), text=body)
    first, last = next(span for span in sentences(body) if span[0] <= start < span[1])
    return ScoredSentence(
        hit=Hit(passage=passage, article=article, score=1.0),
        start=first, end=last, answer_start=start, answer_end=end, score=score,
    )  # fmt: skip


MARCH, APRIL = dt.date(2025, 3, 18), dt.date(2025, 4, 2)


@pytest.mark.parametrize(("question", "one", "other"), DIFFERENT)
def test_two_articles_that_contradict_one_another_are_told_apart_the_newer_first(
    question: str, one: tuple[str, str], other: tuple[str, str]
) -> None:
    older, newer = chosen(1, *one, MARCH, 0.9), chosen(2, *other, APRIL, 0.8)
    assert differing(read_question(question), [older, newer]) == (newer, older)
    assert differing(read_question(question), [newer, older]) == (newer, older)


@pytest.mark.parametrize(("question", "one", "other"), ALIKE)
def test_what_only_looks_different_is_not_said_to_differ(
    question: str, one: tuple[str, str], other: tuple[str, str]
) -> None:
    pair = [chosen(1, *one, MARCH, 0.9), chosen(2, *other, APRIL, 0.8)]
    assert differing(read_question(question), pair) == ()
