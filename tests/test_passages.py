"""Passages: slices at sentence ends, bounded, and together the whole article."""

from __future__ import annotations

import gzip
import itertools
import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from index.passages import BOUND, LIMIT, cut

TEXT = st.text(alphabet="甲乙丙丁戊己庚辛，。！？；“”（）\n 0123.aB", max_size=1500)


@given(TEXT)
def test_nothing_but_white_space_stands_between_passages(body: str) -> None:
    spans = cut(body)
    edges = [0, *itertools.chain.from_iterable(spans), len(body)]
    assert edges == sorted(edges)
    assert all(start < end for start, end in spans)
    gaps = "".join(body[edges[i] : edges[i + 1]] for i in range(0, len(edges), 2))
    assert not gaps.strip()


@given(TEXT)
def test_no_passage_is_longer_than_its_bound(body: str) -> None:
    assert all(end - start <= BOUND for start, end in cut(body))


def test_a_hundred_thousand_characters_without_a_full_stop_are_cut() -> None:
    spans = cut("字" * 100_000)
    assert max(end - start for start, end in spans) <= BOUND
    assert sum(end - start for start, end in spans) == 100_000


def test_a_long_sentence_stays_whole_up_to_the_bound() -> None:
    sentence = "字" * (BOUND - 1) + "。"
    assert cut("短句在前。" + sentence) == [(0, 5), (5, 5 + BOUND)]


def test_a_longer_sentence_is_cut_at_a_clause() -> None:
    body = ("一段没有句号的话" * 10 + "，") * 10
    assert all(body[end - 1] == "，" for _, end in cut(body))


def test_passages_of_an_article_are_even() -> None:
    lengths = [end - start for start, end in cut("这是一个二十个字长的句子请数一数看看吧。" * 13)]
    assert len(lengths) == 2
    assert max(lengths) <= 1.2 * min(lengths)


def test_passages_end_at_sentence_ends() -> None:
    body = "他问：“什么时候开工？”她说：“明年三月。”大家都笑了。" * 20
    assert all(body[end - 1] in "。”" for _, end in cut(body))


def test_news_passages_have_about_190_characters(shared: Path) -> None:
    with gzip.open(shared / "news" / "crud_news_40k.jsonl.gz", "rt", encoding="utf-8") as lines:
        bodies = [json.loads(line)["body"] for line in itertools.islice(lines, 500)]
    lengths = [end - start for body in bodies for start, end in cut(body)]
    assert 170 <= sum(lengths) / len(lengths) <= 210
    assert sum(length > LIMIT for length in lengths) < 0.02 * len(lengths)
