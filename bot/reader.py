"""The reader: scores the sentences of the passages found, and how likely the best one answers."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.models import Question, Reading, ScoredSentence
from bot.spans import spans
from index.embedding import Embedder
from index.lexical import words
from index.models import Hit
from index.text import fold, sentences

MOST_SENTENCES = 40
_ASKING = re.compile(
    r"多少|什么时[候间]|什么地方|为什么|什么|哪里|哪儿|哪[一]?[个些家所位天年月]|谁|何时|何地|几|吗|呢|如何|怎么|怎样|是否|有没有|是不是|请问"
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
        scored = [
            self._score(
                question,
                candidate,
                float(cosine),
                _covered(rarity, text, fold(candidate.hit.article.title + candidate.hit.passage.text)),
            )
            for candidate, cosine, text in zip(candidates, cosines, folded, strict=True)
        ]
        scored.sort(key=lambda s: (-s.score, s.start))
        return Reading(sentences=tuple(scored), answerability=scored[0].score)

    def _score(
        self, question: Question, candidate: _Candidate, cosine: float, covered: tuple[float, float]
    ) -> ScoredSentence:
        typed = spans(candidate.text, question)
        wants = question.asks in ("number", "date", "person", "place", "organisation")
        best = max(typed, key=lambda span: (span[2], -_distance(question, candidate.text, span)), default=None)
        fit = best[2] if best else 0.0
        here, around = covered
        # e5's cosines crowd between 0.75 and 0.92 (temperature 0.01 in its training).
        logit = 14 * (cosine - 0.865) + 2.6 * (here - 0.45) + 1.6 * (around - 0.7) + (2.2 * fit - 1.6 if wants else 0.0)
        return ScoredSentence(
            hit=candidate.hit,
            start=candidate.start,
            end=candidate.end,
            answer_start=candidate.start + best[0] if best and fit > 0 else None,
            answer_end=candidate.start + best[1] if best and fit > 0 else None,
            score=1 / (1 + math.exp(-logit)),
        )


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


def _covered(rarity: dict[str, float], sentence: str, around: str) -> tuple[float, float]:
    """Share of the question's weighed words in the sentence, and in the passage with its headline. Both 1 for no words."""
    total = sum(rarity.values())
    if not total:
        return 1.0, 1.0
    here = sum(weight for word, weight in rarity.items() if word in sentence)
    return here / total, sum(weight for word, weight in rarity.items() if word in around or word in sentence) / total


def _distance(question: Question, sentence: str, span: tuple[int, int, float]) -> float:
    """Mean distance in characters from the span to the question's characters that the sentence repeats."""
    at = np.array(
        [i for i, c in enumerate(fold(sentence)) if c in question.search and not span[0] <= i < span[1] and c.isalnum()]
    )
    return float(np.abs(at - (span[0] + span[1]) / 2).mean()) if len(at) else 0.0
