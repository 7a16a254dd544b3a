from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.text import fold, is_traditional, sentences


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@given(st.text())
def test_folding_moves_no_offset(text: str) -> None:
    assert len(fold(text)) == len(text)


@given(st.text())
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_width_script_and_case_do_not_matter_to_search() -> None:
    assert fold("臺灣３４７．２億元ＡＢＣ") == fold("台湾347.2亿元abc")


@pytest.mark.parametrize(
    ("text", "expected"), [("淨菜工坊", True), ("净菜工坊", False), ("ＡＢＣ", False), ("How many?", False)]
)
def test_traditional_text_is_told_from_simplified(text: str, expected: bool) -> None:
    assert is_traditional(text) is expected


mostly_chinese = st.text(st.sampled_from("天地人说。！？…“”‘’（）《》，、 \n12.ab"), max_size=60)


@given(mostly_chinese)
def test_sentences_are_in_order_apart_and_within_one_paragraph(text: str) -> None:
    at = 0
    for start, end in sentences(text):
        assert at <= start < end <= len(text)
        assert "\n" not in text[start:end]
        assert text[start:end] == text[start:end].strip()
        at = end


@given(mostly_chinese.map(lambda text: text.replace("说", "人")))
def test_no_letter_or_digit_is_outside_every_sentence(text: str) -> None:
    kept = "".join(cut(text))
    assert [c for c in kept if c.isalnum()] == [c for c in text if c.isalnum()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "本报讯 “需要3吨甘蓝……大概需要20名阿姨。”这几天，工坊很忙。",
            ["需要3吨甘蓝……大概需要20名阿姨。", "这几天，工坊很忙。"],
        ),
        ("本报讯（记者 张三）今天开馆。", ["今天开馆。"]),
        ("【改革故事】近日，记者来到中控室。", ["近日，记者来到中控室。"]),
        ("宣讲要浅出……”此次集训营开始了。", ["宣讲要浅出……", "此次集训营开始了。"]),
        ("“全面推进。”张兰说。下一句。", ["“全面推进。”张兰说。", "下一句。"]),
        ("他喊“加油！”并跑了。", ["他喊“加油！”并跑了。"]),
        ("《你好吗？》是一本书。", ["《你好吗？》是一本书。"]),
        ("“甲。乙。”丙说，丁。", ["甲。", "乙。", "丙说，丁。"]),
        ("面积增长3.5%。It is out. It costs 3.5 dollars.", ["面积增长3.5%。", "It is out.", "It costs 3.5 dollars."]),
        ("没有句号的尾巴", ["没有句号的尾巴"]),
        ("第一段\n第二段", ["第一段", "第二段"]),
        ("", []),
        ("……。！", []),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(text: str, expected: list[str]) -> None:
    assert cut(text) == expected
