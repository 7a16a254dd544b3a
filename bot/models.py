"""What crosses the borders of `bot`: scored sentences from the reader, and the answer with its quotes."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import Field

from index.models import Byline, Frozen, Hit

Asks = Literal["number", "date", "person", "place", "organisation", "definition", "list", "yesno", "why", "other"]


class Question(Frozen):
    """A question, read: what was typed, its form for searching, and what kind of answer it wants."""

    text: str = Field(description="as typed, stripped")
    search: str = Field(description="NFKC, simplified")
    asks: Asks
    unit: str | None = Field(
        None, description="the counting word asked for, e.g. 人, 元, 吨; of a time 年, 月, 日 or 点"
    )


class ScoredSentence(Frozen):
    """A sentence of a hit's article, `article.body[start:end]`, with the span that answers.

    `answer_start` and `answer_end` are offsets into the article's body, None where no short answer is wanted or found.
    """

    hit: Hit
    start: int
    end: int
    answer_start: int | None = None
    answer_end: int | None = None
    score: float


class Reading(Frozen):
    """What a reader makes of a question and passages: sentences, best first, and how sure it is of the best."""

    sentences: tuple[ScoredSentence, ...]
    answerability: float = Field(ge=0, le=1, description="estimated probability that the best sentence answers")


class Quote(Frozen):
    """A quotation: `text == body[start:end]` of its article; the short answer is `text[answer_start:answer_end]`."""

    text: str
    answer_start: int | None
    answer_end: int | None
    article_id: str
    start: int
    end: int
    title: str
    subtitle: str | None
    bylines: tuple[Byline, ...]
    paper: str | None
    published: dt.date | None
    page: int | None
    pages: tuple[int | str, ...] = Field((), description="all of the article's pages as printed, e.g. 1 and B03")
    url: str | None
    source: str
    score: float
    also: int = Field(0, ge=0, description="other articles that say nearly the same, e.g. wire copy")
    corrected: dt.date | None = Field(None, description="when these words took the place of others in the archive")
    doubtful: bool = Field(False, description="read from a scan, and not surely: characters may be wrong")


class Headline(Frozen):
    """An article shown by its headline only."""

    article_id: str
    title: str
    published: dt.date | None
    url: str | None = None


class Answer(Frozen):
    """The answer to one question: quotes, best first, or none and the nearest headlines."""

    id: str | int | None = None
    question: str
    answered: bool
    answer: str | None = Field(description="the short answer inside the first quote")
    quotes: tuple[Quote, ...] = Field(max_length=3)
    differ: bool = Field(False, description="two articles quoted say different things, the newer first")
    nearest: tuple[Headline, ...]
    took_ms: int


class AskedInVain(Frozen):
    """A question that the archive could not answer."""

    question: str
    times: int
    last: dt.date
