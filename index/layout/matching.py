"""Which headline and which byline belong to which body: one decision for a whole page.

The atoms of a page are cut into articles by dynamic programming over all segmentations. An article is a stretch of
atoms with one body, at most one headline and at most one byline group, in any order; its worth is the sum of what
its atoms look like, whether its body hangs together and ends with a sentence, and how many of its headline's words,
weighed by how rare they are on the page, its body has. A paper puts its headlines and bylines in one place as a rule,
so a second pass prefers the order that the first pass found to prevail.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from index.layout.atoms import Atom, distance
from index.layout.credits import is_photo
from index.layout.flow import HARDLY, Flow
from index.layout.reassigning import reassign

_LONGEST = 60
_HEADLINE_ATOMS = 4
_NEAR = 3.0
"""Heights of glyphs that the lines of one headline stand apart at most."""
_SHORTEST = 20
"""Characters of a body at least."""
_ASIDE = 2.5
"""What it costs that a byline stands in no column of its article."""
_SURELY = 6.0
"""Odds above which it is one."""


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
    column: list[Atom]
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
                [atom for atom in inside if atom.sort == "column"],
                segment.worth,
            )
        )
    reassign(made, page.rarity)
    return made, loose


def _far(atom: Atom, others: Sequence[Atom]) -> float:
    """What it costs that an atom stands apart from all of `others`."""
    return min(5.0, 0.5 * max(0.0, min(distance(atom, other) for other in others) - 1.5))


def _over(atom: Atom, other: Atom) -> bool:
    """Whether one of two atoms stands over the other."""
    a, b = atom.box, other.box
    return a is None or b is None or (a.left < b.right and b.left < a.right)


class _Page:
    """Sums over the atoms of one page, so that what a segment is worth costs little to say."""

    def __init__(self, found: Sequence[Atom]) -> None:
        self.atoms = found
        flow = Flow(found)
        self.texts, self.rarity, self.subheads, self._joint = flow.texts, flow.rarity, flow.subheads, flow.joint
        self.before = [0, *accumulate(int(atom.sort == "text") for atom in found)]
        """Count of texts before each atom."""
        texts = [found[at] for at in self.texts]
        self.has_jump = any(atom.sort == "jump" and not atom.came_from for atom in found)
        self.odds = [0.0, *accumulate(atom.odds for atom in texts)]
        self.body_odds = [
            0.0, *accumulate(found[at].odds - max(0.0, min(found[at].odds, self.subheads[at])) for at in self.texts)
        ]  # fmt: skip
        self.sizes = [0, *accumulate(len(atom.text) for atom in texts)]
        self.joints = [0.0, *accumulate(self._joint(at, to) for at, to in pairwise(self.texts))]
        self.bylines = [0, *accumulate(int(atom.sort == "byline") for atom in found)]
        self.photos = [0, *accumulate(int(atom.sort == "byline" and is_photo(atom.text)) for atom in found)]
        self.jumps = [0, *accumulate(int(atom.sort == "jump") for atom in found)]
        self.columns = [0, *accumulate(int(atom.sort == "column") for atom in found)]
        self.has_boxes = any(atom.box for atom in found)
        self.heads = self._heads()

    def _heads(self) -> dict[tuple[int, int], list[tuple[float, int, int]]]:
        """Stretches that may be a headline.

        For each: what a pair of its letters is worth if the body has it, by its rarity, and where that pair stands
        last before and next behind.
        """
        where: dict[str, list[int]] = defaultdict(list)
        for at in self.texts:
            for pair in self.atoms[at].pairs:
                where[pair].append(at)
        found: dict[tuple[int, int], list[tuple[float, int, int]]] = {}
        for at in self.texts:
            for stop in range(at + 1, min(len(self.atoms), at + _HEADLINE_ATOMS) + 1):
                last = self.atoms[stop - 1]
                if last.sort != "text" or last.odds <= HARDLY or (last.is_banner and stop > at + 1):
                    break
                if stop > at + 1 and distance(self.atoms[stop - 2], last) > _NEAR:
                    break
                weights: dict[str, float] = defaultdict(float)
                stretch = [atom.pairs for atom in self.atoms[at:stop]]
                for pairs, most in [(frozenset[str]().union(*stretch), 6.0), *((pairs, 3.0) for pairs in stretch)]:
                    rare = sum(self.rarity[pair] for pair in pairs)
                    for pair in pairs:
                        weights[pair] += most * self.rarity[pair] / rare
                told: list[tuple[float, int, int]] = []
                for pair, weight in weights.items():
                    places = where[pair]
                    left, right = bisect_left(places, at), bisect_left(places, stop)
                    behind = places[right] if right < len(places) else len(self.atoms)
                    told.append((weight, places[left - 1] if left else -1, behind))
                found[at, stop] = told
        return found

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
        alone = {"jump": -0.1, "byline": -5.0, "text": -3.5, "column": -1.0}[first.sort]
        if first.sort == "text" and first.is_banner:
            alone = 1.5
        yield Segment(start, start + 1, (start, start + 1), alone, first.sort[0])
        runs = {"byline": 0, "headline": 0}
        last = ""
        for end in range(start + 1, min(len(self.atoms), start + _LONGEST) + 1):
            atom = self.atoms[end - 1]
            sure = atom.odds > _SURELY and not self.subheads[end - 1]
            now = "byline" if atom.sort == "byline" else "headline" if sure else atom.sort
            if now == "byline" or (now in runs and now != last):
                runs[now] += 1
            last = now
            if runs["byline"] > 1 or runs["headline"] > 2:
                return
            yield from self._articles(start, end, forms)

    def _articles(self, start: int, end: int, forms: Counter[str]) -> Iterator[Segment]:
        first, last = self.before[start], self.before[end]
        if first == last:
            return
        yield self._article(start, end, (start, start), forms)
        inside = self.texts[first:last]
        for at in inside:
            for stop in range(at + 1, min(end, at + _HEADLINE_ATOMS) + 1):
                if (at, stop) not in self.heads:
                    break
                at_edge = at == inside[0] or stop - 1 == inside[-1]
                if stop - at < len(inside) and (at_edge or self.atoms[at].odds > 3):
                    yield self._article(start, end, (at, stop), forms)

    def _article(self, start: int, end: int, head: tuple[int, int], forms: Counter[str]) -> Segment:
        """The article of the atoms `start` to `end`, all of whose texts but those in `head` are body."""
        atoms, texts = self.atoms, self.texts
        first, last = self.before[start], self.before[end] - 1
        begin, stop = self.before[head[0]], self.before[head[1]]
        inside = self.body_odds[stop] - self.body_odds[begin]
        worth = -1.0 + self.odds[stop] - self.odds[begin] + inside - (self.body_odds[last + 1] - self.body_odds[first])
        size = self.sizes[last + 1] - self.sizes[first] - (self.sizes[stop] - self.sizes[begin])
        worth -= 4.0 * (size < _SHORTEST)
        joints = self.joints[last] - self.joints[first]
        if begin == stop or atoms[head[0]].is_banner:
            is_picture = self.photos[end] > self.photos[start] and size < 150
            worth -= 2.0 if is_picture else 5.0
        else:
            worth -= 1.2 + 0.7 * (stop - begin)
            worth += sum(weight for weight, left, right in self.heads[head] if left >= start or right < end)
            worth -= min((self.subheads[at] for at in range(*head)), default=0.0)
        if begin < stop:
            if begin == first:
                joints -= self.joints[stop] - self.joints[first]
                first = stop
            elif stop == last + 1:
                joints -= self.joints[last] - self.joints[begin - 1]
                last = begin - 1
            else:
                joints -= self.joints[stop] - self.joints[begin - 1]
                joints += self._joint(texts[begin - 1], texts[stop]) - 3.0
        opening = atoms[texts[first]]
        worth += joints + (1.5 if opening.is_lead else min(opening.begins, 1.0))
        worth += self._jumping(start, end, texts[first], texts[last]) + self._credited(start, end, texts[last], size)
        worth -= 3.0 * (self.columns[end] - self.columns[texts[self.before[start]]])
        if self.has_boxes:
            worth -= self._apart(start, end, head)
        form = self._form(start, end, head)
        if forms and size > 150:
            worth += 0.7 * math.log((forms[form] + 0.3) / (forms.total() + 1.0) * 6)
        return Segment(start, end, head, worth, form)

    def _jumping(self, start: int, end: int, first: int, last: int) -> float:
        """What jump marks are worth to a body from atom `first` to `last`, and that it stops in mid-sentence."""
        marks = range(start, end) if self.jumps[end] > self.jumps[start] else ()
        goes_on = [at for at in marks if self.atoms[at].sort == "jump" and not self.atoms[at].came_from]
        came_from = [at for at in marks if self.atoms[at].came_from]
        worth = -4.0 * sum(at < first for at in goes_on) - 4.0 * max(0, len(goes_on) - 1)
        worth -= 4.0 * sum(at > first for at in came_from) + 4.0 * max(0, len(came_from) - 1)
        if self.atoms[last].is_open and not goes_on:
            worth -= 2.0 if self.has_jump else 4.0
        return worth

    def _credited(self, start: int, end: int, last: int, size: int) -> float:
        """What a byline is worth to a body of `size` characters, or none: notices and second halves have none."""
        bylines = self.bylines[end] - self.bylines[start]
        worth = 0.0
        if any(self.atoms[at].came_from for at in range(start, end)):
            worth -= 1.5 * bylines
        elif self.atoms[last].is_signed or (size < 200 and self.atoms[last].is_chart):
            worth -= 4.0 * bylines
        elif not bylines:
            worth -= 0.8 * min(1.0, size / 150)
        if self.photos[end] > self.photos[start]:
            worth += 1.0 if size < 250 else -2.5
        return worth

    def _apart(self, start: int, end: int, head: tuple[int, int]) -> float:
        """What it costs that headline and byline stand apart from the body, or from one another."""
        inside = self.atoms[start:end]
        body = [a for at, a in enumerate(inside, start) if a.sort == "text" and not head[0] <= at < head[1]]
        cost = 0.0
        for atom in self.atoms[head[0] : head[1]][:1]:
            cost += _far(atom, body)
        for atom in inside:
            if atom.sort == "byline":
                others = [other for other in inside if other.sort == "text"]
                cost += _far(atom, others) + _ASIDE * (not any(_over(atom, other) for other in others))
        return cost

    def _form(self, start: int, end: int, head: tuple[int, int]) -> str:
        """Order of headline, byline and body, by where each begins."""
        first = self.before[start]
        body = self.texts[first] if head[0] == head[1] or self.texts[first] < head[0] else head[1]
        places = [(body, "B")]
        if head[0] < head[1]:
            places.append((head[0], "H"))
        if self.bylines[end] > self.bylines[start]:
            places.append((next(at for at in range(start, end) if self.atoms[at].sort == "byline"), "Y"))
        return "".join(letter for _, letter in sorted(places))
