"""The reader: which sentence of the passages found answers, with which words, and whether any does."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from bot.models import Question, Reading, ScoredSentence
from bot.passage_model import PassageModel, Spans
from bot.spans import spans as typed_spans
from bot.typos import mended
from index.cache import Progress
from index.lexical import words
from index.models import Hit
from index.text import fold, sentences

FEATURES = ("margin", "answers", "covered", "cosine", "abroad")
"""What answerability is judged by; `features` computes them in this order."""
FEW = 4
CLEAR = 0.75
"""Where the first `FEW` passages give an answerability of `CLEAR`, the others need not be read."""

_FITTED = Path(__file__).parent / "weights" / "answerability.json"
_TYPED = ("number", "date", "person", "place", "organisation")
_WITHOUT_ANSWER = ("yesno", "why")
# What asks rather than names: it need not stand in the passage.
_ASKING = re.compile(
    r"打?(?:什么|哪个)电话|电话(?:号码)?是?(?:多少|什么)|(?:多少|几)(?:[人名位个项家元块钱天年月日号点时岁]|公斤|亿元|万元)?|多[大高长远重久宽深]|什么时[候间]|什么地方|为什么|什么|哪里|哪儿|哪[一]?[个些家所位天年月]"
    r"|谁|何时|何地|吗|呢|如何|怎么|怎样|是否|有没有|是不是|请问|需要|要用|一共|总共|人数"
)
_CHINESE = re.compile(r"[一-鿿]")
# What is assumed of a question in another language, whose words cannot stand in the passage.
_COVERED_ABROAD = 0.75
# The usual cosine of e5 between a question and the passage thought to answer it, where none is known.
_USUAL = 0.86
_AROUND = 150
_EDGE = " 　,，。、；;：:！!？?“”‘’\"'「」『』（）()《》"
# Weights of the answer-or-not head and of the passage's cosine beside the span's logits, and what a short answer of the
# wrong kind, or one that is not of the unit asked for, costs; chosen on develop and held. There more cosine does still better,
# but their other passages are those that words find, not those that vectors do.
ANSWERS_WEIGHT = 1.0
COSINE_WEIGHT = 30.0
WRONG_KIND = 4.0
WRONG_UNIT = 8.0
# What it adds to the log odds that a figure has the very unit asked for, where all words of the question stand around it.
# Chosen on one page: such answers are right in 40 of 42 cases of the develop split, all of which the network is sure of.
EXACT = 1.5
# What it takes away that a figure is not of the unit asked for, or that what was asked is a time of day and there is none.
# Such answers are rare where a passage answers: a hand's choice too.
MISFIT = 3.0
# What a question in another language takes away: none of its words can be looked for in the passage. Chosen on the sample
# issue, which lacks what fitted questions are sure of, an article that answers.
ABROAD = 1.3


@dataclass(frozen=True)
class Candidate:
    """A sentence with its best span; `logit` compares sentences of all passages of one question.

    `margin` is the span's logit over that of no answer, `answers` the logit that the passage answers.
    """

    hit: Hit
    start: int
    end: int
    answer_start: int
    answer_end: int
    logit: float
    margin: float
    answers: float
    cosine: float
    fit: float | None


class Reader:
    """Reads passages with a trained network and judges answerability by a fitted logistic regression.

    Args:
        model: The network; None prepares the one that comes with baoda.
        few: So many passages are read first, and the others only if answerability stays below `CLEAR`.
        progress: Shows that preparation, which happens once.
    """

    def __init__(self, model: PassageModel | None = None, *, few: int = FEW, progress: Progress | None = None) -> None:
        self._model = model or PassageModel(progress=progress)
        self._few = few

    def read(self, question: Question, hits: Sequence[Hit]) -> Reading:
        """Score the sentences of `hits` (nearest first) for `question`, best first; no hits give an empty reading."""
        passages = [(fold(hit.article.title), fold(hit.passage.text)) for hit in hits]
        asked = mended(fold(question.search), (text for pair in passages for text in pair))
        question = question.model_copy(update={"search": asked})
        read: list[Spans] = []
        reading = judged(question, [])
        for more in (passages[: self._few], passages[self._few :]):
            if more and reading.answerability < CLEAR:
                read += self._model.read(asked, more)
                reading = judged(question, candidates(question, hits[: len(read)], read))
        return reading


def candidates(question: Question, hits: Sequence[Hit], read: Sequence[Spans]) -> list[Candidate]:
    """The sentences of the passages read, best first."""
    best: dict[tuple[str, int], Candidate] = {}
    # Where only words matched, the passage is at most as near as the farthest that vectors found.
    least = min((hit.cosine for hit in hits if hit.cosine is not None), default=_USUAL)
    for hit, found in zip(hits, read, strict=True):
        cosine = least if hit.cosine is None else hit.cosine
        for start, end in _sentences(hit.article.body):
            first, last = start - hit.passage.start, end - hit.passage.start
            span = found.best(max(first, 0), min(last, len(hit.passage.text)))
            if span is None:
                continue
            candidate = _candidate(question, hit, found, cosine, (start, end), span)
            key = (hit.article.id, start)
            if key not in best or candidate.logit > best[key].logit:
                best[key] = candidate
    return sorted(best.values(), key=lambda c: (-c.logit, c.hit.article.id, c.start))


def _candidate(
    question: Question,
    hit: Hit,
    found: Spans,
    cosine: float,
    sentence: tuple[int, int],
    span: tuple[float, int, int],
) -> Candidate:
    logit, a, b = span
    a, b = _trimmed(hit.article.body, a + hit.passage.start, b + hit.passage.start)
    a, b, fit = _of_the_kind(question, hit.article.body, sentence, (a, b))
    wrong = (WRONG_UNIT if question.unit else WRONG_KIND) if fit == 0 else 0.0
    return Candidate(
        hit=hit,
        start=sentence[0],
        end=sentence[1],
        answer_start=a,
        answer_end=b,
        logit=logit + ANSWERS_WEIGHT * found.answers + COSINE_WEIGHT * cosine - wrong,
        margin=logit - found.none,
        answers=found.answers,
        cosine=cosine,
        fit=fit,
    )


def judged(question: Question, found: Sequence[Candidate]) -> Reading:
    """A reading of candidates, best first: scores are their share of belief, answerability is calibrated."""
    if not found:
        return Reading(sentences=(), answerability=0.0)
    values = features(question, found)
    fit = found[0].fit
    known = -ABROAD * values[FEATURES.index("abroad")]
    if question.unit is not None and fit is not None:
        known += EXACT * (fit >= 0.9 and values[FEATURES.index("covered")] == 1)
        known -= MISFIT * (fit == 0 and (question.asks == "number" or question.unit == "点"))
    chance = _answerability(values, known)
    top = found[0].logit
    return Reading(
        sentences=tuple(
            _scored(question, candidate, chance * math.exp((candidate.logit - top) / 6)) for candidate in found
        ),
        answerability=chance,
    )


def features(question: Question, found: Sequence[Candidate]) -> list[float]:
    """What the judgement of the best candidate rests on; see `FEATURES`."""
    best = found[0]
    around = fold(best.hit.article.title + " " + best.hit.passage.text)
    asked = _ASKING.sub(" ", fold(question.search))
    abroad = not _CHINESE.search(question.search)
    covered = _share(set(words(asked)), around) if _CHINESE.search(asked) else _COVERED_ABROAD
    return [
        best.margin,
        best.answers,
        covered,
        best.cosine,
        float(abroad),
    ]


def _answerability(values: Iterable[float], known: float) -> float:
    fitted = _fitted()
    logit = (
        fitted["intercept"] + known + sum(fitted[name] * value for name, value in zip(FEATURES, values, strict=True))
    )
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))


@cache
def _fitted() -> dict[str, float]:
    fitted: dict[str, float] = json.loads(_FITTED.read_text(encoding="utf-8"))["coefficients"]
    return fitted


@lru_cache(maxsize=256)
def _sentences(body: str) -> list[tuple[int, int]]:
    return sentences(body)


def _scored(question: Question, candidate: Candidate, score: float) -> ScoredSentence:
    sentence = candidate.end - candidate.start
    short = candidate.answer_end - candidate.answer_start < 0.8 * sentence and question.asks not in _WITHOUT_ANSWER
    return ScoredSentence(
        hit=candidate.hit,
        start=candidate.start,
        end=candidate.end,
        answer_start=candidate.answer_start if short else None,
        answer_end=candidate.answer_end if short else None,
        score=score,
    )


def _of_the_kind(
    question: Question, body: str, sentence: tuple[int, int], span: tuple[int, int]
) -> tuple[int, int, float | None]:
    """The span widened to a whole number, date or name of the kind asked for, and how it fits; None for no such kind."""
    if question.asks not in _TYPED:
        return *span, None
    # Only what is near the span can be the answer: a text without a full stop may be endless.
    start, end = max(sentence[0], span[0] - _AROUND), min(sentence[1], span[1] + _AROUND)
    options = [(a + start, b + start, fit) for a, b, fit in typed_spans(body[start:end], question)]
    meeting = [(a, b, fit) for a, b, fit in options if a < span[1] and b > span[0]]
    if not meeting:
        # jieba does not know every name; the network's span may still be one.
        return *span, 0.5 if question.asks in ("person", "place", "organisation") else 0.0
    a, b, fit = max(meeting, key=lambda o: (o[2], min(o[1], span[1]) - max(o[0], span[0])))
    # A name found by jieba may be a part of the network's, as 街道 of 清河街道, or the whole of it.
    whole = question.asks in ("number", "date") or (a <= span[0] and span[1] <= b)
    return (a, b, fit) if whole else (*span, fit)


def _trimmed(body: str, start: int, end: int) -> tuple[int, int]:
    while start < end - 1 and body[start] in _EDGE and body[start] not in "《“「":
        start += 1
    while start < end - 1 and body[end - 1] in _EDGE and body[end - 1] not in "》”」":
        end -= 1
    return start, end


def _share(wanted: set[str], text: str) -> float:
    """Share of `wanted` that stands in `text`, by length; 1 where nothing is wanted."""
    total = sum(len(word) for word in wanted)
    return sum(len(word) for word in wanted if word in text) / total if total else 1.0
