"""The word index: BM25 over any of the words, and no more work in a large archive than in a small one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from index import lexical


@pytest.fixture
def words() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.executescript(lexical.SCHEMA)
    yield connection
    connection.close()


def test_any_of_the_words_finds_and_the_rarer_weighs_more(words: sqlite3.Connection) -> None:
    lexical.insert(words, [(1, "", "大桥 通车"), (2, "", "大桥 灯会"), (3, "", "大桥 学校"), (4, "", "食堂 菜价")])
    assert [found for found, _ in lexical.search(words, ["大桥", "灯会", "没有"], 10)] == [2, 1, 3]


def test_a_word_of_the_headline_finds(words: sqlite3.Connection) -> None:
    lexical.insert(words, [(1, "大桥 通车", "昨天 上午"), (2, "食堂", "昨天 下午")])
    assert [found for found, _ in lexical.search(words, ["大桥"], 10)] == [1]


def test_nothing_is_found_for_no_words_and_for_unknown_ones(words: sqlite3.Connection) -> None:
    lexical.insert(words, [(1, "", "大桥")])
    assert lexical.search(words, [], 10) == []
    assert lexical.search(words, ["云"], 10) == []


def test_words_of_too_many_passages_choose_none_but_still_rank_those_that_rarer_ones_chose(
    words: sqlite3.Connection,
) -> None:
    often = lexical.CHOSEN + 1
    lexical.insert(words, [(10 + number, "", "记者 昨天" if number < often else "食堂") for number in range(3 * often)])
    lexical.insert(words, [(1, "", "大桥 今年 去年"), (2, "", "大桥 记者 去年"), (3, "", "大桥 记者 昨天")])
    found = lexical.search(words, ["记者", "昨天", "大桥"], 10)
    assert [passage for passage, _ in found] == [3, 2, 1]


def test_where_all_words_stand_in_too_many_passages_the_rarest_chooses(words: sqlite3.Connection) -> None:
    lexical.insert(words, [(number, "", "记者 昨天") for number in range(2, lexical.CHOSEN + 12)])
    lexical.insert(words, [(1, "", "记者 昨天 记者 昨天")])
    assert lexical.search(words, ["记者", "昨天"], 1)[0][0] == 1


def test_signs_of_the_query_language_are_only_signs(words: sqlite3.Connection) -> None:
    lexical.insert(words, [(1, "", 'a"b 大桥'), (2, "", "NOT 大桥")])
    assert {found for found, _ in lexical.search(words, ['a"b', "NOT", "NEAR(", "*"], 10)} == {1, 2}
