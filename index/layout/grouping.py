"""From a page's lines to its atoms."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from index.layout.atoms import DATE, ENDS, INDENT, Atom, Sort, measure, pairs_of, squeezed
from index.layout.credits import goes_on, is_byline, is_column, is_name, parts
from index.layout.furniture import JUMP
from index.layout.glyphs import clean, read_twice
from index.layout.weighing import odds
from index.models import Line

_SIZE_RATIO = 1.12
"""Lines whose glyphs differ in size by more than this do not stand together."""
_SHORTEST = 6
"""Characters of a headline at least that stands side by side with another one."""
_BODY, _NEAR = 12, 40
"""Texts of a body that are looked at, and atoms among which they are."""


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
    _weigh(split, body_size)
    parted = [part for at, atom in enumerate(split) for part in _side_by_side(split, at, atom)]
    if len(parted) > len(split):
        _weigh(parted, body_size)
    return parted


def _weigh(found: Sequence[Atom], body_size: float | None) -> None:
    for at, atom in enumerate(found):
        if atom.sort == "text":
            behind = found[at + 1] if at + 1 < len(found) else None
            atom.odds = odds(atom, found[at - 1] if at else None, behind, body_size)


def _side_by_side(found: Sequence[Atom], at: int, atom: Atom) -> list[Atom]:
    """Part two headlines that stood side by side and came as one line: the first tells of the body before, the other of that behind."""
    if (
        atom.sort != "text"
        or atom.odds <= 0
        or len(atom.lines) > 1
        or len(atom.text) < 2 * _SHORTEST
        or atom.is_doubled
    ):
        return [atom]
    before, behind = _told(found[max(0, at - _NEAR) : at][::-1]), _told(found[at + 1 : at + _NEAR])
    text = atom.text
    signs = [(text[i : i + 2] in before) - (text[i : i + 2] in behind) for i in range(len(text) - 1)]
    best, cut = max((sum(signs[: k - 1]) - sum(signs[k:]), -k) for k in range(_SHORTEST, len(text) - _SHORTEST + 1))
    left, right = signs[: -cut - 1], signs[-cut:]
    if best < 6 or min(_one_sided(left, 1), _one_sided(right, -1)) < 3:
        return [atom]
    line = atom.lines[0]
    column = [i for i, c in enumerate(line.text) if squeezed(c)][-cut]
    parts_of = (line.text[:column], " " * column + line.text[column:])
    return [Atom("text", [line.model_copy(update={"text": part})], column=atom.column) for part in parts_of]


def _told(neighbours: Sequence[Atom]) -> frozenset[str]:
    """The pairs of letters of the body that neighbouring atoms begin with."""
    texts = [atom for atom in neighbours if atom.sort == "text"][:_BODY]
    until = next((at for at, atom in enumerate(texts) if at and atom.odds > 0), len(texts))
    return pairs_of(atom for atom in texts[:until] if atom.odds < 0)


def _one_sided(signs: Sequence[int], sign: int) -> int:
    """How many pairs speak for one body, less four times those that speak for the other."""
    return signs.count(sign) - 4 * signs.count(-sign)


def _repeats(found: list[Atom]) -> list[Atom]:
    """Put together what faux bold has torn apart: a line, and the second drawing of a part of it."""
    made: list[Atom] = []
    at = 0
    while at < len(found):
        until = next((end for end in range(min(at + 4, len(found)), at + 1, -1) if _shared(found[at:end])), at + 1)
        made.append(found[at] if until == at + 1 else _together(found[at:until]))
        at = until
    found, made = made, []
    for atom in found:
        if made and made[-1].sort == atom.sort == "text" and _repeat(made[-1], atom):
            made[-1] = _together([made[-1], atom])
        else:
            made.append(atom)
    return made


def _together(torn: Sequence[Atom]) -> Atom:
    return Atom("text", [line for atom in torn for line in atom.lines], column=torn[-1].column, is_repeat=True)


def _shared(torn: Sequence[Atom]) -> bool:
    """Whether the two drawings of one headline share the lines of several atoms."""
    if any(atom.sort != "text" or len(atom.lines) > 4 or len(atom.text) > 80 or "。" in atom.text for atom in torn):
        return False
    return read_twice([clean(line, 0, headline=True) for atom in torn for line in atom.lines]) is not None


def _repeat(upper: Atom, lower: Atom) -> bool:
    short, long = sorted((upper.text, lower.text), key=len)
    lines = len(upper.lines) + len(lower.lines)
    return len(short) >= 3 and len(long) <= 80 and "。" not in long and short in long and lines <= 6


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
    if large / small > _SIZE_RATIO:
        return True
    overlap = min(upper.box.right, lower.box.right) - max(upper.box.left, lower.box.left)
    narrow = min(upper.box.right - upper.box.left, lower.box.right - lower.box.left)
    gap = lower.box.top - upper.box.bottom
    return overlap < 0.5 * narrow or gap > 1.1 * large or gap < -1.5 * large


def _cut(group: list[Line]) -> Iterator[Atom]:
    """Cut bylines, jump marks and columns' names out of a group."""
    atom: Atom | None = None
    for line, sort in zip(group, _sorts(group), strict=True):
        if atom and atom.sort == sort and sort in ("text", "byline"):
            atom.lines.append(line)
        else:
            if atom:
                yield atom
            atom = Atom(sort, [line])
    if atom:
        yield atom


