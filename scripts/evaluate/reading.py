"""How well the reader finds the answering sentence and its short answer, and how well it knows when there is none.

Each question of the report split comes with the passage that answers it and nine that BM25 finds for it and that do not
hold the answer, among them passages of the same article and of the same event. For refusal the first is taken away.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.models import Question, Reading, ScoredSentence
from bot.question import read as read_question
from index.cache import Progress
from index.embedding import Embedder
from index.lexical import words
from index.models import Article, Hit, Passage, Place
from index.settings import cache_folder
from index.text import fold, sentences
from scripts.train.questions import tagged

Read = Callable[[Question, Sequence[Hit]], Reading]
FALSE_REFUSALS = 0.05


@dataclass(frozen=True)
class Case:
    """A question, its passages with the answering one first, and that one's answers (folded)."""

    source: str
    question: str
    hits: tuple[Hit, ...]
    answers: tuple[str, ...]


@dataclass(frozen=True)
class Quality:
    """Shares of questions with the answer in the first quote and in three; of short answers; mean characters quoted."""

    system: str
    form: str
    questions: int
    first: float
    three: float
    exact: float
    f1: float
    characters: float


@dataclass(frozen=True)
class Refusal:
    """How answerability parts questions the passages answer from those they do not.

    `rejected` is the share of unanswerable questions refused at the strictness that refuses 5% of the answerable;
    `curve` holds (strictness, false refusals, wrong answers), each rate of its own kind of question.
    """

    system: str
    questions: int
    area: float
    rejected: float
    curve: tuple[tuple[float, float, float], ...]


def evaluate_reading(
    data: Path,
    systems: dict[str, Read],
    *,
    split: str = "report",
    questions: int = 400,
    progress: Progress | None = None,
) -> list[Quality]:
    """Measure `systems` on `questions` cases of `split`, by source, and in traditional characters and in keywords."""
    drawn = cases(data, split)
    chinese = [case for case in drawn if case.source != "english"][:questions]
    forms = {source: [c for c in chinese if c.source == source] for source in sorted({c.source for c in chinese})}
    forms["simplified"] = chinese
    forms["english"] = [case for case in drawn if case.source == "english"][: questions // 2]
    forms["traditional"] = [_asked_as(case, _traditional) for case in chinese[: questions // 2]]
    forms["keywords"] = [_asked_as(case, _keywords) for case in chinese[: questions // 2]]
    total = len(systems) * sum(len(part) for form, part in forms.items() if form != "simplified")
    done, found = 0, []
    for system, read in systems.items():
        seen: dict[str, list[tuple[float, ...]]] = {}
        for form, part in forms.items():
            if form == "simplified":
                continue
            for case in part:
                seen.setdefault(form, []).append(_score(case, read(read_question(case.question), case.hits)))
                done += 1
                if progress:
                    progress(f"Reading: {system}", done, total)
        seen["simplified"] = [s for form in seen if form in {c.source for c in chinese} for s in seen[form]]
        found += [Quality(system, form, len(s), *np.mean(s, axis=0).tolist()) for form, s in seen.items() if s]
    return found


def evaluate_refusal(
    data: Path,
    systems: dict[str, Read],
    *,
    split: str = "report",
    questions: int = 400,
    progress: Progress | None = None,
) -> list[Refusal]:
    """Measure how `systems` refuse: each question is asked with and without the passage that answers it."""
    drawn = [case for case in cases(data, split) if len(case.hits) > 5][:questions]
    found = []
    for system, read in systems.items():
        with_answer, without = [], []
        for done, case in enumerate(drawn, 1):
            asked = read_question(case.question)
            with_answer.append(read(asked, case.hits).answerability)
            without.append(read(asked, case.hits[1:]).answerability)
            if progress:
                progress(f"Refusing: {system}", done, len(drawn))
        found.append(_refusal(system, np.array(with_answer), np.array(without)))
    return found


def _refusal(system: str, answerable: NDArray[np.float64], other: NDArray[np.float64]) -> Refusal:
    # The area under the curve is the chance that an answerable question is believed more than another (Mann-Whitney).
    wins = (answerable[:, None] > other[None, :]).mean() + 0.5 * (answerable[:, None] == other[None, :]).mean()
    threshold = np.quantile(answerable, FALSE_REFUSALS)
    curve = tuple(
        (round(float(t), 2), float((answerable < t).mean()), float((other >= t).mean())) for t in np.arange(0.1, 1, 0.1)
    )
    return Refusal(system, len(answerable), float(wins), float((other < threshold).mean()), curve)


def cases(data: Path, split: str = "report") -> list[Case]:
    """Cases of a split, in a fixed random order; made on first use (2 minutes) and kept in the cache."""
    from scripts.train.examples import build

    folder = cache_folder() / "evaluate-reading"
    file = folder / f"{split}.jsonl"
    if not file.exists():
        build(data, folder, [split])  # type: ignore[list-item]
    with file.open(encoding="utf-8") as lines:
        return [_case(json.loads(line)) for line in lines]


def word_overlap(question: Question, hits: Sequence[Hit]) -> Reading:
    """Baseline: the sentence that holds most of the question's words, the shorter of two."""
    wanted = set(words(question.search))

    def shared(hit: Hit, start: int, end: int) -> float:
        return len(wanted & set(words(hit.article.body[start:end]))) - (end - start) / 1000

    return _ranked(hits, [shared(*place) for place in _places(hits)], scale=max(len(wanted), 1))


def sentence_similarity(embedder: Embedder) -> Read:
    """Baseline: the sentence nearest to the question by e5, as a sentence-window retriever has it."""

    def read(question: Question, hits: Sequence[Hit]) -> Reading:
        texts = [hit.article.body[start:end] for hit, start, end in _places(hits)]
        return _ranked(hits, (embedder.passages(texts) @ embedder.query(question.search)).tolist(), scale=1)

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


def _case(example: dict[str, Any]) -> Case:
    gold = example["passages"][0]
    answers = tuple(dict.fromkeys(gold["text"][a:b] for a, b in gold["answers"]))
    hits = tuple(_hit(i, p["title"], p["text"]) for i, p in enumerate(example["passages"]))
    return Case(example["source"], example["question"], hits, answers)


def _hit(number: int, title: str, text: str) -> Hit:
    article = Article(id=str(number), title=title, body=text, places=(Place(source="", page=None, lines=()),))
    passage = Passage(id=number, article_id=str(number), start=0, end=len(text), text=text)
    return Hit(passage=passage, article=article, score=1 / (1 + number))


def _score(case: Case, reading: Reading) -> tuple[float, ...]:
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
    return float(any(holds[:1])), float(any(holds)), exact, f1, float(len(quotes[0]) if quotes else 0)


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", text)


def _f1(found: str, wanted: str) -> float:
    """Harmonic mean of precision and recall over characters, as CMRC 2018 counts Chinese."""
    common = sum((Counter(found) & Counter(wanted)).values())
    return 2 * common / (len(found) + len(wanted)) if common else 0.0


def _asked_as(case: Case, form: Callable[[str], str]) -> Case:
    return Case(case.source, form(case.question), case.hits, case.answers)


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
