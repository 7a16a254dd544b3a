"""Sentences as a reader chooses them, from texts in which the short answer stands in []."""

from __future__ import annotations

import datetime as dt

from bot.models import ScoredSentence
from index.models import Article, Hit, Passage, Place
from index.text import sentences


def chosen(
    number: int, title: str, marked: str, published: dt.date | None = None, score: float = 0.9
) -> ScoredSentence:
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
