"""From a reading to quotations: exact slices of stored articles, each checked against its source before it is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.models import Question, Quote, Reading, ScoredSentence
from index.archive import Archive
from index.models import Article
from index.text import sentences

LONGEST_QUOTE = 200
MOST_QUOTES = 3
# A later quote must be this close to the first, relative to it.
_WORTH_QUOTING = 0.8
# It cannot be read alone: 它…, 该项目…, 这一数字… (but 这几天, 其中, 此外 can).
_NEEDS_CONTEXT = re.compile(
    r"(?:它|他|她|其(?!中|他|实|余)|该|此(?!外|次|前|后)|这(?!几|天|次|里|时|些年)|两者|前者|后者)"
)


@dataclass(frozen=True)
class Quoted:
    """Quotes, best first, and whether they contradict one another."""

    quotes: tuple[Quote, ...] = ()
    differ: bool = False

    @property
    def answer(self) -> str | None:
        """The short answer inside the first quote."""
        if not self.quotes or self.quotes[0].answer_start is None:
            return None
        first = self.quotes[0]
        return first.text[first.answer_start : first.answer_end]


def quote(archive: Archive, question: Question, reading: Reading) -> Quoted:
    """Choose what to quote of a reading: at most three quotes.

    Raises:
        ArchiveError: What is stored is not what its source said; nothing of it may be quoted.
    """
    return Quoted(tuple(_quotes(archive, reading)))


def _quotes(archive: Archive, reading: Reading) -> Iterator[Quote]:
    taken: list[ScoredSentence] = []
    for sentence in reading.sentences:
        if len(taken) == MOST_QUOTES or sentence.score < _WORTH_QUOTING * reading.sentences[0].score:
            return
        if taken and not _adds(sentence, taken):
            continue
        taken.append(sentence)
        quoted = _quote(sentence)
        # The promise is kept here, on what is about to be shown, and not by trust in what was stored.
        archive.verify_quote(quoted.article_id, quoted.start, quoted.end, quoted.text)
        yield quoted


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
