"""Lines detected on a scan: what two tiles show of one line is put together, what crosses a gutter is cut in two."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Found:
    """A detected line, in pixels of the page, and whether the edge of a tile cuts it."""

    left: float
    top: float
    right: float
    bottom: float
    cut_left: bool = False
    cut_right: bool = False

    @property
    def height(self) -> float:
        """In pixels."""
        return self.bottom - self.top

    @property
    def width(self) -> float:
        """In pixels."""
        return self.right - self.left

    def times(self, factor: float) -> Found:
        """The same line on an image `factor` times as large."""
        left, top, right, bottom = (factor * side for side in (self.left, self.top, self.right, self.bottom))
        return Found(left, top, right, bottom, self.cut_left, self.cut_right)


def shared(line: Found, other: Found) -> float:
    """Share of the smaller one's area that both cover."""
    across = min(line.right, other.right) - max(line.left, other.left)
    down = min(line.bottom, other.bottom) - max(line.top, other.top)
    smaller = min(line.width * line.height, other.width * other.height)
    return across * down / smaller if across > 0 and down > 0 and smaller > 0 else 0.0


def merged(found: list[Found]) -> list[Found]:
    """Put together what two tiles show of one line."""
    kept: list[Found] = []
    for line in sorted(found, key=lambda line: (line.left, line.top)):
        joined = line
        while other := next((each for each in kept if _same(each, joined)), None):
            kept.remove(other)
            joined = _union(other, joined)
        kept.append(joined)
    return kept


def _same(line: Found, other: Found) -> bool:
    if shared(line, other) > 0.5:
        return True
    level = min(line.bottom, other.bottom) - max(line.top, other.top) > 0.6 * min(line.height, other.height)
    first, second = (line, other) if line.left <= other.left else (other, line)
    cut = first.cut_right and second.cut_left and first.right > second.left
    small, large = sorted((line.height, other.height))
    return level and (cut or (first.right - second.left > 0.25 * small and small > 0.7 * large))


def _union(line: Found, other: Found) -> Found:
    left, right = (line, other) if line.left <= other.left else (other, line)
    outer = right if right.right > left.right else left
    return Found(
        left.left,
        min(line.top, other.top),
        outer.right,
        max(line.bottom, other.bottom),
        left.cut_left,
        outer.cut_right,
    )


def parted(found: list[Found], image: Grey) -> list[Found]:
    """Cut in two what was detected as one line across a gutter: blank there, as between the lines above or below it."""
    told: list[Found] = []
    for line in found:
        near = [
            other
            for other in found
            if other is not line
            and abs(other.top - line.top) < 2.5 * line.height
            and 0.6 < other.height / max(1.0, line.height) < 1.6
        ]
        gutters = [
            (left.right, right.left)
            for left in near
            for right in near
            if abs(left.top - right.top) < 0.5 * line.height
            and line.left + line.height < left.right < right.left < line.right - line.height
            and right.left - left.right < 3.0 * line.height
        ]
        start, end = max((a for a, _ in gutters), default=0.0), min((b for _, b in gutters), default=0.0)
        if end - start > 0.3 * line.height and _is_blank(image, line, start, end):
            middle = (start + end) / 2
            told += [replace(line, right=middle, cut_right=False), replace(line, left=middle, cut_left=False)]
        else:
            told.append(line)
    return told


def _is_blank(image: Grey, line: Found, start: float, end: float) -> bool:
    """Whether nothing is printed in a line between two places; type has several grey levels less than paper."""
    strip = image[round(line.top) : round(line.bottom) + 1, round(start) + 2 : round(end) - 1]
    whole = image[round(line.top) : round(line.bottom) + 1, round(line.left) : round(line.right) + 1]
    return strip.size > 0 and int(strip.min()) > (int(whole.min()) + int(whole.max())) / 2
