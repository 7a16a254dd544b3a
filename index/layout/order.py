"""The order in which a page's boxes are read, for sources that do not tell: scans."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import median

from index.layout.atoms import squeezed, width
from index.layout.credits import names_apart
from index.models import Box, Line

_OVERHANG = 1.2
"""What a line may reach into the gutter, as where a full stop is squeezed in, in heights of body type."""
_GUTTER = 1.2
"""Width of white space between columns at least, with that, in heights of body type."""
_BREAK = 1.15
"""Height of white space between articles at least, in heights of body type."""
_WIDE = 1.8
"""Height of white space that parts rows even where headlines begin side by side, in heights of body type."""
_LARGE = 1.2
"""Size of a headline's type at least, in sizes of body type."""
_CREDITS = 3
"""Lines of body type at most that stand with a headline and are no text: its byline, a jump mark."""
_NEARER = 0.4
"""By how much a headline stands nearer to the text above than to that below if it belongs there, in heights of body type."""
_DEEP = 60
_PADDING = 1.15
"""Height of a detected line, in heights of its type."""


def even_sizes(lines: Sequence[Line]) -> list[Line]:
    """Give all lines of body type one size: that told from a picture varies from line to line."""
    sizes = [_size(line) for line in lines]
    weighed = [size for size, line in zip(sizes, lines, strict=True) for _ in line.text if size]
    if not weighed:
        return list(lines)
    body = median(weighed)
    return [
        line.model_copy(update={"size": body if 0.8 < size / body < _most(line) else size}) if size else line
        for size, line in zip(sizes, lines, strict=True)
    ]


def _most(line: Line) -> float:
    """The size up to which a line may be body type, in sizes of body type: the box of a short one says little."""
    return 1.14 if width(squeezed(line.text)) >= 4 else 1.6


def _size(line: Line) -> float:
    """How far a line's characters stand apart, but no more than its box is high; of a short line, its box's height."""
    wide = width(squeezed(line.text))
    if not line.size or not line.box or wide < 4 or line.box.right - line.box.left < line.box.bottom - line.box.top:
        return (line.size or 0.0) / _PADDING
    return min(line.size, (line.box.right - line.box.left) / wide)


def told_apart(lines: Sequence[Line]) -> list[Line]:
    """Bylines with spaces between their names, which scans run together."""
    return [line.model_copy(update={"text": names_apart(line.text)}) for line in lines]


def reading_order(lines: Sequence[Line]) -> list[Line]:
    """Return the lines in the order of reading; those without a box keep their order.

    A recursive XY-cut (Nagy and Seth 1984): white space across the whole region parts it. Where headlines begin side
    by side, that between them goes first; then that between rows, but not below a headline, whose columns would be
    torn from it; then that between columns.
    """
    boxed = [line for line in lines if line.box]
    if len(boxed) < len(lines):
        return list(lines)
    sizes = [line.size for line in lines if line.size for _ in line.text]
    return _cut(boxed, median(sizes) if sizes else 10.0, 0)


def _cut(lines: list[Line], em: float, depth: int) -> list[Line]:
    if len(lines) < 2 or depth > _DEEP:
        return sorted(lines, key=lambda line: (_box(line).top, _box(line).left))
    rows = _gaps(lines, lambda box: (box.top, box.bottom), 0.05 * em)
    columns = _gaps(lines, lambda box: (box.left, max(box.left, box.right - _OVERHANG * em)), _GUTTER * em)
    breaks = [
        gap
        for gap in rows
        if gap[0] > _BREAK * em and not _is_below_headline(lines, gap[1], em) and not _is_above_last(lines, gap[1], em)
    ]
    edges = [-math.inf, *(gap[1] for gap in columns), math.inf]
    heads = [gap for at, gap in enumerate(columns) if _begins_article(lines, edges[at : at + 3], em)]
    if heads and not any(gap[0] > _WIDE * em for gap in breaks):
        return _part(lines, heads[0][1], em, depth, rows=False)
    if breaks:
        return _part(lines, max(breaks)[1], em, depth, rows=True)
    if columns:
        return _part(lines, columns[0][1], em, depth, rows=False)
    if rows and any(_side_by_side(lines)):
        return _part(lines, max(rows)[1], em, depth, rows=True)
    return sorted(lines, key=lambda line: (_box(line).top, _box(line).left))


