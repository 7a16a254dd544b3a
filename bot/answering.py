"""From a question to an answer: search, read, then quote what was checked or refuse."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Self

from bot.models import Answer, Headline, Question, Quote, Reading, ScoredSentence
from bot.question import read as read_question
from bot.reader import Reader
from bot.settings import BotSettings
from index.archive import Archive
from index.embedding import Embedder
from index.models import Article, Hit
from index.text import sentences

PASSAGES_READ = 10
LONGEST_QUOTE = 200
MOST_QUOTES = 3
MOST_NEAREST = 3
# A later quote must be this close to the first, relative to it.
_WORTH_QUOTING = 0.8
# It cannot be read alone: 它…, 该项目…, 这一数字… (but 这几天, 其中, 此外 can).
_NEEDS_CONTEXT = re.compile(
    r"(?:它|他|她|其(?!中|他|实|余)|该|此(?!外|次|前|后)|这(?!几|天|次|里|时|些年)|两者|前者|后者)"
)


class Answerer:
    """Answers questions from one archive. Not thread-safe: call `ask` from one thread at a time."""

    def __init__(self, archive: Archive, reader: Reader, *, strictness: float = 0.3) -> None:
        self._archive = archive
        self._reader = reader
        self._strictness = strictness

    @classmethod
    def open(cls, settings: BotSettings) -> Self:
        """Open the archive that `settings` name, with its models.

        Raises:
            ArchiveError: There is no archive, or it cannot be read.
            ModelError: The embedding model cannot be loaded.
        """
        embedder = Embedder(settings.embedding_model)
        archive = Archive.open(settings.data, embedder=embedder, milvus=settings.milvus_address)
        return cls(archive, Reader(), strictness=settings.strictness)

    def close(self) -> None:
        """Close the archive."""
        self._archive.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def ask(self, text: str, *, id: str | int | None = None) -> Answer:  # noqa: A002 - the contract's name
        """Answer one question, with up to three quotes, or with none and the nearest headlines.

        Raises:
            QuestionError: The question is empty, too long, or has nothing to search for.
        """
        began = time.perf_counter()
        question = read_question(text)
        hits = self._archive.search(question.search, k=PASSAGES_READ)
        reading = self._reader.read(question, hits)
        quotes = tuple(self._quotes(question, reading)) if reading.answerability >= self._strictness else ()
        first = quotes[0] if quotes else None
        return Answer(
            id=id,
            question=question.text,
            answered=bool(quotes),
            answer=first.text[first.answer_start : first.answer_end]
            if first and first.answer_start is not None
            else None,
            quotes=quotes,
            nearest=_nearest(hits),
            took_ms=round((time.perf_counter() - began) * 1000),
        )

    def _quotes(self, question: Question, reading: Reading) -> Iterator[Quote]:
        taken: list[ScoredSentence] = []
        for sentence in reading.sentences:
            if len(taken) == MOST_QUOTES or sentence.score < _WORTH_QUOTING * reading.sentences[0].score:
                return
            if taken and not _adds(sentence, taken):
                continue
            taken.append(sentence)
            quote = _quote(sentence)
            # The promise is kept here, on what is about to be shown, and not by trust in what was stored.
            self._archive.verify_quote(quote.article_id, quote.start, quote.end, quote.text)
            yield quote


def _adds(sentence: ScoredSentence, taken: list[ScoredSentence]) -> bool:
    """Tell whether a sentence says something the ones before do not: other words, and another short answer if any."""
    body = sentence.hit.article.body
    text, answer = body[sentence.start : sentence.end], _short(sentence)
    for other in taken:
        if (
            other.hit.article.id == sentence.hit.article.id
            and other.start <= sentence.end
            and sentence.start <= other.end + 1
        ):
            return False
        if other.hit.article.body[other.start : other.end] == text or (answer is not None and answer == _short(other)):
            return False
    return True


def _short(sentence: ScoredSentence) -> str | None:
    if sentence.answer_start is None:
        return None
    return sentence.hit.article.body[sentence.answer_start : sentence.answer_end]


def _quote(sentence: ScoredSentence) -> Quote:
    article: Article = sentence.hit.article
    start, end = _cut(article.body, sentence)
    short = sentence.answer_start is not None and sentence.answer_end is not None
    return Quote(
        text=article.body[start:end],
        answer_start=sentence.answer_start - start if short and sentence.answer_start is not None else None,
        answer_end=sentence.answer_end - start if short and sentence.answer_end is not None else None,
        article_id=article.id,
        start=start,
        end=end,
        title=article.title,
        subtitle=article.subtitle,
        bylines=article.bylines,
        paper=article.paper,
        published=article.published,
        page=article.page,
        url=article.url,
        source=article.source,
        score=round(sentence.score, 4),
        also=sentence.hit.also,
    )


def _cut(body: str, sentence: ScoredSentence) -> tuple[int, int]:
    """The span to quote: the sentence, with the one before where it cannot be read alone, within 200 characters."""
    start, end = sentence.start, sentence.end
    if end - start > LONGEST_QUOTE:
        return _clauses(body, sentence)
    if _NEEDS_CONTEXT.match(body, start):
        before = [span for span in sentences(body) if span[1] <= start]
        if before and end - before[-1][0] <= LONGEST_QUOTE and "\n" not in body[before[-1][0] : start]:
            start = before[-1][0]
    return start, end


def _clauses(body: str, sentence: ScoredSentence) -> tuple[int, int]:
    """The clauses of an overlong sentence around the answer, as many as fit in 200 characters."""
    marks = [sentence.start]
    marks += [
        found.end() for found in re.finditer("[，；：、,;]", body[: sentence.end]) if found.end() > sentence.start
    ]
    marks.append(sentence.end)
    at = sentence.answer_start if sentence.answer_start is not None else sentence.start
    start = max(mark for mark in marks if mark <= at)
    ends = [mark for mark in marks if start < mark <= start + LONGEST_QUOTE]
    if not ends or (sentence.answer_end is not None and ends[-1] < sentence.answer_end):
        return max(sentence.start, at - LONGEST_QUOTE // 4), min(
            sentence.end, max(sentence.start, at - LONGEST_QUOTE // 4) + LONGEST_QUOTE
        )
    end = ends[-1]
    earlier = [mark for mark in marks if end - LONGEST_QUOTE <= mark <= start]
    return earlier[0], end


def _nearest(hits: list[Hit]) -> tuple[Headline, ...]:
    articles = {hit.article.id: hit.article for hit in hits}.values()
    shown = [article for article in articles if article.title][:MOST_NEAREST]
    return tuple(Headline(article_id=a.id, title=a.title, published=a.published) for a in shown)
