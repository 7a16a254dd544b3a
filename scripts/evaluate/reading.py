"""How well the reader finds the answering sentence and its short answer, and how well it knows when there is none."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.models import Question, Reading, ScoredSentence
from bot.question import read as read_question
from index.cache import Progress
from index.embedding import Embedder
from index.lexical import words
from index.models import Hit
from index.text import fold, sentences
from scripts.evaluate.cases import Case
from scripts.train.questions import tagged

Read = Callable[[Question, Sequence[Hit]], Reading]
FALSE_REFUSALS = 0.05


@dataclass(frozen=True)
class Quality:
    """Shares of questions with the answer in the first quote and in three; of short answers; mean characters quoted.

    `same` is the share of questions whose first quote is that of the question as it was asked.
    """

    system: str
    form: str
    questions: int
    same: float
    first: float
    three: float
    exact: float
    f1: float
    characters: float


@dataclass(frozen=True)
class Refusal:
    """How answerability parts questions the passages answer from those they do not.

    `kind` says which those are: "without", answerable ones without the passage that answers; "in vain", others about an
    article that does not answer. `rejected` is the share of these refused at the strictness that refuses 5% of the
    answerable; `curve` holds (strictness, false refusals, wrong answers), each rate of its own kind of question.
    """

    system: str
    kind: str
    questions: int
    area: float
    rejected: float
    curve: tuple[tuple[float, float, float], ...]


def evaluate_reading(
    drawn: Sequence[Case], systems: dict[str, Read], progress: Progress | None = None
) -> list[Quality]:
    """Measure `systems` on cases that are answered, by source, all together, and asked in other forms."""
    drawn = [case for case in drawn if case.answers]
    found = []
    for system, read in systems.items():
        rows: dict[str, list[tuple[float, ...]]] = {}
        for done, case in enumerate(drawn, 1):
            plain = read(read_question(case.question), case.hits)
            rows.setdefault(case.source, []).append(_score(case, plain, plain))
            rows.setdefault("all", []).append(_score(case, plain, plain))
            if case.source != "english":
                for form, change in FORMS.items():
                    changed = read(read_question(change(case.question)), case.hits)
                    rows.setdefault(form, []).append(_score(case, changed, plain))
            if progress:
                progress(f"Reading: {system}", done, len(drawn))
        found += [
            Quality(system, form, len(scores), *np.mean(scores, axis=0).tolist()) for form, scores in rows.items()
        ]
    return found


def evaluate_refusal(
    drawn: Sequence[Case], systems: dict[str, Read], progress: Progress | None = None
) -> list[Refusal]:
    """Measure how `systems` refuse: each question is asked with and without the passage that answers it, if one does."""
    hard = [case for case in drawn if len(case.hits) > 5]
    found = []
    for system, read in systems.items():
        sure: dict[str, list[float]] = {"with": [], "without": [], "in vain": []}
        for done, case in enumerate(hard, 1):
            asked = read_question(case.question)
            if case.answers:
                sure["with"].append(read(asked, case.hits).answerability)
            sure["without" if case.answers else "in vain"].append(read(asked, case.others).answerability)
            if progress:
                progress(f"Refusing: {system}", done, len(hard))
        answerable = np.array(sure.pop("with"))
        found += [_refusal(system, kind, answerable, np.array(values)) for kind, values in sure.items() if values]
    return found


def _refusal(system: str, kind: str, answerable: NDArray[np.float64], other: NDArray[np.float64]) -> Refusal:
    # The area under the curve is the chance that an answerable question is believed more than another (Mann-Whitney).
    wins = (answerable[:, None] > other[None, :]).mean() + 0.5 * (answerable[:, None] == other[None, :]).mean()
    threshold = np.quantile(answerable, FALSE_REFUSALS)
    curve = tuple(
        (round(float(t), 2), float((answerable < t).mean()), float((other >= t).mean())) for t in np.arange(0.1, 1, 0.1)
    )
    return Refusal(system, kind, len(other), float(wins), float((other < threshold).mean()), curve)


def word_overlap(question: Question, hits: Sequence[Hit]) -> Reading:
    """Baseline: the sentence that holds most of the question's words, the shorter of two."""
    wanted = set(words(question.search))

    def shared(hit: Hit, start: int, end: int) -> float:
        return len(wanted & set(words(hit.article.body[start:end]))) - (end - start) / 1000

    return _ranked(hits, [shared(*place) for place in _places(hits)], scale=max(len(wanted), 1))