def _sorts(group: list[Line]) -> list[Sort]:
    found: list[Sort] = []
    for at, line in enumerate(group):
        content = squeezed(line.text)
        behind = group[at + 1].text if at + 1 < len(group) else ""
        before = group[at - 1].text if at else ""
        last = found[-1] if found else None
        if JUMP.fullmatch(content):
            found.append("jump")
        elif (
            is_byline(line.text)
            or (last == "byline" and is_name(line.text))
            or _is_wrapped(line.text, behind)
            or (last == "byline" and _is_wrapped(before, line.text))
        ):
            found.append("byline")
        elif is_column(content) and (at == 0 or ENDS.search(squeezed(before)) or last != "text"):
            found.append("column")
        else:
            found.append("text")
    return found


def _is_wrapped(text: str, behind: str) -> bool:
    """Whether two lines are one byline in brackets."""
    return text.strip()[:1] in ("（", "(") and not re.search("[）)]", text) and is_byline(text + behind)


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
    head = max(head, next((n for n in (2, 1) if n + 1 < len(atom.lines) and _heads(atom, n)), 0))
    while tail < 3 and head + tail < len(atom.lines) - 1 and _stands_alone(atom, len(atom.lines) - 1 - tail):
        tail += 1
    if tail and (not ENDS.search(atom.contents[-1 - tail]) or DATE.search(atom.contents[-1])):
        tail = 0
    if len(atom.lines) - head - tail < 2 and not any("。" in content for content in atom.contents):
        head = tail = 0
    middle = len(atom.lines) - tail
    for part in (atom.lines[:head], atom.lines[head:middle], atom.lines[middle:]):
        if part:
            yield Atom("text", list(part), column=atom.column)


def _heads(atom: Atom, head: int) -> bool:
    """Whether the first `head` lines of a group are a headline: what follows begins a paragraph, and they end none."""
    behind = atom.lines[head]
    if any(INDENT.match(line.text) or re.search("[，。；、]", line.text) for line in atom.lines[:head]):
        return False
    return bool(INDENT.match(behind.text)) or Atom("text", [behind]).is_lead


def _stands_alone(atom: Atom, at: int) -> bool:
    content = atom.contents[at]
    return (
        atom.widths[at] <= atom.column - 4.5 and not re.search("[，。；：、！？]", content) and not DATE.search(content)
    )
