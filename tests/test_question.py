from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.question import LONGEST, read
from bot.spans import spans
from index.errors import QuestionError


@pytest.mark.parametrize(
    ("text", "asks", "unit"),
    [
        ("净菜工坊要用多少人？", "number", "人"),
        ("淨菜工坊要用多少人？", "number", "人"),
        ("净菜工坊 人数", "number", "人"),
        ("停水 户数", "number", "户"),
        ("有几名志愿者", "number", "名"),
        ("总投资多少钱？", "number", "钱"),
        ("How many people work there?", "number", "人"),
        ("职业经理人今年多大年纪？", "number", "岁"),
        ("水库给县城送了多少水？", "number", "立方米"),
        ("全市有多少水库？", "number", None),
        ("停水打哪个电话？", "number", "电话"),
        ("电话诈骗案有多少起？", "number", None),
        ("What is the hotline for water cuts?", "number", "电话"),
        ("大桥什么时候合龙？", "date", None),
        ("When does it open?", "date", None),
        ("图书馆几点闭馆？", "date", "点"),
        ("哪一天合龙？", "date", "日"),
        ("大桥哪年开工的", "date", "年"),
        ("What time does it close?", "date", "点"),
        ("大桥啥时候通车", "date", None),
        ("大桥幾時通車", "date", None),
        ("村支书是谁？", "person", None),
        ("邊個係村支書？", "person", None),
        ("Who runs it?", "person", None),
        ("开班仪式在哪里举行？", "place", None),
        ("哪个社区办的？", "place", None),
        ("哪家公司中标？", "organisation", None),
        ("有哪些措施？", "list", None),
        ("为什么停水？", "why", None),
        ("How do I get there?", "why", None),
        ("周一闭馆吗？", "yesno", None),
        ("什么是微改革？", "definition", None),
        ("邻舍节", "other", None),
    ],
)
def test_the_kind_of_answer_is_read_from_the_question(text: str, asks: str, unit: str | None) -> None:
    question = read(text)
    assert (question.asks, question.unit) == (asks, unit)


@pytest.mark.parametrize(
    ("spoken", "written"),
    [
        ("大桥啥时候通车", "大桥什么时候通车"),
        ("停水咋办", "停水怎么办"),
        ("早餐舖請幾多人", "早餐铺请多少人"),
        ("點解停水", "为什么停水"),
        ("分鋪喺邊度", "分铺喺哪里"),
        ("价格令人咋舌", "价格令人咋舌"),
        ("海边度假村在哪里", "海边度假村在哪里"),
        ("景点解说员有几名", "景点解说员有几名"),
        ("三点解除管制", "三点解除管制"),
        ("东边个体户", "东边个体户"),
    ],
)
def test_what_is_spoken_is_searched_as_it_is_written(spoken: str, written: str) -> None:
    assert read(spoken).search == written
    assert read(spoken).text == spoken


@pytest.mark.parametrize("text", ["", "  \n", "？！", "长" * (LONGEST + 1)])
def test_what_cannot_be_asked_is_said_in_one_line(text: str) -> None:
    with pytest.raises(QuestionError) as caught:
        read(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 120


@given(st.text(max_size=LONGEST))
def test_any_other_text_is_a_question(text: str) -> None:
    if any(character.isalnum() for character in text):
        assert read(text).text == text.strip()


@pytest.mark.parametrize(
    ("question", "sentence", "best"),
    [
        ("要用多少人？", "今天需要3吨青甘蓝、300公斤小青菜……大概需要20名阿姨处理。", "20名"),
        ("几点闭馆？", "周一到周六，闭馆时间从晚上八点半推迟到十点。", "晚上八点半"),
        ("哪天撤诉的？", "2023年的一份日期为 8 月 10 日的文件显示，诉讼已经撤回。", "8 月 10 日"),
        ("罚没多少钱？", "没收违法所得 530 万元。", "530 万元"),
        ("完成投资多少亿元？", "前10个月，20个项目完成投资137.77亿元，完成目标的138%。", "137.77亿元"),
        ("什么时候取得许可证？", "该项目于今年9月取得施工许可证，投资10667万元。", "今年9月"),
        ("副经理是谁？", "信息技术部副经理周皛晶正登录平台。", "周皛晶"),
        ("书记是谁？", "中华村党委书记谢微叶说。", "谢微叶"),
        ("服务热线是多少？", "3月20日22时停水8小时，服务热线0573-96390、85012345。", "85012345"),
        ("多少人用上了自来水？", "新建13座水厂，受益人口超过1500万。", "1500万"),
        ("输了多少水？", "13座水厂，一年输水90.67亿立方米。", "90.67亿立方米"),
        ("有多少人？", "大家一起努力，十分高兴。", None),
        ("要用多少帮厨？", "要蒸1200个馒头、炸300根油条……大概得16名帮厨一起上手。", "16名"),
    ],
)
def test_the_short_answer_is_of_the_kind_asked_for(question: str, sentence: str, best: str | None) -> None:
    found = [span for span in spans(sentence, read(question)) if span[2] > 0]
    assert (sentence[slice(*max(found, key=lambda span: span[2])[:2])] if found else None) == best
