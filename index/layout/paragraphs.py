"""The lines of a body joined to paragraphs."""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.layout.atoms import ENDS, INDENT, Atom, measure, squeezed
from index.layout.glyphs import Glyphs, clean, join
from index.models import Line

_SIGNED = re.compile(r"(?:\d{4}|[二〇○零一三四五六七八九十]{4})年.{1,3}月.{1,3}日")


def paragraphs(body: Sequence[Atom], place: int) -> list[Glyphs]:
    """Join the lines of a body's atoms.

    A paragraph ends where a sentence does, in a line that leaves its column unfilled or before one that is indented:
    by white space, by its box, or because it is two characters short though it runs on.
    """
    lines = [line for atom in body for line in atom.lines]
    columns = [atom.column for atom in body for _ in atom.lines]
    starts = {at for at, line in enumerate(lines) if INDENT.match(line.text)}
    signed = _signature(lines, columns)
    found: list[list[Glyphs]] = [[]]
    at_atom_start = _atom_starts(body)
    for at, line in enumerate(lines):
        if at and found[-1] and (at in signed or _parts(lines, columns, at, starts, at in at_atom_start)):
            found.append([])
        found[-1].append(clean(line, place))
    return [join(paragraph) for paragraph in found if paragraph]


def _atom_starts(body: Sequence[Atom]) -> set[int]:
    starts, at = set(), 0
    for atom in body:
        starts.add(at)
        at += len(atom.lines)
    return starts


def _signature(lines: Sequence[Line], columns: Sequence[float]) -> set[int]:
    """The last lines of a notice: its name and its date."""
    if len(lines) < 3 or not _SIGNED.fullmatch(squeezed(lines[-1].text)):
        return set()
    signed = {len(lines) - 1}
    for at in (len(lines) - 2, len(lines) - 3):
        content = squeezed(lines[at].text)
        if at < 1 or ENDS.search(content) or measure(lines[at]) > 0.8 * columns[at]:
            break
        signed.add(at)
    return signed


def _parts(lines: Sequence[Line], columns: Sequence[float], at: int, starts: set[int], is_group_start: bool) -> bool:
    """Whether a paragraph begins with line `at`."""
    before, here = squeezed(lines[at - 1].text), squeezed(lines[at].text)
    if not ENDS.search(before):
        return (at in starts and before[-1] in "：；") or _is_subhead(lines, columns, at - 1)
    if _is_subhead(lines, columns, at):
        return True
    indented = at in starts if starts else _indented(lines, at)
    if indented is not None:
        return indented
    column = columns[at - 1]
    first = 2.0 if at == 1 else 0.0
    if measure(lines[at - 1]) + first <= column - 2.5:
        return True
    runs_on = at + 1 < len(lines) and not ENDS.search(here)
    if runs_on and abs(measure(lines[at]) - (columns[at] - 2)) <= 1.0 and here[0] != "“":
        return True
    return is_group_start and not (runs_on and measure(lines[at]) > columns[at] - 1) and here[0] != "“"


def _is_subhead(lines: Sequence[Line], columns: Sequence[float], at: int) -> bool:
    """Whether a line between two paragraphs is short and without any mark, as a subhead is."""
    if not 0 < at < len(lines) - 1 or not ENDS.search(squeezed(lines[at - 1].text)):
        return False
    here, behind = lines[at], lines[at + 1]
    if here.box and behind.box and behind.box.top < here.box.top + 0.5 * (here.size or 1.0):
        return False  # two parts of one line
    begins = INDENT.match(behind.text) or (here.box is not None and _indented(lines, at + 1))
    is_short = measure(here) <= columns[at] - 3.0 and re.fullmatch(r"[\w“”·—]{2,16}", squeezed(here.text))
    return bool(begins and is_short)


def _indented(lines: Sequence[Line], at: int) -> bool | None:
    """Whether the box of a line begins two characters to the right of its neighbours'; None without boxes."""
    box, size = lines[at].box, lines[at].size
    if box is None or not size:
        return None
    lefts = [
        near.box.left
        for near in lines[max(0, at - 6) : at + 7]
        if near.box and abs(near.box.left - box.left) < 4 * size
    ]
    return box.left - min(lefts) > 1.2 * size
