from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.typos import mended

PASSAGE = "青石大桥全长1480米，桥面上有130多名工人。柳溪图书馆招募了35名志愿者，馆长黎川说，岭背茶场的场长是祁木生。"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("青石大侨有多长", "青石大桥有多长"),
        ("清石大桥有多长", "青石大桥有多长"),
        ("图书馆招幕了多少人", "图书馆招募了多少人"),
        ("青石大桥有多长", "青石大桥有多长"),
    ],
)
def test_a_character_that_sounds_like_the_one_in_the_passage_is_mended(typed: str, meant: str) -> None:
    assert mended(typed, [PASSAGE]) == meant


@pytest.mark.parametrize("typed", ["青山大桥有多长", "柳河图书馆在哪里", "厂长 电话", "How long is the bridge?", ""])
def test_another_name_and_a_word_of_its_own_stay(typed: str) -> None:
    assert mended(typed, [PASSAGE]) == typed


@given(st.text("青石大侨桥清图书馆长是谁一", max_size=12))
def test_length_stays_and_mending_twice_is_mending_once(typed: str) -> None:
    once = mended(typed, [PASSAGE])
    assert len(once) == len(typed)
    assert mended(once, [PASSAGE]) == once
