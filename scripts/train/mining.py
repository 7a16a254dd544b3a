"""Passages that answer a question, and passages like them that do not, out of one pool."""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from index.lexical import words
from index.passages import cut
from index.text import fold, sentences
from scripts.train import questions


@dataclass
class Piece:
    """A passage of the pool that negatives are taken from; texts are folded."""

    article: str
    title: str
    text: str


@dataclass
class Asked:
    """A question with the piece that answers it; `start` and `end` are offsets into the piece's text.

    Where both are 0 nothing answers it, and `gold` is a piece of the article that it is about.
    """

    id: str
    source: str
    kind: str
    question: str
    gold: int
    start: int
    end: int
    others: list[str] = field(default_factory=list)


class Lexicon:
    """Okapi BM25 (k1 = 1.2, b = 0.75) over pieces, in memory."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        from scipy.sparse import csc_matrix

        self._ids: dict[str, int] = {}
        rows, columns, counts = [], [], []
        lengths = np.zeros(len(pieces))
        for row, piece in enumerate(pieces):
            found = Counter(words(piece.title + " " + piece.text))
            lengths[row] = sum(found.values())
            for word, count in found.items():
                rows.append(row)
                columns.append(self._ids.setdefault(word, len(self._ids)))
                counts.append(count)
        tf = np.array(counts, np.float32)
        norm = 1.2 * (0.25 + 0.75 * lengths / max(lengths.mean(), 1))
        df = np.bincount(columns, minlength=len(self._ids))
        idf = np.log(1 + (len(pieces) - df + 0.5) / (df + 0.5))
        weights = tf * 2.2 / (tf + norm[rows]) * idf[columns]
        self._matrix = csc_matrix((weights.astype(np.float32), (rows, columns)), shape=(len(pieces), len(self._ids)))

    def best(self, query: str, n: int) -> list[int]:
        """Return the rows of the `n` best pieces."""
        columns = [self._ids[w] for w in set(words(query)) if w in self._ids]
        if not columns:
            return []
        scores = np.asarray(self._matrix[:, columns].sum(axis=1)).ravel()
        top = np.argpartition(-scores, min(n, len(scores) - 1))[:n]
        return [int(row) for row in top[np.argsort(-scores[top], kind="stable")] if scores[row] > 0]


class Builder:
    """Pieces and questions of one split."""

    def __init__(self, seed: int) -> None:
        self.pieces: list[Piece] = []
        self.asked: list[Asked] = []
        self.dice = random.Random(seed)  # noqa: S311 - a seeded draw, nothing secret
        self._by_article: dict[str, list[int]] = defaultdict(list)

    def add(self, article: str, title: str, body: str) -> list[tuple[int, int, int]]:
        """Cut an article into pieces; return (row, start, end) of each in `body`."""
        rows = []
        for start, end in cut(body):
            rows.append((len(self.pieces), start, end))
            self._by_article[article].append(len(self.pieces))
            self.pieces.append(Piece(article, fold(title), fold(body[start:end])))
        return rows

    def ask(
        self,
        identity: str,
        source: str,
        kind: str,
        question: str,
        rows: list[tuple[int, int, int]],
        start: int,
        end: int,
        others: Sequence[str] = (),
    ) -> None:
        """Add a question whose answer is body[start:end], if one piece holds all of it."""
        for row, first, last in rows:
            if first <= start and end <= last:
                self.asked.append(
                    Asked(
                        identity,
                        source,
                        kind,
                        fold(question),
                        row,
                        start - first,
                        end - first,
                        [fold(o) for o in others],
                    )
                )

    def ask_in_vain(self, identity: str, source: str, question: str, rows: list[tuple[int, int, int]]) -> None:
        """Add a question that the article of `rows` does not answer: the piece with most of its words cannot."""
        asked = set(words(question))
        near = max((row for row, _, _ in rows), key=lambda row: len(asked & set(words(self.pieces[row].text))))
        self.asked.append(Asked(identity, source, "none", fold(question), near, 0, 0))

    def examples(self, negatives: int, swapped: float) -> Iterator[dict[str, Any]]:
        """Yield examples: the gold piece, `negatives` hard ones, and, in a share `swapped`, a question it cannot answer."""
        lexicon = Lexicon(self.pieces)
        names = self._names()
        for asked in self.asked:
            gold = self.pieces[asked.gold]
            answers = _occurrences(gold.text, asked, gold.text[asked.start : asked.end]) if asked.end else []
            passages = [{"title": self._title(gold), "text": gold.text, "answers": answers}]
            passages += [{**p, "answers": []} for p in self._negatives(asked, lexicon, negatives)]
            yield {
                "id": asked.id,
                "source": asked.source,
                "kind": asked.kind,
                "question": asked.question,
                "passages": passages,
            }
            if asked.end and self.dice.random() < swapped and (other := self._swap(asked, names)):
                passages = [{"title": self._title(gold), "text": gold.text, "answers": []}]
                yield {
                    "id": asked.id + "-swapped",
                    "source": asked.source,
                    "kind": asked.kind,
                    "question": other,
                    "passages": passages,
                }

    def _negatives(self, asked: Asked, lexicon: Lexicon, n: int) -> list[dict[str, str]]:
        gold = self.pieces[asked.gold]
        core = _core(gold.text[asked.start : asked.end])
        found: list[dict[str, str]] = []
        if asked.end and self.dice.random() < 0.35 and (without := _without(gold.text, asked.start, core)):
            found.append({"title": self._title(gold), "text": without})
        near = [
            row
            for row in lexicon.best(asked.question, 16)
            if row != asked.gold and not (core and core in self.pieces[row].text)
        ]
        same = [row for row in near if self.pieces[row].article == gold.article]
        if same and self.dice.random() < 0.4:
            near = [same[0], *near]
        chosen = near[:n] if n > 1 else near[:4]
        if n == 1:
            self.dice.shuffle(chosen)
        for row in dict.fromkeys(chosen):
            piece = self.pieces[row]
            found.append({"title": self._title(piece), "text": piece.text})
        return found[:n]

    def _title(self, piece: Piece) -> str:
        """The headline; where there is none, at times the article's beginning, as an archive without headlines shows."""
        if piece.title:
            return piece.title if self.dice.random() < 0.8 else ""
        first = self.pieces[self._by_article[piece.article][0]]
        if first is piece or self.dice.random() < 0.5:
            return ""
        return re.split("[，。；！？,]", first.text)[0][:30]

    def _names(self) -> dict[str, list[str]]:
        """Names and years that questions hold, by kind, to swap."""
        found: dict[str, list[str]] = defaultdict(list)
        for asked in self.asked:
            for kind, word in _swappable(asked.question):
                found[kind].append(word)
        return found

    def _swap(self, asked: Asked, names: dict[str, list[str]]) -> str | None:
        gold = self.pieces[asked.gold]
        options = [(kind, word) for kind, word in _swappable(asked.question) if word in gold.title + gold.text]
        if not options:
            return None
        kind, word = self.dice.choice(options)
        if kind == "year":
            other = str(int(word) + self.dice.choice((-3, -2, -1, 1, 2, 3)))
        else:
            other = self.dice.choice(names[kind])
        if other in gold.title + gold.text or word in other or other in word:
            return None
        return asked.question.replace(word, other)


