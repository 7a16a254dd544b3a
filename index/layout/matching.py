"""Which headline and which byline belong to which body: one decision for a whole page.

The atoms of a page are cut into articles by dynamic programming over all segmentations. An article is a stretch of
atoms with one body, at most one headline and at most one byline group, in any order; its worth is the sum of what
its atoms look like, whether its body hangs together and ends with a sentence, and how many of its headline's words,
weighed by how rare they are on the page, its body has. A paper puts its headlines and bylines in one place as a rule,
so a second pass prefers the order that the first pass found to prevail.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from index.layout.atoms import Atom

_LONGEST = 60
_HEADLINE_ATOMS = 4


@dataclass(frozen=True)
class Segment:
    """One article: atoms `start` to `end`, of which `head` (a slice) are its headline."""

    start: int
    end: int
    head: tuple[int, int]
    worth: float
    form: str = ""
    """Order of headline (H), byline (Y) and body (B), e.g. BYH; for preferences."""


@dataclass
class Piece:
    """What a segment holds."""

    headline: list[Atom]
    byline: list[Atom]
    body: list[Atom]
    jumps: list[Atom]
    worth: float


def pieces(found: Sequence[Atom]) -> tuple[list[Piece], list[Atom]]:
    """Cut a page's atoms into articles, in their order; return them and the atoms that belong to none."""
    page = _Page(found)
    segments = page.best(Counter())
    segments = page.best(Counter(segment.form for segment in segments if len(segment.form) > 1))
    made: list[Piece] = []
    loose: list[Atom] = []
    for segment in segments:
        inside = found[segment.start : segment.end]
        if "B" not in segment.form:
            loose += inside
            continue
        headline = list(found[segment.head[0] : segment.head[1]])
        made.append(
            Piece(
                [atom for atom in headline if atom.sort == "text"],
                [atom for atom in inside if atom.sort == "byline"],
                [atom for atom in inside if atom.sort == "text" and atom not in headline],
                [atom for atom in inside if atom.sort == "jump"],
                segment.worth,
            )
        )
    return made, loose


