"""How the texts of a page go on in one another: across lines' ends, over subheads, by the words they share."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from index.layout.atoms import Atom, pairs_of

HARDLY = -3.5
"""Odds up to which a text cannot be a headline."""

_SAME = 0.04
"""Cohesion of the texts around a short line above which it is more likely a subhead of theirs than a headline."""

_SUBHEAD = 1.4
"""Size of a subhead at most, in sizes of body type."""

_GAPS = (0.7, 14.0), (1.2, 6.0)
"""What it is worth that a line has no more white space above and below than so many heights of body type."""

_CHART = 6.0
"""What speaks against a chart, whose figures are in faux bold, being one body with a text whose are not."""


_ASTRAY = 6.0
"""What speaks at most against two texts' being one body, by where they stand."""


class Flow:
    """The texts of one page.

    `texts` are their places among its atoms, `rarity` is that of each pair of letters, `subheads` says for each text how
    much speaks for its being one.
    """

    def __init__(self, found: Sequence[Atom]) -> None:
        self._atoms = found
        self.texts = [at for at, atom in enumerate(found) if atom.sort == "text"]
        counts = Counter(pair for at in self.texts for pair in found[at].pairs)
        self.rarity = {pair: math.log(1 + len(self.texts) / count) for pair, count in counts.items()}
        self.subheads = self._subheads()

    def _subheads(self) -> dict[int, float]:
        """How much speaks for each text's being a subhead: it is short, and what stands on either side hangs together."""
        found: dict[int, float] = dict.fromkeys(self.texts, 0.0)
        for before, at, behind in zip(self.texts, self.texts[1:], self.texts[2:], strict=False):
            atom = self._atoms[at]
            beside = {self._atoms[near].sort for near in (at - 1, at + 1)}
            is_short = len(atom.lines) == 1 and 3 <= len(atom.text) <= 16 and atom.odds > HARDLY and atom.is_open
            if not is_short or beside != {"text"} or self._atoms[before].is_open or self._atoms[behind].is_lead:
                continue
            if max(self._atoms[before].odds, self._atoms[behind].odds) > 0 or (atom.size or 0.0) > _SUBHEAD * (
                self._atoms[behind].size or math.inf
            ):
                continue
            if self._atoms[before].has_bold_figures != self._atoms[behind].has_bold_figures:
                continue
            cohesion = self._cohesion(before, behind)
            if cohesion > _SAME:
                found[at] = min(12.0, 4.0 + 120.0 * (cohesion - _SAME))
            found[at] += _set_within(self._atoms[before], atom, self._atoms[behind])
        return found

    def joint(self, at: int, to: int) -> float:
        """How well the text `to` goes on a body whose last text is `at`."""
        here, following = self._atoms[at], self._atoms[to]
        if self.subheads[at] and to == at + 1:
            return 0.0
        worth = -6.0 * (here.is_banner or following.is_banner)
        worth -= 4.0 * (to > at + 1)
        worth -= _astray(here, following)
        worth -= _CHART * (here.has_bold_figures != following.has_bold_figures)
        if here.is_open:
            worth += (1.5 if here.odds <= 0 else -2.0) - min(following.begins, 2.5)
        else:
            worth += min(following.begins, 1.0) - 3.0 * following.is_lead
            worth -= 3.0 * (following.is_item and not here.has_items)
            worth += 8.0 * (min(self._cohesion(at, to), 0.25) - 0.1)
        if min(len(here.lines), len(following.lines)) >= 4 and abs(here.column - following.column) >= 2:
            worth -= 2.5
        return worth

    def _cohesion(self, at: int, to: int) -> float:
        """Cosine between up to three bodies' atoms up to `at` and as many from `to` on, as TextTiling compares blocks."""
        before = [a for a in self._atoms[max(0, at - 2) : at + 1] if a.sort == "text" and a.odds < 0]
        behind = [a for a in self._atoms[to : to + 3] if a.sort == "text" and a.odds < 0]
        left = pairs_of(before)
        right = pairs_of(behind)
        if not left or not right:
            return 0.1
        both = sum(self.rarity[pair] for pair in left & right)
        return both / math.sqrt(sum(self.rarity[p] for p in left) * sum(self.rarity[p] for p in right))


def _astray(here: Atom, following: Atom) -> float:
    """What the boxes say against a text's going on in another: one goes on right below it, or in the next column."""
    if here.box is None or following.box is None or not here.size:
        return 0.0
    aside = max(following.box.left - here.box.right, here.box.left - following.box.right, 0.0) / here.size
    if aside > 0:  # at the head of the next column, or, rarely, of one to the left
        back = following.box.left < here.box.left
        below = max(following.box.top - here.box.bottom, 0.0) / here.size
        return min(_ASTRAY, 0.5 * max(0.0, aside - 4.0) + 0.5 * below + 2.0 * back)
    gap = (following.box.top - here.box.bottom) / here.size
    return min(_ASTRAY, 0.5 * max(0.0, gap - 2.5) + (3.0 if gap < -1.0 else 0.0))


def _set_within(above: Atom, atom: Atom, below: Atom) -> float:
    """How much the boxes say that a line is set within a column: between two texts of it, close to both."""
    if (
        above.box is None
        or atom.box is None
        or below.box is None
        or not below.size
        or (atom.size or 0.0) > _SUBHEAD * below.size
    ):
        return 0.0
    inside = (
        abs(above.box.left - below.box.left) < 3 * below.size
        and below.box.left - below.size < atom.box.left
        and atom.box.right < below.box.right + 2.5 * below.size
    )
    gaps = (atom.box.top - above.box.bottom, below.box.top - atom.box.bottom)
    if not inside or min(gaps) < -below.size:
        return 0.0
    return next((worth for most, worth in _GAPS if max(gaps) < most * below.size), 0.0)
