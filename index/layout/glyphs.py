"""Characters that remember the line they came from: cleaned, undoubled and joined without inventing any."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from index.models import Line, Run

_FIGURE = re.compile(r"[\d.．,，%％]{2,}")


_LONGEST = 160
"""Characters of a doubled line at most; a headline has fewer."""
_TRIED = 2000
"""Ways at most that two copies of a headline are looked for in its lines."""


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character, at `column` of line number `line` of place `place`; line 0 for white space put between lines."""

    character: str
    place: int
    line: int
    column: int


Glyphs = list[Glyph]


def text(glyphs: Iterable[Glyph]) -> str:
    """The characters alone."""
    return "".join(glyph.character for glyph in glyphs)


def clean(line: Line, place: int, *, headline: bool = False) -> Glyphs:
    """The line without the spaces that typesetting put in: all at its ends, and all but those between Latin words.

    A headline keeps a space between two phrases of at least three characters (决战四季度 夺取全年胜).
    """
    content = line.text
    kept: Glyphs = []
    for column, character in enumerate(content):
        if character.isspace():
            before, after = content[:column].rstrip(), content[column:].lstrip()
            if not before or not after or not (_latin(before[-1], after[0]) or (headline and _phrases(before, after))):
                continue
            if kept and kept[-1].character.isspace():
                continue
        elif not character.isprintable():
            continue
        kept.append(Glyph(character, place, line.number, column))
    return kept


def _latin(before: str, after: str) -> bool:
    return (
        before.isascii() and after.isascii() and before.isalnum() and after.isalnum() and not (before + after).isdigit()
    )


def _phrases(before: str, after: str) -> bool:
    left, right = re.split(r"\s", before)[-1], re.split(r"\s", after)[0]
    return len(left) >= 3 and len(right) >= 3


def join(lines: Iterable[Glyphs]) -> Glyphs:
    """Join the lines of a paragraph; only between two Latin words is a space put, which no line has."""
    joined: Glyphs = []
    for glyphs in lines:
        ends = joined[-1:] + glyphs[:1]
        if len(ends) == 2 and all(glyph.character.isascii() and glyph.character.isalpha() for glyph in ends):
            joined.append(Glyph(" ", 0, 0, 0))
        joined += glyphs
    return joined


