"""Kicker, headline and subtitle out of the lines of a headline."""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.layout.glyphs import Glyphs, clean, read_twice, text, undouble_figures, undouble_headline
from index.models import Line

_WORD = re.compile(r"[一-鿿A-Za-z0-9]")


def titles(lines: Sequence[Line], own: str, told: str, single: set[str]) -> tuple[str, str | None, str | None]:
    """Return headline, kicker and subtitle.

    `own`, the article's body, tells a headline from a kicker, whose words it has not; `told`, the page's text, which
    words a line's end tears; `single` are its figures.
    """
    read, doubled = _read_once(lines, single)
    sizes = [line.size for line in lines]
    texts = [text(glyphs) for glyphs in read]
    if len(texts) == 1:
        return texts[0], None, None
    if all(sizes) and len(read) == len(lines):
        return _by_size(texts, [size or 0.0 for size in sizes])
    if any(doubled):
        first, last = doubled.index(True), len(doubled) - 1 - doubled[::-1].index(True)
        while first and (
            _is_torn(texts[first - 1], texts[first], told) or _is_even(texts[first - 1], texts[first], own)
        ):
            first -= 1
        return _join(texts[first : last + 1]), _join(texts[:first]) or None, _join(texts[last + 1 :]) or None
    if _is_kicker(texts[0], texts[1], own) and not _is_torn(texts[0], texts[1], told):
        title, _, subtitle = titles(lines[1:], own, told, single)
        return title, texts[0], subtitle
    title, kicker, subtitle = _two(texts[0], texts[1], told)
    if len(texts) > 2 and kicker is None and subtitle is None:
        return title, None, _join(texts[2:])
    return (title, kicker, subtitle) if len(texts) == 2 else (texts[0], None, _join(texts[1:]))


def _is_kicker(first: str, second: str, own: str) -> bool:
    """Whether the body tells of the second line and not of the first."""
    return _share(first, own) < 0.15 and _share(second, own) > 0.2


def _is_even(first: str, second: str, own: str) -> bool:
    """Whether two lines are as long as one another, and the body tells of the first."""
    return abs(len(first) - len(second)) <= 2 and _share(first, own) > 0.4


def _share(line: str, own: str) -> float:
    """Share of a line's pairs of neighbouring characters that the body has."""
    pairs = {line[at : at + 2] for at in range(len(line) - 1) if line[at : at + 2].isalnum()}
    return sum(pair in own for pair in pairs) / max(1, len(pairs))


def _join(texts: Sequence[str]) -> str:
    return "".join(texts)


def _by_size(texts: list[str], sizes: list[float]) -> tuple[str, str | None, str | None]:
    large = max(sizes)
    main = [at for at, size in enumerate(sizes) if size > 0.92 * large]
    first, last = main[0], main[-1]
    return _join(texts[first : last + 1]), _join(texts[:first]) or None, _join(texts[last + 1 :]) or None


def _two(first: str, second: str, body: str) -> tuple[str, str | None, str | None]:
    """Two lines are one headline where the line's end tears a word, else headline and subtitle, or kicker and headline.

    Lines as long as one another are taken for one headline too, unless the body begins a phrase as the second does.
    """
    even = len(first) >= 7 and len(second) - len(first) in (0, 1) and " " not in first + second
    begins_phrase = re.search(f"[，。；：、“\n]{re.escape(second[:2])}", body)
    if _is_torn(first, second, body) or (even and not begins_phrase and first[-1] not in "！？”"):
        return first + second, None, None
    if len(first) <= 6 and len(first) + len(second) <= 22 and " " not in first + second:
        return first + second, None, None
    parts = first.split(" ")
    if len(parts) == 2 and len(parts[0]) == len(parts[1]) and len(second) > len(first) and " " not in second:
        return second, first, None
    return first, None, second


def _is_torn(first: str, second: str, body: str) -> bool:
    """Whether the end of a line stands within a word or a phrase, by how the body writes it on."""
    if not (_WORD.match(first[-1]) and _WORD.match(second[0])):
        return first.count("“") > first.count("”") or first[-1] in "、，：——"
    if abs(len(first) - len(second)) > 4 and len(first) > 7:
        return False
    if abs(len(first) - len(second)) <= 1 and first[-1:] + second[:1] in body:
        return True
    return first[-2:] + second[:1] in body or first[-1:] + second[:2] in body


def _read_once(lines: Sequence[Line], single: set[str]) -> tuple[list[Glyphs], list[bool]]:
    """The lines in single reading, and which of them were doubled; a line that repeats part of another one goes."""
    glyphs = [clean(line, 0, headline=True) for line in lines]
    for start, end in ((a, b) for b in range(len(glyphs), 1, -1) for a in range(max(0, b - 4), b - 1)):
        if once := read_twice(glyphs[start:end]):
            before, behind = (_read_once(part, single) for part in (lines[:start], lines[end:]))
            return [*before[0], once, *behind[0]], [*before[1], True, *behind[1]]
    read: list[Glyphs] = []
    doubled: list[bool] = []
    plain = [text(line) for line in glyphs]
    gone = {
        at
        for at, content in enumerate(plain)
        if any(
            (content == other and to < at) or (len(content) >= 3 and content != other and content in other)
            for to, other in enumerate(plain)
            if to != at
        )
    }
    for at, line in enumerate(glyphs):
        if at in gone:
            continue
        once = undouble_headline(line)
        inside = [plain[to] for to in gone if plain[to] in plain[at]]
        once = undouble_figures(once, single)
        read.append(once)
        doubled.append(len(once) < len(line) or plain[at] in inside)
    return read, doubled
