"""From a page's lines to atoms: stretches of lines that stand together, and how much each looks like a headline."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from index.layout.credits import goes_on, is_byline, is_name, parts
from index.layout.furniture import JUMP
from index.layout.glyphs import halves, is_doubled
from index.models import Box, Line

Sort = Literal["text", "byline", "jump"]

ENDS = re.compile(r"[。！？!?…；;][”’）)》】]*$|[。！？!?][”’）)》】]*[（(][^（）()]{2,30}[）)]$")
_LEAD = re.compile(
    r"(?:【[^】]{2,8}】)?(?:本报讯|本报[一-鿿]{2,4}讯|[一-鿿]{2,6}讯|新华社|中新社|中新网|(?:据)?[^。，]{2,10}电[（(])|近日，|日前，|昨[天日]"
)
_OPENS = "，。、；：！？”’）》】％%…"
_DATE = re.compile(r"(?:\d{4}|[二〇○零一三四五六七八九十]{4})年.{1,3}月.{1,3}日")
INDENT = re.compile(r"^(?:　{2}| {4}|\t)")
_BOLD_FIGURES = re.compile(r"\d\.\.\d|(\d{2,})\1")
SIZE_RATIO = 1.12
"""Lines whose glyphs differ in size by more than this do not stand together."""


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
        return not ENDS.search(self.text) and not _is_signature(self)

    @cached_property
    def came_from(self) -> bool:
        """Whether it is a mark that an article comes from another page (上接1版)."""
        mark = JUMP.fullmatch(self.text) if self.sort == "jump" else None
        return mark is not None and mark["way"] in ("上接", "接")

    @cached_property
    def is_signed(self) -> bool:
        """Whether it ends with a date, as notices do."""
        return bool(_DATE.fullmatch(self.contents[-1]))

    @cached_property
    def is_lead(self) -> bool:
        """Whether it begins as the first paragraph of a report does."""
        return bool(_LEAD.match(self.text))

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


def atoms(lines: Sequence[Line]) -> list[Atom]:
    """Cut a page's lines into atoms, in their order, and weigh each."""
    rows = [part for line in lines for part in (parts(line) if line.box is None else [line])]
    found = [atom for group in _regrouped(list(_groups(rows))) for atom in _cut(group)]
    sizes = Counter(round(line.size, 1) for line in lines if line.size for _ in squeezed(line.text))
    body_size = sizes.most_common(1)[0][0] if sizes else None
    _set_columns(found)
    split = [part for atom in found for part in _split(atom, body_size)]
    _set_columns(split)
    split = _credit_groups(_repeats(split))
    for at, atom in enumerate(split):
        if atom.sort == "text":
            atom.odds = _odds(
                atom, split[at - 1] if at else None, split[at + 1] if at + 1 < len(split) else None, body_size
            )
    return split


def _repeats(found: list[Atom]) -> list[Atom]:
    """Put together what faux bold has torn apart: a line, and the second drawing of a part of it."""
    made: list[Atom] = []
    for atom in found:
        if made and made[-1].sort == atom.sort == "text" and _repeat(made[-1], atom):
            made[-1] = Atom("text", made[-1].lines + atom.lines, column=atom.column, is_repeat=True)
        else:
            made.append(atom)
    return made


def _repeat(upper: Atom, lower: Atom) -> bool:
    short, long = sorted((upper.text, lower.text), key=len)
    return len(short) >= 3 and len(long) <= 80 and short in long and len(upper.lines) + len(lower.lines) <= 6


def _credit_groups(found: list[Atom]) -> list[Atom]:
    """Bylines as groups: 通讯员 goes on a group that 记者 began, ■ begins one."""
    made: list[Atom] = []
    for atom in found:
        if atom.sort != "byline":
            made.append(atom)
            continue
        for line in atom.lines:
            last = made[-1] if made and made[-1].sort == "byline" else None
            if last is not None and goes_on(line.text, last.lines[-1].text):
                made[-1] = Atom("byline", [*last.lines, line], column=atom.column)
            else:
                made.append(Atom("byline", [line], column=atom.column))
    return made


def _groups(lines: Sequence[Line]) -> Iterator[list[Line]]:
    group: list[Line] = []
    for line in lines:
        if group and (not squeezed(line.text) or _stand_apart(group[-1], line)):
            yield group
            group = []
        if squeezed(line.text):
            group.append(line)
    if group:
        yield group


def _regrouped(groups: list[list[Line]]) -> list[list[Line]]:
    """Where blank lines stand between nearly all lines, they say nothing: lines that fill their column run on."""
    lines = [line for group in groups for line in group]
    if len(lines) < 12 or len(groups) < 0.7 * len(lines) or any(line.box for line in lines):
        return groups
    column = _column([w for w in map(measure, lines) if w > 6] or [0.0])
    found: list[list[Line]] = []
    for line in lines:
        before = found[-1][-1] if found else None
        runs_on = (
            before is not None
            and -3.5 <= measure(before) - column <= 1.0
            and not ENDS.search(squeezed(before.text))
            and -column < measure(line) - column <= 1.0
            and not is_byline(line.text)
        )
        if runs_on:
            found[-1].append(line)
        else:
            found.append([line])
    return found


