"""Atoms: lines of a page that stand together, and what can be told from them."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from index.layout.credits import MARKS
from index.layout.furniture import JUMP
from index.layout.glyphs import halves, is_doubled
from index.models import Box, Line

Sort = Literal["text", "byline", "jump", "column"]

ENDS = re.compile(r"[。！？!?…；;][”’）)》】]*$|[。！？!?][”’）)》】]*[（(][^（）()]{2,30}[）)]$")
_LEAD = re.compile(
    r"(?:【[^】]{2,8}】)?(?:本报讯|本报[一-鿿]{2,4}讯|[一-鿿]{2,6}(?<![通短资审音喜简快问视电])讯|新华社|中新社|中新网|(?:据)?[^。，]{2,10}电[（(])|近日，|日前，|昨[天日]"
)
DATE = re.compile(r"(?:\d{4}|[二〇○零一三四五六七八九十]{4})年.{1,3}月.{1,3}日")
_CONTACT = re.compile(r"(?:地址|电话|热线|联系人|咨询|手机|网址)[:：]")
_ROW = re.compile(r"\S*\D\s+-?\d[\d.,%]*\s+-?\d[\d.,%]*(?:\s+\S+)*")
_BOLD_FIGURES = re.compile(r"\d\.\.\d|(\d{2,})\1")
_SURELY_BOLD = re.compile(r"\d\.\.\d|(?<!\d)(\d{3,})\1(?!\d)|(?<!\d)(\d{2})\2(?=[%％])")
INDENT = re.compile(r"^(?:　{2}| {4}|\t)")


@dataclass(eq=False)
class Atom:
    """Lines of one sort that stand together. `odds` is the log odds of headline to body, where it is text."""

    sort: Sort
    lines: list[Line]
    odds: float = 0.0
    column: float = 0.0
    is_repeat: bool = False

    @cached_property
    def contents(self) -> list[str]:
        """The lines without white space."""
        return [squeezed(line.text) for line in self.lines]

    @cached_property
    def text(self) -> str:
        """All of it, without white space."""
        return "".join(self.contents)

    @cached_property
    def widths(self) -> list[float]:
        """Widths of the lines in characters of a Chinese font; of a line in faux bold, that of a single reading."""
        return [
            measure(line) if single is None else width(single)
            for line, single in zip(self.lines, self._singles, strict=True)
        ]

    @cached_property
    def _singles(self) -> list[str | None]:
        """Single readings of lines in faux bold, None for the others."""
        found: list[str | None] = []
        for content in self.contents:
            slices = halves(content) if len(content) >= 6 else None
            doubled = is_doubled(slices)
            found.append("".join(content[start:end] for start, end in slices or ()) if doubled else None)
        return found

    @cached_property
    def is_doubled(self) -> bool:
        """Whether a line of it is in faux bold, drawn twice."""
        repeated = any(len(a) >= 4 and a == b for a, b in zip(self.contents, self.contents[1:], strict=False))
        quoted = "““" in self.text or "””" in self.text
        return self.is_repeat or repeated or quoted or any(single is not None for single in self._singles)

    @cached_property
    def pairs(self) -> frozenset[str]:
        """Pairs of neighbouring letters or digits."""
        text = "".join(s or c for s, c in zip(self._singles, self.contents, strict=True))
        return frozenset(text[at : at + 2] for at in range(len(text) - 1) if text[at : at + 2].isalnum())

    @cached_property
    def is_open(self) -> bool:
        """Whether it stops in mid-sentence."""
        return not (ENDS.search(self.text) or is_signature(self) or self.is_signed or self.is_notice)

    @cached_property
    def came_from(self) -> bool:
        """Whether it is a mark that an article comes from another page (上接1版)."""
        mark = JUMP.fullmatch(self.text) if self.sort == "jump" else None
        return mark is not None and mark["way"] in ("上接", "接")

    @cached_property
    def is_signed(self) -> bool:
        """Whether it ends with a date, as notices do."""
        return bool(DATE.fullmatch(self.contents[-1]))

    @cached_property
    def is_notice(self) -> bool:
        """Whether it is what an advertisement or a table says: an address, or rows of figures, and no sentence."""
        rows = sum(_ROW.fullmatch(line.text.strip()) is not None for line in self.lines)
        return "。" not in self.text and (bool(_CONTACT.search(self.text)) or rows >= max(2, 0.6 * len(self.lines)))

    @cached_property
    def is_lead(self) -> bool:
        """Whether it begins as the first paragraph of a report does."""
        return bool(_LEAD.match(self.text))

    @cached_property
    def is_item(self) -> bool:
        """Whether it begins with a mark, as an item of a digest does."""
        return self.text[0] in MARKS

    @cached_property
    def has_items(self) -> bool:
        """Whether a line of it begins an item of a digest."""
        return any(content[0] in MARKS for content in self.contents)

    @cached_property
    def begins(self) -> float:
        """How surely its first line begins a paragraph, from -2.5 to 4: it is indented, by white space or by width."""
        first, w = self.lines[0], self.widths[0]
        if INDENT.match(first.text):
            return 4.0
        if len(self.lines) == 1 and not self.is_open:
            return 0.0
        if abs(w + 2 - self.column) <= 0.75:
            return 1.5
        if abs(w - self.column) <= 0.75:
            return -1.0 if self.text[0] == "“" else -2.5
        return 0.0

    @cached_property
    def is_chart(self) -> bool:
        """Whether it has figures in faux bold, as charts and boxes beside an article have."""
        return bool(_BOLD_FIGURES.search(self.text) and re.search("[，、；%]", self.text))

    @cached_property
    def has_bold_figures(self) -> bool:
        """Whether figures of it are in faux bold beyond doubt: 2020 may be a year."""
        return bool(_SURELY_BOLD.search(self.text))

    @cached_property
    def is_banner(self) -> bool:
        """Whether it looks like a slogan over several articles: two phrases of one length (决战四季度 夺取全年胜)."""
        parts = self.lines[0].text.split()
        return len(self.lines) == 1 and len(parts) == 2 and len(parts[0]) == len(parts[1]) in range(4, 8)

    @cached_property
    def box(self) -> Box | None:
        """What its lines cover, where the source tells."""
        boxes = [line.box for line in self.lines if line.box]
        if len(boxes) < len(self.lines):
            return None
        return Box(
            left=min(box.left for box in boxes),
            top=min(box.top for box in boxes),
            right=max(box.right for box in boxes),
            bottom=max(box.bottom for box in boxes),
        )

    @cached_property
    def size(self) -> float | None:
        """Height of its glyphs, where the source tells."""
        sizes = [line.size for line in self.lines if line.size]
        return sum(sizes) / len(sizes) if sizes else None


def pairs_of(atoms: Iterable[Atom]) -> frozenset[str]:
    """Pairs of neighbouring letters or digits of several atoms."""
    return frozenset[str]().union(*(atom.pairs for atom in atoms))


def distance(atom: Atom, other: Atom) -> float:
    """Gap between the boxes of two atoms, in heights of the smaller one's glyphs; 0 where a source tells no boxes."""
    a, b = atom.box, other.box
    if a is None or b is None:
        return 0.0
    dx = max(0.0, b.left - a.right, a.left - b.right)
    dy = max(0.0, b.top - a.bottom, a.top - b.bottom)
    return math.hypot(dx, dy) / min(atom.size or 1.0, other.size or 1.0)


def squeezed(text: str) -> str:
    """The text without white space and what cannot be printed."""
    return "".join(c for c in text if not c.isspace() and c.isprintable())


def width(text: str) -> float:
    """Width in characters of a Chinese font: a Latin letter or a digit is half of one."""
    return sum(1.0 if unicodedata.east_asian_width(c) in "WFA" else 0.5 for c in text)


def measure(line: Line) -> float:
    """Width of a line in characters, by its box where it has one."""
    if line.box and line.size:
        return max((line.box.right - line.box.left) / line.size, 0.5)
    return width(squeezed(line.text))


def is_signature(atom: Atom) -> bool:
    """A notice's date, or its name and its date."""
    return len(atom.lines) <= 3 and bool(DATE.fullmatch(atom.contents[-1])) and len(atom.text) <= 60
