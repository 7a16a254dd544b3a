"""Fusing what words find with what vectors find, and the passages that these are."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from index.models import Article, Hit, Passage
from index.upkeep import stored_article

POOL = 100
"""Passages taken from each side before fusing."""

WORDS_SHARE = 0.6
"""Weight of the words' scores; that of the vectors' is the rest. Chosen on DRCD dev, where 0.5 to 0.6 do alike."""

Ranking = Sequence[tuple[int, float]]
"""(passage id, score), best first."""


def fuse(by_words: Ranking, by_vectors: Ranking) -> list[tuple[int, float]]:
    """Return all passages of both rankings as (id, fused score 0..1), best first, ties by id.

    Convex combination of scores, scaled to the best of each side (Bruch, Gai and Ingber, ACM TOIS 2023): BM25 from 0,
    its least possible, and cosines from the least one found, since e5 gives 0.7 to texts that share nothing. Ranks
    alone (reciprocal rank fusion) forget by how much the first is better: on DRCD dev that put the answer first for
    0.83 of the questions, this for 0.87.
    """
    scores: dict[int, float] = {}
    least = by_vectors[-1][1] if len(by_vectors) > 1 else 0.0
    for ranking, floor, weight in ((by_words, 0.0, WORDS_SHARE), (by_vectors, least, 1.0 - WORDS_SHARE)):
        span = max((score for _, score in ranking), default=0.0) - floor
        for passage, score in ranking:
            scaled = (score - floor) / span if span > 0 else 1.0
            scores[passage] = scores.get(passage, 0.0) + weight * scaled
    return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))


def hits(connection: sqlite3.Connection, by_words: Ranking, by_vectors: Ranking, k: int) -> list[Hit]:
    """Return up to `k` passages of two rankings, best first; of near duplicates the one with the best passage."""
    cosines, bm25 = dict(by_vectors), dict(by_words)
    found: list[Hit] = []
    articles: dict[int, Article] = {}
    told_by: dict[int, int] = {}
    for passage, score in fuse(by_words, by_vectors):
        row = connection.execute(
            'SELECT article, "start", "end", cluster FROM passages JOIN articles ON pk = article WHERE passages.id = ?',
            (passage,),
        ).fetchone()
        if row is None:  # an engine may be a moment ahead or behind; the database decides
            continue
        pk, start, end, cluster = row
        if told_by.setdefault(cluster, pk) != pk:
            continue
        if len(found) == k:
            break
        article = articles[pk] = articles.get(pk) or stored_article(connection, pk)
        found.append(
            Hit(
                passage=Passage(id=passage, article_id=article.id, start=start, end=end, text=article.body[start:end]),
                article=article,
                score=score,
                cosine=cosines.get(passage),
                bm25=bm25.get(passage),
                also=len(near(connection, pk)),
            )
        )
    return found


def near(connection: sqlite3.Connection, pk: int) -> list[int]:
    """Return the rows of the near duplicates of an article that may be quoted."""
    rows = connection.execute(
        "SELECT other.pk FROM articles JOIN articles AS other ON other.cluster = articles.cluster AND other.pk <> ?1 "
        "WHERE articles.pk = ?1 AND NOT EXISTS "
        "(SELECT 1 FROM retractions WHERE article = other.id AND restored IS NULL) "
        "ORDER BY other.published IS NULL, other.published, other.pk",
        (pk,),
    )
    return [row[0] for row in rows]
