"""The reader: scores the sentences of the passages found, and how likely the best one answers."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.models import Question, Reading, ScoredSentence
from bot.spans import spans
from index.embedding import Embedder
from index.lexical import words
from index.models import Hit
from index.text import fold, sentences

MOST_SENTENCES = 40
# What asks rather than names: not looked for in sentences.
_ASKING = re.compile(
    r"(?:多少|几)(?:[人名位个项家元块钱天年]|公斤|亿元|万元)?|什么时[候间]|什么地方|为什么|什么|哪里|哪儿|哪[一]?[个些家所位天年月]"
    r"|谁|何时|何地|吗|呢|如何|怎么|怎样|是否|有没有|是不是|请问|需要|要用|一共|总共"
)


@dataclass(frozen=True)
class _Candidate:
    hit: Hit
    start: int
    end: int
    text: str


class SentenceReader:
    """Ranks sentences by e5 similarity, shared words weighed by rarity, and a span of the kind asked for.

    The sentence window is that of a sentence-window retriever; word weights are inverse document
    frequencies over the candidate sentences (Spärck Jones 1972).
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def read(self, question: Question, hits: Sequence[Hit]) -> Reading:
        """Score the sentences of `hits` for `question`, best first; no hits give an empty reading."""
        candidates = _candidates(hits)[:MOST_SENTENCES]
        if not candidates:
            return Reading(sentences=(), answerability=0.0)
        cosines = self._embedder.passages([c.text for c in candidates]) @ self._embedder.query(question.search)
        wanted = sorted(set(words(_ASKING.sub(" ", question.search))))
        folded = [fold(c.text) for c in candidates]
        rarity = {w: math.log(1 + len(folded) / (0.5 + sum(w in text for text in folded))) for w in wanted}
        scored = []
        for candidate, cosine, text in zip(candidates, cosines, folded, strict=True):
            article = candidate.hit.article
            around = fold(article.title + candidate.hit.passage.text)
            covered = np.array(
                [_covered(rarity, where) for where in (text, around, fold(article.title + article.body))]
            )
            scored.append(self._score(question, candidate, float(cosine), covered))
        # Across languages no word can be shared: only the cosine is left to say.
        foreign = not any(ord(character) > 0x2E80 for character in question.search)
        scored.sort(key=lambda pair: (-pair[0].score, pair[0].start))
        logit = (float(cosines.max()) - 0.79) * 40 if foreign else scored[0][1]
        return Reading(sentences=tuple(sentence for sentence, _ in scored), answerability=_logistic(logit))

    def _score(
        self, question: Question, candidate: _Candidate, cosine: float, covered: NDArray[np.float64]
    ) -> tuple[ScoredSentence, float]:
        """The sentence with its score, and the log odds that the archive answers if it is the best."""
        typed = spans(candidate.text, question)
        wants = question.asks in ("number", "date", "person", "place", "organisation")
        best = max(typed, key=lambda span: (span[2], -_distance(question, candidate.text, span)), default=None)
        fit = (best[2] if best else 0.0) if wants else 0.55
        # A sentence without the very unit asked for is hardly the one.
        lacks = (3.0 if question.unit else 1.0) * (wants and fit == 0)
        counts = question.asks == "number" and question.unit is None and fit == 1
        # Logistic regressions fitted on 57 questions about scripts/sample: of the sentence, and of the whole answer.
        sentence = 10.4 * cosine + covered @ (2.83, 1.95, 1.2) + 1.77 * fit + 1.25 * counts - 1.25 * lacks - 15.75
        answer = covered @ (1.5, 2.2, 1.5) + 0.4 * fit - 0.5 * lacks - 3.7
        found = best is not None and fit > 0
        return (
            ScoredSentence(
                hit=candidate.hit,
                start=candidate.start,
                end=candidate.end,
                answer_start=candidate.start + best[0] if found and best else None,
                answer_end=candidate.start + best[1] if found and best else None,
                score=_logistic(float(sentence)),
            ),
            float(answer),
        )


def _logistic(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))


def _candidates(hits: Sequence[Hit]) -> list[_Candidate]:
    seen: set[tuple[str, int]] = set()
    found = []
    for hit in hits:
        body = hit.article.body
        for start, end in sentences(body):
            if start < hit.passage.end and end > hit.passage.start and (hit.article.id, start) not in seen:
                seen.add((hit.article.id, start))
                found.append(_Candidate(hit, start, end, body[start:end]))
    return found


def _covered(rarity: dict[str, float], where: str) -> float:
    """Share of the question's weighed words that stand in `where`; a half where it has none."""
    total = sum(rarity.values())
    return sum(weight for word, weight in rarity.items() if word in where) / total if total else 0.5


def _distance(question: Question, sentence: str, span: tuple[int, int, float]) -> float:
    """Mean distance in characters from the span to the question's characters that the sentence repeats."""
    at = np.array(
        [i for i, c in enumerate(fold(sentence)) if c in question.search and not span[0] <= i < span[1] and c.isalnum()]
    )
    return float(np.abs(at - (span[0] + span[1]) / 2).mean()) if len(at) else 0.0
