"""Fusing what words find with what vectors find."""

from __future__ import annotations

from collections.abc import Sequence

POOL = 100
"""Passages taken from each side before fusing."""

RANK_OFFSET = 60
"""`k` of reciprocal rank fusion; 60 in the paper."""

VECTOR_WEIGHT = 1.0
"""Weight of the vectors' ranks; that of the words' ranks is 1."""

Ranking = Sequence[tuple[int, float]]
"""(passage id, score), best first."""


def fuse(by_words: Ranking, by_vectors: Ranking) -> list[tuple[int, float]]:
    """Return all passages of both rankings as (id, fused score), best first, ties by id.

    Weighted reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009).
    """
    scores: dict[int, float] = {}
    for ranking, weight in ((by_words, 1.0), (by_vectors, VECTOR_WEIGHT)):
        for rank, (passage, _) in enumerate(ranking, 1):
            scores[passage] = scores.get(passage, 0.0) + weight / (RANK_OFFSET + rank)
    return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))