class _Page:
    """Sums over the atoms of one page that every segment draws on."""

    def __init__(self, found: Sequence[Atom]) -> None:
        self.atoms = found
        texts = [atom for atom in found if atom.sort == "text"]
        counts = Counter(pair for atom in texts for pair in atom.pairs)
        self.rarity = {pair: math.log(1 + len(texts) / count) for pair, count in counts.items()}
        self.has_jump = any(atom.sort == "jump" for atom in found)
        # What the text around each place has in common across it.
        self.cohesion = [self._cohesion(at) for at in range(len(found))]

    def _cohesion(self, at: int) -> float:
        """Cosine between up to three bodies' atoms before `at` and as many behind, as TextTiling compares blocks."""
        before = [a for a in self.atoms[max(0, at - 3) : at] if a.sort == "text" and a.odds < 0]
        behind = [a for a in self.atoms[at : at + 3] if a.sort == "text" and a.odds < 0]
        left = {pair for atom in before for pair in atom.pairs}
        right = {pair for atom in behind for pair in atom.pairs}
        if not left or not right:
            return 0.1
        both = sum(self.rarity[pair] for pair in left & right)
        return both / math.sqrt(sum(self.rarity[p] for p in left) * sum(self.rarity[p] for p in right))

    def best(self, forms: Counter[str]) -> list[Segment]:
        """The segmentation of the most worth. `forms` are the orders of headline, byline and body seen so far."""
        n = len(self.atoms)
        worth = [0.0] + [-math.inf] * n
        back: list[Segment | None] = [None] * (n + 1)
        for start in range(n):
            for segment in self._from(start, forms):
                if worth[start] + segment.worth > worth[segment.end]:
                    worth[segment.end] = worth[start] + segment.worth
                    back[segment.end] = segment
        segments: list[Segment] = []
        at = n
        while at > 0:
            chosen = back[at]
            assert chosen is not None  # a lone atom is always a segment  # noqa: S101
            segments.append(chosen)
            at = chosen.start
        return segments[::-1]

    def _from(self, start: int, forms: Counter[str]) -> Iterator[Segment]:
        """Every article that can begin at `start`, and the atom there alone."""
        first = self.atoms[start]
        alone = {"jump": -0.1, "byline": -5.0, "text": -3.5}[first.sort]
        if first.is_banner:
            alone = 1.5
        yield Segment(start, start + 1, (start, start + 1), alone, "J" if first.sort == "jump" else first.sort[0])
        bylines = 0
        last_byline = -2
        runs = 0
        for end in range(start + 1, min(len(self.atoms), start + _LONGEST) + 1):
            atom = self.atoms[end - 1]
            if atom.sort == "byline" and end - 2 != last_byline:
                bylines += 1
            if atom.sort == "byline":
                last_byline = end - 1
            if bylines > 1:
                return
            is_headline = atom.sort == "text" and atom.odds > 6
            if is_headline and not (
                end - 2 >= start and self.atoms[end - 2].sort == "text" and self.atoms[end - 2].odds > 6
            ):
                runs += 1
            if runs > 2:
                return
            yield from self._articles(start, end, forms)

    def _articles(self, start: int, end: int, forms: Counter[str]) -> Iterator[Segment]:
        inside = range(start, end)
        texts = [at for at in inside if self.atoms[at].sort == "text"]
        if not texts:
            return
        yield self._article(start, end, (start, start), texts, forms)
        for at in texts:
            if self.atoms[at].odds <= -6:
                continue
            for stop in range(at + 1, min(end, at + _HEADLINE_ATOMS) + 1):
                last = self.atoms[stop - 1]
                if last.sort != "text" or last.odds <= -6:
                    break
                body = [t for t in texts if not at <= t < stop]
                if body:
                    yield self._article(start, end, (at, stop), body, forms)

    def _article(self, start: int, end: int, head: tuple[int, int], body: list[int], forms: Counter[str]) -> Segment:
        atoms = self.atoms
        worth = -1.0 - sum(atoms[at].odds for at in body)
        worth += sum(atoms[at].odds for at in range(*head)) - 0.7 * max(0, head[1] - head[0] - 1)
        size = sum(len(atoms[at].text) for at in body)
        words: frozenset[str] = frozenset().union(*(atoms[at].pairs for at in body))
        if head[0] == head[1]:
            worth -= 5.0
        else:
            told = frozenset().union(*(atoms[at].pairs for at in range(*head)))
            rare = sum(self.rarity[pair] for pair in told)
            share = sum(self.rarity[pair] for pair in told & words) / rare if rare else 0.0
            worth += 6.0 * (share - 0.2)
            if atoms[head[0]].text[0] in "“" and head[0] > start:
                worth -= 0.5
        worth += self._body(body, start, end)
        has_byline = any(atoms[at].sort == "byline" for at in range(start, end))
        worth -= 0.8 * (not has_byline) * min(1.0, size / 150)
        form = self._form(start, end, head)
        worth -= 3.0 * (form.count("B") > 1)
        if forms and size > 150:
            worth += 0.7 * math.log((forms[form] + 0.3) / (forms.total() + 1.0) * 6)
        return Segment(start, end, head, worth, form)

    def _body(self, body: Sequence[int], start: int, end: int) -> float:
        """How well the atoms of a body hang together."""
        atoms = self.atoms
        worth = 0.0
        first = atoms[body[0]]
        worth += 1.5 if first.is_lead else min(first.begins, 1.0)
        for at, to in pairwise(body):
            here, following = atoms[at], atoms[to]
            if here.is_open and to > at + 1:
                worth -= 3.0
            elif here.is_open:
                worth += 1.5 - min(following.begins, 2.5)
            else:
                worth += min(following.begins, 1.0) - 3.0 * following.is_lead
                worth += 8.0 * (min(self.cohesion[to], 0.25) - 0.1)
            if min(len(here.lines), len(following.lines)) >= 4 and abs(here.column - following.column) >= 2:
                worth -= 2.5
        if atoms[body[-1]].is_open:
            jumps = any(atoms[at].sort == "jump" for at in range(start, end))
            worth -= 0.0 if jumps else 2.0 if self.has_jump else 4.0
        return worth

    def _form(self, start: int, end: int, head: tuple[int, int]) -> str:
        form = ""
        for at in range(start, end):
            sort = self.atoms[at].sort
            letter = "H" if head[0] <= at < head[1] else {"text": "B", "byline": "Y", "jump": ""}[sort]
            if letter and not form.endswith(letter):
                form += letter
        return form