def _stand_apart(upper: Line, lower: Line) -> bool:
    """Whether the boxes of two lines say that they do not stand together."""
    if upper.box is None or lower.box is None or not upper.size or not lower.size:
        return False
    small, large = sorted((upper.size, lower.size))
    if large / small > SIZE_RATIO:
        return True
    overlap = min(upper.box.right, lower.box.right) - max(upper.box.left, lower.box.left)
    narrow = min(upper.box.right - upper.box.left, lower.box.right - lower.box.left)
    gap = lower.box.top - upper.box.bottom
    return overlap < 0.5 * narrow or gap > 1.1 * large or gap < -1.5 * large


def _cut(group: list[Line]) -> Iterator[Atom]:
    """Cut bylines and jump marks out of a group."""
    atom: Atom | None = None
    for line in group:
        sort: Sort = "text"
        if JUMP.fullmatch(squeezed(line.text)):
            sort = "jump"
        elif is_byline(line.text) or (atom is not None and atom.sort == "byline" and is_name(line.text)):
            sort = "byline"
        if atom and atom.sort == sort != "jump":
            atom.lines.append(line)
        else:
            if atom:
                yield atom
            atom = Atom(sort, [line])
    if atom:
        yield atom


def _set_columns(found: list[Atom]) -> None:
    """Width of the column each atom would be set in: its own, where it has four lines, else its neighbours'."""
    for atom in found:
        if atom.sort == "text" and len(atom.lines) >= 4:
            atom.column = _column(atom.widths)
    everywhere = sorted(atom.column for atom in found if atom.column for _ in atom.lines)
    usual = everywhere[len(everywhere) // 2] if everywhere else 0.0
    for atom in found:
        if len(atom.lines) < 8 and abs(max(atom.widths) - usual) <= 1.5:
            atom.column = usual
    if not usual:
        widths = sorted(w for atom in found if atom.sort == "text" for w in atom.widths)
        usual = widths[int(0.8 * (len(widths) - 1))] if widths else 0.0
    for atom in found:
        if not atom.column:
            atom.column = usual


def _column(widths: Sequence[float]) -> float:
    """The widest width that a quarter of the lines come near, half a character more or less."""
    for widest in sorted(widths, reverse=True):
        if sum(0 <= widest - w <= 1.5 for w in widths) >= max(2, len(widths) / 4):
            return widest
    return max(widths)


def _split(atom: Atom, body_size: float | None) -> Iterator[Atom]:
    """Cut headline lines off the head or the tail of a body that they stand together with."""
    if atom.sort != "text" or len(atom.lines) < 3 or (atom.size and body_size):
        yield atom
        return
    head = tail = 0
    while head < 2 and _stands_alone(atom, head) and not ENDS.search(atom.contents[head]):
        head += 1
    while tail < 3 and head + tail < len(atom.lines) - 1 and _stands_alone(atom, len(atom.lines) - 1 - tail):
        tail += 1
    if tail and (not ENDS.search(atom.contents[-1 - tail]) or _DATE.search(atom.contents[-1])):
        tail = 0
    if len(atom.lines) - head - tail < 2 and not any("。" in content for content in atom.contents):
        head = tail = 0
    middle = len(atom.lines) - tail
    for part in (atom.lines[:head], atom.lines[head:middle], atom.lines[middle:]):
        if part:
            yield Atom("text", list(part), column=atom.column)


def _stands_alone(atom: Atom, at: int) -> bool:
    content = atom.contents[at]
    return (
        atom.widths[at] <= atom.column - 4.5
        and not re.search("[，。；：、！？]", content)
        and not _DATE.search(content)
    )


def _is_signature(atom: Atom) -> bool:
    """A notice's date, or its name and its date."""
    return len(atom.lines) <= 3 and bool(_DATE.fullmatch(atom.contents[-1])) and len(atom.text) <= 60


def _odds(atom: Atom, before: Atom | None, behind: Atom | None, body_size: float | None) -> float:
    """Log odds of headline to body, by size where it is known, else by what it says and how it fills its column."""
    if atom.size and body_size and abs(atom.size / body_size - 1) > 0.15:
        return 8.0 if atom.size > body_size else -2.0
    text, n = atom.text, len(atom.lines)
    is_name = behind is not None and _is_signature(behind) and len(text) <= 30
    if is_name and before is not None and before.sort == "text" and not before.is_open:
        return -7.0
    if atom.is_doubled and "。" not in text and n <= 6:
        return 7.0
    if "。" in text or n >= 5 or text[0] in _OPENS or text[-1] in "，、；" or _is_signature(atom):
        return -9.0
    return _by_lines(atom, {near.column for near in (atom, before, behind) if near is not None and near.column})


def _by_lines(atom: Atom, columns: set[float]) -> float:
    text, n = atom.text, len(atom.lines)
    if atom.is_banner:
        return 1.0
    if _BOLD_FIGURES.search(text) and re.search("[，、；%]", text):  # a chart has figures in faux bold
        return -6.0
    odds = 1.0 - 4.0 * (n == 4) - 3.0 * (text[-1] in "：—") - 1.5 * text.count("；") - 0.6 * text.count("，")
    odds -= 2.0 * (text.count("“") != text.count("”")) + 3.0 * (len(text) > 45) + 3.0 * (len(text) < 3)
    for at, w in enumerate(atom.widths):
        if any(-1.5 <= w - column <= 1.0 or (at == 0 and -3.5 <= w - column <= -1.5) for column in columns):
            odds -= 1.0
        elif all(w > column + 1.5 for column in columns):
            odds += 1.0 if re.search("[，、]", text) else 4.0
        elif at + 1 < n:
            odds += 3.0
        elif text[-1] not in "！？”":
            odds += 2.0
    return odds - 1.0 * (text[-1] in "！？") - 5.0 * atom.is_lead
