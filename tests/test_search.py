"""Fusing two rankings."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from index.search import fuse

RANKINGS = st.dictionaries(st.integers(1, 30), st.floats(0.001, 50), max_size=20).map(
    lambda found: sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
)


@given(RANKINGS, RANKINGS)
def test_every_passage_comes_once_in_falling_order(by_words: list, by_vectors: list) -> None:
    fused = fuse(by_words, by_vectors)
    assert sorted(passage for passage, _ in fused) == sorted(dict(by_words).keys() | dict(by_vectors).keys())
    assert fused == sorted(fused, key=lambda pair: (-pair[1], pair[0]))
    assert all(0 <= score <= 1.000001 for _, score in fused)


@given(RANKINGS)
def test_one_side_alone_keeps_its_order(ranking: list) -> None:
    order = [passage for passage, _ in ranking]
    assert [passage for passage, _ in fuse(ranking, [])] == order
    assert [passage for passage, _ in fuse([], ranking)] == order


@given(RANKINGS)
def test_the_scale_of_bm25_does_not_matter(by_words: list) -> None:
    by_vectors = [(1, 0.9), (2, 0.8), (3, 0.7)]
    tenfold = [(passage, 1024 * score) for passage, score in by_words]
    assert fuse(by_words, by_vectors) == fuse(tenfold, by_vectors)


def test_the_first_of_both_is_first() -> None:
    assert fuse([(7, 3.0), (1, 2.0)], [(7, 0.9), (2, 0.8)])[0] == (7, 1.0)