def _swappable(question: str) -> list[tuple[str, str]]:
    found = [("year", m.group()) for m in re.finditer(r"(?:19|20)\d\d(?=年)", question)]
    for word, flag in questions.tagged(question):
        if flag in ("ns", "nt", "nz", "nr", "nrt") and len(word) > 1:
            found.append((flag[:2], word))
    return found


def _core(answer: str) -> str:
    """What of an answer must not stand in a negative: the figure of 约20名, else the answer."""
    digits = re.search(r"\d[\d,.]*\d|\d", answer)
    return digits.group() if digits and len(answer) < 12 else answer


def _occurrences(text: str, asked: Asked, answer: str) -> list[list[int]]:
    """The marked answer, and what equals it in the same sentence."""
    spans = [[asked.start, asked.end]]
    for first, last in sentences(text):
        if first <= asked.start < last:
            spans += [[m.start(), m.end()] for m in re.finditer(re.escape(answer), text[first:last])]
            spans[1:] = [[a + first, b + first] for a, b in spans[1:] if a + first != asked.start]
    return spans


def _without(text: str, at: int, core: str) -> str | None:
    kept = [text[first:last] for first, last in sentences(text) if not first <= at < last]
    return "".join(kept) if kept and core not in "".join(kept) and len("".join(kept)) > 30 else None
