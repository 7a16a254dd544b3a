"""From a reading to quotations: exact slices of stored articles, each checked against its source before it is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.differing import differing
from bot.models import Question, Quote, Reading, ScoredSentence
from bot.values import relation
from index.archive import Archive
from index.text import CLOSERS, PAIRS, fold, sentences

LONGEST_QUOTE = 200
MOST_QUOTES = 3
_CLAUSES = 100
# A later quote's score, relative to the first's; chosen on the develop split.
_WORTH_QUOTING = 0.72
_WORTH_LISTING = 0.54
# Asks for several: 哪几个 asks for a number too, 分别在哪里 for places.
_SEVERAL = re.compile(r"哪些|哪几|分别|有什么|\bwhich \w+s\b|\bwhat are\b")
# Runs of two characters that two quotes may share before the later one only repeats.
_REPEATS = 0.6
# It cannot be read alone: 它…, 目前，该项目…, 这一数字… (but 这几天, 其中, 此外 can).
_NEEDS_CONTEXT = re.compile(
    r"(?:(?:同时|目前|此外|另外|而且|而|但|但是|不过|据介绍|据悉|据了解|如今|眼下|现在|今年|去年|未来|随后|之后|后来|下一步|接下来"
    r"|近年来|\d{1,2}月\d{1,2}日)[，,]?)?"
    r"(?:它|他|她|该(?!不|如|怎)|其(?!中|他|它|实|余|间|后|次)|此(?!外|次|前|后|时|刻|起|间)|对此|为此|[两前后]者|双方|[两二三]人|上述"
    r"|这(?!几|[一两三些]?[天年周月]|段[时日]|个[月周季春夏秋冬]|次|里|时)|那(?!里|时|[些一]?年|天|么))"
)


@dataclass(frozen=True)
class Quoted:
    """Quotes, best first, and whether two articles quoted contradict one another, the newer then first."""

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
    """Choose what to quote of a reading: at most three quotes, each of one sentence, two where one cannot be read alone.

    Raises:
        ArchiveError: What is stored is not what its source said; nothing of it may be quoted.
    """
    different = () if _asks_for_several(question) else differing(question, reading.sentences)
    chosen = different or tuple(choose(question, reading.sentences))
    return Quoted(tuple(_quote(archive, sentence) for sentence in chosen), differ=bool(different))


def choose(question: Question, scored: Sequence[ScoredSentence]) -> Iterator[ScoredSentence]:
    """The best sentence, and those later ones that answer nearly as well and add something."""
    taken: list[ScoredSentence] = []
    worth = _WORTH_LISTING if _asks_for_several(question) else _WORTH_QUOTING
    for sentence in scored:
        if len(taken) == MOST_QUOTES or sentence.score < worth * scored[0].score:
            return
        if all(_adds(question, sentence, other) for other in taken):
            taken.append(sentence)
            yield sentence


def _asks_for_several(question: Question) -> bool:
    return question.asks == "list" or _SEVERAL.search(question.search) is not None


def _adds(question: Question, sentence: ScoredSentence, other: ScoredSentence) -> bool:
    """Tell whether a sentence says something that another does not: other words, and another short answer if any."""
    if sentence.hit.article.id == other.hit.article.id:
        first, last = sorted((cut(sentence), cut(other)))
        if last[0] <= first[1] + 1:
            return False
    if not _asks_for_several(question) and relation(question.asks, sentence, other) == "same":
        return False
    ours, theirs = _pairs(sentence), _pairs(other)
    is_alike = len(ours & theirs) >= _REPEATS * min(len(ours), len(theirs))
    return not is_alike or relation(question.asks, sentence, other) == "other"


def _pairs(sentence: ScoredSentence) -> set[str]:
    start, end = cut(sentence)
    text = fold(sentence.hit.article.body[start:end])
    return {text[at : at + 2] for at in range(max(len(text) - 1, 1))}


def _quote(archive: Archive, sentence: ScoredSentence) -> Quote:
    article = sentence.hit.article
    start, end = cut(sentence)
    text = article.body[start:end]
    # The promise is kept here, on what is about to be shown, and not by trust in what was stored.
    doubtful = archive.verify_quote(article.id, start, end, text)
    since = archive.standing(article.id, start, end, text).since
    short = None
    if sentence.answer_start is not None and sentence.answer_end is not None:
        short = sentence.answer_start - start, sentence.answer_end - start
        short = short if 0 <= short[0] < short[1] <= len(text) else None
    return Quote(
        text=text,
        answer_start=short and short[0],
        answer_end=short and short[1],
        article_id=article.id,
        start=start,
        end=end,
        title=article.title,
        subtitle=article.subtitle,
        bylines=article.bylines,
        paper=article.paper,
        published=article.published,
        page=article.page,
        pages=article.pages,
        url=article.url,
        source=article.source,
        score=round(sentence.score, 4),
        also=sentence.hit.also,
        corrected=since and since.astimezone().date(),
        doubtful=doubtful,
    )


def cut(sentence: ScoredSentence) -> tuple[int, int]:
    """The span to quote: the sentence, with the one before where it cannot be read alone, within 200 characters."""
    body, start, end = sentence.hit.article.body, sentence.start, sentence.end
    if end - start > LONGEST_QUOTE:
        return _beside(sentence, *_clauses(sentence))
    opening = _unopened(body, start, end) is not None
    if opening or _NEEDS_CONTEXT.match(fold(body[start:end])):
        before = _the_one_before(body, start, end, opening=opening)
        return _beside(sentence, start, end) if before is None else (before, end)
    return start, end


def _the_one_before(body: str, start: int, end: int, *, opening: bool) -> int | None:
    """Where the sentence before begins, in the same paragraph; with `opening`, its quotation mark."""
    paragraph = body.rfind("\n", 0, start) + 1
    paragraph = max(paragraph, end - 2 * LONGEST_QUOTE)
    spans = sentences(body[paragraph:start])
    if not spans:
        return None
    before = paragraph + spans[-1][0]
    if opening:
        while before > paragraph and body[before - 1] in PAIRS:
            before -= 1
        if _unopened(body, before, end) is not None:
            return None
    return before if end - before <= LONGEST_QUOTE else None


def _unopened(body: str, start: int, end: int) -> int | None:
    """Offset of the first closing quotation mark within body[start:end] whose opening one stands before; else None."""
    opened: list[str] = []
    for at in range(start, end):
        if body[at] in "“「『":
            opened.append(PAIRS[body[at]])
        elif body[at] in "”」』":  # ’ may be an apostrophe
            if body[at] not in opened:
                return at
            opened.remove(body[at])
    return None


def _beside(sentence: ScoredSentence, start: int, end: int) -> tuple[int, int]:
    """Of body[start:end], the part before or behind the end of a quotation that begins earlier: that which answers."""
    body, closing = sentence.hit.article.body, _unopened(sentence.hit.article.body, start, end)
    if closing is None or sentence.answer_start is None or sentence.answer_end is None:
        return start, end
    behind = closing + 1
    while behind < end and body[behind] in CLOSERS + "，":
        behind += 1
    if sentence.answer_end <= closing:
        return start, closing
    return (behind, end) if sentence.answer_start >= behind else (start, end)


def _clauses(sentence: ScoredSentence) -> tuple[int, int]:
    """The clause of an overlong sentence that answers, with those around it that fit in 100 characters."""
    body, start, end = sentence.hit.article.body, sentence.start, sentence.end
    at = sentence.answer_start if sentence.answer_start is not None else start
    until = min(max(sentence.answer_end or 0, at + 1), at + LONGEST_QUOTE, end)
    # Only what is near can be quoted: a text without a full stop may be endless.
    first, last = max(start, until - LONGEST_QUOTE), min(end, at + LONGEST_QUOTE)
    marks = [first + found.end() for found in re.finditer(r"[，；：、,;\s]+", body[first:last])]
    begins = [first] * (first == start) + [mark for mark in marks if mark <= at]
    ends = [last] * (last == end) + [mark for mark in reversed(marks) if mark >= until]
    begin, stop = begins.pop() if begins else first, ends.pop() if ends else last
    if stop - begin > LONGEST_QUOTE:
        begin = max(begin, min(at - LONGEST_QUOTE // 4, stop - LONGEST_QUOTE))
        return begin, min(begin + LONGEST_QUOTE, stop)
    while begins and stop - begins[-1] <= _CLAUSES:
        begin = begins.pop()
        if ends and ends[-1] - begin <= _CLAUSES:
            stop = ends.pop()
    return begin, stop