def halves(content: str) -> list[tuple[int, int]] | None:
    """Slices that remain of a text that is all doubled, run by run (按下按下““快快””), the fewest runs; None if it is not."""
    if len(content) > _LONGEST or len(content) < 2:
        return None
    best: list[list[tuple[int, int]] | None] = [None] * (len(content) + 1)
    best[len(content)] = []
    for start in range(len(content) - 2, -1, -1):
        for size in range(1, (len(content) - start) // 2 + 1):
            rest = best[start + 2 * size]
            if rest is not None and content[start : start + size] == content[start + size : start + 2 * size]:
                candidate = [(start, start + size), *rest]
                if best[start] is None or len(candidate) < len(best[start] or ()):
                    best[start] = candidate
    return best[0] if content else None


def is_doubled(slices: list[tuple[int, int]] | None) -> bool:
    """Whether halves are evidence of faux bold: a run of three characters, or five in all, not all of them one long."""
    sizes = [end - start for start, end in slices or ()]
    return bool(sizes) and (max(sizes) >= 3 or (max(sizes) == 2 and sum(sizes) >= 5))


def undouble_headline(glyphs: Glyphs) -> Glyphs:
    """Read a headline in faux bold once; 快快乐乐 stays, as runs of one character are no evidence."""
    solid = [glyph for glyph in glyphs if not glyph.character.isspace()]
    kept = halves(text(solid))
    if kept is None or not is_doubled(kept):
        return glyphs
    once = {id(glyph) for start, end in kept for glyph in solid[start:end]}
    read = [glyph for glyph in glyphs if glyph.character.isspace() or id(glyph) in once]
    return [g for at, g in enumerate(read) if not (g.character.isspace() and at and read[at - 1].character.isspace())]


def read_twice(lines: Sequence[Glyphs]) -> Glyphs | None:
    """Read once a headline in faux bold whose two copies share their lines, or None if they are no such lines.

    Of 美对乌追加, 亿美元军援 and 美对乌追加1313亿美元军援 every character is there twice, in the same order.
    """
    solid = [[glyph for glyph in line if not glyph.character.isspace()] for line in lines]
    plain = [text(line) for line in solid]
    counts = Counter("".join(plain))
    if sum(counts.values()) > 2 * _LONGEST or any(count % 2 for count in counts.values()):
        return None
    dead: set[tuple[int, ...]] = set()

    def steps(at: tuple[int, ...]) -> Iterator[tuple[int, int, int]]:
        """Runs that come next, as (line, line that has it too, length): those of the first line first, the longest first."""
        for one, content in enumerate(plain):
            for other in range(one + 1, len(plain)):
                both = list(zip(content[at[one] :], plain[other][at[other] :], strict=False))
                size = next((n for n, (a, b) in enumerate(both) if a != b), len(both))
                yield from ((one, other, part) for part in range(size, 0, -1))
            left = content[at[one] :]
            yield from ((one, one, n) for n in range(len(left) // 2, 0, -1) if left[:n] == left[n : 2 * n])

    def rest(at: tuple[int, ...]) -> list[tuple[int, int, int, int]] | None:
        if all(start == len(content) for start, content in zip(at, plain, strict=True)):
            return []
        if at in dead or len(dead) > _TRIED:
            return None
        for one, other, size in steps(at):
            after = [start + size * ((line == one) + (line == other)) for line, start in enumerate(at)]
            if (behind := rest(tuple(after))) is not None:
                return [(one, other, at[one], at[one] + size), *behind]
        dead.add(at)
        return None

    found = rest((0,) * len(plain)) or []
    shared = max((end - start for one, other, start, end in found if one != other), default=0)
    if shared < 3 or all(one != other for one, other, _, _ in found):
        return None
    return [glyph for one, _, start, end in found for glyph in solid[one][start:end]]


def undouble_figures(glyphs: Glyphs, figures: set[str]) -> Glyphs:
    """Read doubled figures once.

    A doubled point proves it (347347..22), as does a month or day that no year has (2323日), or that half of the figure
    is one of `figures`, or that all figures of the text are doubled and one of them is long or proves it.
    """
    content = text(glyphs)
    found = [_doubled(token) for token in _FIGURE.finditer(content)]
    lone = re.search(r"(?<![\d.．,，%％])\d(?![\d.．,，%％])", content)
    all_doubled = len(found) >= 2 and None not in found and not lone
    proved = any(double is not None and (double.is_proof or len(double.core) >= 6) for double in found)
    kept: Glyphs = []
    at = 0
    for double in found:
        if double is None:
            continue
        known = double.once + double.unit in figures and double.core + double.unit not in figures
        if double.is_proof or known or (all_doubled and proved):
            kept += glyphs[at : double.start]
            for a, b in double.slices:
                kept += glyphs[double.start + a : double.start + b]
            at = double.start + len(double.core)
    return kept + glyphs[at:]


@dataclass(frozen=True)
class _Double:
    """A figure doubled run by run: where it starts, its text without `unit`, slices of a single reading, what is behind."""

    start: int
    core: str
    unit: str
    slices: list[tuple[int, int]]
    behind: str

    @property
    def once(self) -> str:
        return "".join(self.core[a:b] for a, b in self.slices)

    @property
    def is_proof(self) -> bool:
        most = {"月": 12, "日": 31}.get(self.behind)
        return re.search(r"\.\.|．．", self.core) is not None or (
            most is not None and self.core.isdigit() and 1 <= int(self.once) <= most < int(self.core)
        )


def _doubled(found: re.Match[str]) -> _Double | None:
    token = found.group().rstrip(",，.．")
    for unit in ("", "%", "％"):
        core = token.removesuffix(unit) if unit else token
        slices = halves(core) if len(core) > 1 and core.strip("%％") else None
        if slices is not None and not (unit and core == token):
            return _Double(found.start(), core, unit, slices, found.string[found.end() : found.end() + 1])
    return None


def figures(content: str) -> set[str]:
    """Every figure of a text, with and without the percent sign behind it."""
    found = {token.strip(",，.．") for token in _FIGURE.findall(content)} | set(re.findall(r"\d+", content))
    return found | {token.rstrip("%％") for token in found}


def runs(glyphs: Sequence[Glyph]) -> tuple[Run, ...]:
    """The trace of a text: maximal slices that stand together in one line."""
    found: list[Run] = []
    for at, glyph in enumerate(glyphs):
        if glyph.line == 0:
            continue
        last = found[-1] if found else None
        if (
            last
            and last.end == at
            and (last.place, last.line, last.column + at - last.start) == (glyph.place, glyph.line, glyph.column)
        ):
            found[-1] = last.model_copy(update={"end": at + 1})
        else:
            found.append(Run(start=at, end=at + 1, place=glyph.place, line=glyph.line, column=glyph.column))
    return tuple(found)