def sentence_similarity(embedder: Embedder) -> Read:
    """Baseline: the sentence nearest to the question by e5, as a sentence-window retriever has it."""

    @lru_cache(maxsize=4)
    def embedded(texts: tuple[str, ...]) -> NDArray[np.float32]:
        return embedder.passages(texts)

    def read(question: Question, hits: Sequence[Hit]) -> Reading:
        texts = tuple(hit.article.body[start:end] for hit, start, end in _places(hits))
        return _ranked(hits, (embedded(texts) @ embedder.query(question.search)).tolist(), scale=1)

    return read


def _ranked(hits: Sequence[Hit], scores: Sequence[float], *, scale: float) -> Reading:
    scored = [
        ScoredSentence(hit=hit, start=start, end=end, score=score)
        for (hit, start, end), score in zip(_places(hits), scores, strict=True)
    ]
    scored.sort(key=lambda s: -s.score)
    best = scored[0].score / scale if scored else 0.0
    return Reading(sentences=tuple(scored), answerability=min(max(best, 0.0), 1.0))


def _places(hits: Sequence[Hit]) -> Iterator[tuple[Hit, int, int]]:
    for hit in hits:
        for start, end in sentences(hit.article.body):
            yield hit, start, end


def _score(case: Case, reading: Reading, plain: Reading) -> tuple[float, ...]:
    quotes = [fold(s.hit.article.body[s.start : s.end]) for s in reading.sentences[:3]]
    holds = [any(answer in quote for answer in case.answers) for quote in quotes]
    first = reading.sentences[0] if reading.sentences else None
    short = (
        fold(first.hit.article.body[first.answer_start : first.answer_end])
        if first and first.answer_start is not None
        else ""
    )
    exact = max(float(_bare(short) == _bare(answer)) for answer in case.answers)
    f1 = max(_f1(_bare(short), _bare(answer)) for answer in case.answers)
    same = [(s.hit.article.id, s.start) for s in reading.sentences[:1]] == [
        (s.hit.article.id, s.start) for s in plain.sentences[:1]
    ]
    return float(same), float(any(holds[:1])), float(any(holds)), exact, f1, float(len(quotes[0]) if quotes else 0)


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", text)


def _f1(found: str, wanted: str) -> float:
    """Harmonic mean of precision and recall over characters, as CMRC 2018 counts Chinese."""
    common = sum((Counter(found) & Counter(wanted)).values())
    return 2 * common / (len(found) + len(wanted)) if common else 0.0


@cache
def _to_traditional() -> Any:  # noqa: ANN401 - opencc has no types
    import opencc

    return opencc.OpenCC("s2t")


def _traditional(question: str) -> str:
    return str(_to_traditional().convert(question))


def _keywords(question: str) -> str:
    """The question's names, nouns and verbs, and its asking words, parted by blanks."""
    asking = ("多少", "几", "谁", "哪", "何", "什么", "为什么", "怎")
    kept = [w for w, f in tagged(question) if (f[0] in "nvmjlieq" and f != "x") or w.startswith(asking)]
    return " ".join(w for w in kept if w not in ("是", "有")) or question


def _typo(question: str) -> str:
    """The question with two neighbouring characters in its middle swapped, as a thumb does."""
    at = len(question) // 2
    return question[: at - 1] + question[at] + question[at - 1] + question[at + 1 :] if at else question


FORMS: dict[str, Callable[[str], str]] = {"traditional": _traditional, "keywords": _keywords, "typo": _typo}
"""Other ways to ask the same."""
