from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marked import chosen

from bot.models import Asks
from bot.values import Relation, relation

MARCH = dt.date(2025, 3, 18)


def compared(asks: Asks, one: str, other: str) -> Relation:
    """How two marked sentences of one day compare, either way round."""
    pair = [chosen(n, "题", text, MARCH) for n, text in enumerate((one, other))]
    there, back = relation(asks, pair[0], pair[1]), relation(asks, pair[1], pair[0])
    assert there == back
    return there


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        ("用[20名]阿姨", "用[二十人]", "same"),
        ("用[20名]阿姨", "用[21名]阿姨", "other"),
        ("总投资[6.72亿元]", "总投资[6.7亿元]", "same"),
        ("总投资[6.72亿元]", "总投资[67200万元]", "same"),
        ("总投资[6.72亿元]", "总投资[7.1亿元]", "other"),
        ("近[8000人次]", "[7800人次]", "same"),
        ("近[8000人次]", "[1.2万人次]", "other"),
        ("[130多名]工人", "[136名]工人", "same"),
        ("[130多名]工人", "[160名]工人", "other"),
        ("需要[2-3项]材料", "需要[3项]材料", "same"),
        ("一年产干茶[2.1万公斤]", "一年产干茶[21吨]", "same"),
        ("[5000元]以上", "[5500元]", "other"),
        ("全长[1480米]", "全长[1.48公里]", "same"),
        ("[50分钟]", "[3天]", "unknown"),
        ("[1350亩]", "[1350棵]", "unknown"),
        ("[两百一十天]", "[210天]", "same"),
    ],
)
def test_figures_are_compared_by_what_they_mean(one: str, other: str, wanted: Relation) -> None:
    assert compared("number", one, other) == wanted


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        ("[4月28日]合龙", "[2025年4月28日]合龙", "same"),
        ("[4月28日]合龙", "[4月底]合龙", "same"),
        ("[4月28日]合龙", "[5月12日]合龙", "other"),
        ("[今年9月]", "[2025年9月]", "same"),
        ("[去年9月]", "[今年9月]", "other"),
        ("[本月10日]起", "[3月10日]起", "same"),
        ("[昨天]开赛", "[17日]开赛", "same"),
        ("[二〇二四年]", "[2024年]", "same"),
        ("[晚上十点]", "[22:00]", "same"),
        ("[晚上八点半]", "[20时30分]", "same"),
        ("[晚上十点]", "[晚上八点半]", "other"),
        ("[上午七点到十一点半]", "[上午7点]", "same"),
        ("[近日]", "[3月10日]", "unknown"),
        ("[9月底]", "[晚上十点]", "unknown"),
    ],
)
def test_dates_and_hours_are_compared_as_far_as_they_are_said(one: str, other: str, wanted: Relation) -> None:
    assert compared("date", one, other) == wanted


def test_names_differ_and_other_words_are_not_judged() -> None:
    assert compared("person", "馆长[宋怀谷]说", "馆长[梁知秋]说") == "other"
    assert compared("person", "馆长[宋怀谷]说", "[宋怀谷馆长]说") == "same"
    assert compared("place", "在[渡口]", "在[石桥]") == "unknown"


@given(st.integers(1, 10**9), st.sampled_from("名元米个"))
def test_a_figure_is_itself_and_not_its_double(value: int, unit: str) -> None:
    assert compared("number", f"共[{value}{unit}]。", f"有[{value:,}{unit}]。") == "same"
    assert compared("number", f"共[{value}{unit}]。", f"有[{2 * value}{unit}]。") == "other"


@given(
    st.text(min_size=1, max_size=20).filter(lambda text: not set(text) & set("[]\n")),
    st.sampled_from(("number", "date", "person")),
)
def test_any_two_texts_can_be_compared(text: str, asks: Asks) -> None:
    one, other = (chosen(n, "题", f"甲[{part}]乙", MARCH) for n, part in enumerate((text, "20名")))
    assert relation(asks, one, one) == "same"
    assert relation(asks, one, other) in ("same", "other", "unknown")