def _part(lines: list[Line], at: float, em: float, depth: int, *, rows: bool) -> list[Line]:
    before = [line for line in lines if (_box(line).top if rows else _box(line).left) < at]
    behind = [line for line in lines if (_box(line).top if rows else _box(line).left) >= at]
    return _cut(before, em, depth + 1) + _cut(behind, em, depth + 1)


def _box(line: Line) -> Box:
    assert line.box is not None  # noqa: S101 - only lines with a box come here
    return line.box


def _gaps(lines: list[Line], side: Callable[[Box], tuple[float, float]], least: float) -> list[tuple[float, float]]:
    """White space across all lines: (size, middle)."""
    spans = sorted(side(_box(line)) for line in lines)
    found: list[tuple[float, float]] = []
    reached = spans[0][1]
    for start, end in spans[1:]:
        if start - reached > least:
            found.append((start - reached, (start + reached) / 2))
        reached = max(reached, end)
    return found


def _is_below_headline(lines: list[Line], at: float, em: float) -> bool:
    """Whether a headline stands right above a gap, itself or its subtitle, that belongs to the text below."""
    above = sorted((line for line in lines if _box(line).top < at), key=lambda line: -_box(line).bottom)
    near = [line for line in above[1:4] if _box(above[0]).top - _box(line).bottom < 1.5 * em]
    if (above[0].size or 0.0) <= _LARGE * em and (len(near) != 1 or (near[0].size or 0.0) <= _LARGE * em):
        return False
    head = [above[0]]
    for line in above[1:]:
        if (line.size or 0.0) > _LARGE * em and _box(head[-1]).top - _box(line).bottom < em:
            head.append(line)
    top, bottom = min(_box(line).top for line in head), max(_box(line).bottom for line in head)
    beside = [line for line in lines if line not in head and any(_over(line, other) for other in head)]
    up = min((top - _box(line).bottom for line in beside if _box(line).bottom < top + 0.5 * em), default=math.inf)
    down = min((_box(line).top - bottom for line in beside if _box(line).top > bottom - 0.5 * em), default=math.inf)
    return down <= up + _NEARER * em


def _over(line: Line, other: Line) -> bool:
    return _box(line).left < _box(other).right and _box(other).left < _box(line).right


def _is_above_last(lines: list[Line], at: float, em: float) -> bool:
    """Whether what stands below a gap is but a headline with its byline: it belongs to the text above."""
    small = [(line.size or 0.0) <= _LARGE * em for line in lines if _box(line).top > at]
    return not all(small) and sum(small) <= _CREDITS


def _begins_article(lines: list[Line], edges: Sequence[float], em: float) -> bool:
    """Whether of two strips between `edges` the right one begins with a headline, as high up as the left one begins."""
    left, right = (
        sorted((_box(line).top, line.size or 0.0) for line in lines if start <= _box(line).left < end)
        for start, end in pairwise(edges)
    )
    top = right[0][0]
    is_headed = any(size > _LARGE * em and at < top + 5 * em for at, size in right[:4])
    return is_headed and abs(top - left[0][0]) < 5 * em


def _side_by_side(lines: list[Line]) -> list[bool]:
    """For each line and the next lower one, whether they stand side by side."""
    ordered = sorted(lines, key=lambda line: _box(line).top)
    return [_box(lower).top < _box(upper).bottom - 0.5 * (upper.size or 1.0) for upper, lower in pairwise(ordered)]
