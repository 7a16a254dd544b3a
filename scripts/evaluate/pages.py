"""Pages of an invented paper: pieces put into columns, in one paper's habits, with jumps between two pages."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from pathlib import Path

from scripts.evaluate.others import manner, other_habits, retell
from scripts.evaluate.pieces import Piece, banner, pieces
from scripts.evaluate.typeset import Frame, Habits, Sheet, body_lines, habits

PAPER = "云渡日报"
DATE = "2025年3月18日"
_MARGIN = 40.0


@dataclass
class Issue:
    """Pages and the pieces that a perfect reading finds, each with the pages that it stands on (0-based)."""

    sheets: list[Sheet]
    pieces: list[tuple[Piece, tuple[int, ...]]]
    habit: Habits


def issue(news: Path, seed: int, *, held_out: bool, other: bool = False) -> Issue:
    """Make an issue of one page, or of two with jumps from one to the other; `other` ones are of other papers' kinds."""
    dice = random.Random(f"{seed} {held_out}")  # noqa: S311 - no secret
    habit = habits(dice)
    count = dice.choice((1, 2, 2))
    wanted = [pieces(news, dice, held_out=held_out) for _ in range(count)]
    if other:
        habit, ways = other_habits(habit, dice), manner(dice)
        wanted = [retell(page, ways, dice) for page in wanted]
    truth: list[tuple[Piece, tuple[int, ...]]] = [
        (piece, (at,)) for at, page in enumerate(wanted) for piece in page if piece.counted
    ]
    parts = [[_Part(piece) for piece in page] for page in wanted]
    if count == 2:
        long = [part for part in parts[0] if part.piece.kind == "news" and len("".join(part.piece.body)) > 300]
        for part in dice.sample(long, min(len(long), dice.choice((0, 1, 1, 2)))):
            part.jump = "（下转2版）"
            parts[1].insert(dice.randint(0, len(parts[1])), _Part(part.piece, came_from="（上接1版）"))
            truth = [(p, (0, 1) if p is part.piece else at) for p, at in truth]
    sheets = [_sheet(page, habit, dice, number) for number, page in enumerate(parts, 1)]
    return Issue(sheets, truth, habit)


@dataclass
class _Part:
    """A piece, or one half of it."""

    piece: Piece
    jump: str | None = None
    came_from: str | None = None


def _sheet(parts: list[_Part], habit: Habits, dice: random.Random, number: int) -> Sheet:
    em = habit.em
    column = habit.characters * em
    gutter = dice.choice((1.5, 2.0)) * em
    columns = max(4, round(110 / habit.characters))
    sheet = Sheet(width=2 * _MARGIN + columns * column + (columns - 1) * gutter)
    y = _MARGIN
    head = _furniture(sheet, habit, dice, number)
    if habit.furniture == "head":
        y += 60
    groups: list[list[Frame]] = []
    free = columns
    bottom = y
    for part in parts:
        lines = body_lines(part.piece, habit, dice)
        if part.jump or part.came_from:
            lines = _half(part, lines)
        span = 1 if len(lines) < 12 else dice.randint(1, min(columns, max(1, len(lines) // 12)))
        longest = max(map(len, part.piece.title), default=0) + 1
        span = min(columns, max(span, -(-int(longest * 12.0) // int(column + gutter))))
        if span > free:
            y, free = bottom + 2.2 * em, columns
        x = _MARGIN + (columns - free) * (column + gutter)
        frames, end = _place(part, lines, habit, dice, (x, y, span, column, gutter))
        groups.append(frames)
        free -= span
        bottom = max(bottom, end)
        if free == 0:
            y, free = bottom + 2.2 * em, columns
    if dice.random() < 0.2:
        groups.insert(dice.randint(0, len(groups)), [Frame(_MARGIN, bottom + 20, 20, [(0, banner(dice), None)])])
        bottom += 60
    if dice.random() < 0.5:
        dice.shuffle(groups)
    sheet.frames = [frame for group in groups for frame in group]
    if habit.furniture == "head":
        sheet.frames = head + sheet.frames
    elif habit.furniture == "tail":
        sheet.frames += head
    sheet.height = bottom + 80
    return sheet


def _furniture(sheet: Sheet, habit: Habits, dice: random.Random, number: int) -> list[Frame]:
    del sheet
    first = [f"{PAPER}", f"{DATE} 星期二", "乙巳年二月十九", f"{number}版"]
    second = [f"{number}版 综合", f"{DATE} 星期二 责任编辑 单 青", PAPER]
    third = [f"{DATE} 星期二", "责任编辑：单青 版式：车敏 电话：0599-5550137", f"第{number}版 要闻"]
    lines = dice.choice((first, second, third))
    return [Frame(_MARGIN + at * 200, _MARGIN / 2, habit.em, [(0, line, None)]) for at, line in enumerate(lines)]


def _half(part: _Part, lines: list[tuple[float, str, float | None]]) -> list[tuple[float, str, float | None]]:
    """A jumping body parts in the middle of a sentence, at the end of a line that is full."""
    middle = len(lines) // 2
    cut = next((at for at in [*range(middle, len(lines) - 1), *range(middle)] if lines[at][2] is not None), middle)
    return lines[: cut + 1] if part.jump else lines[cut + 1 :]


def _place(
    part: _Part,
    lines: list[tuple[float, str, float | None]],
    habit: Habits,
    dice: random.Random,
    where: tuple[float, float, int, float, float],
) -> tuple[list[Frame], float]:
    """Frames of one piece in the order in which they are written, and the y of its end."""
    x, y, span, column, gutter = where
    piece, em = part.piece, habit.em
    width = span * column + (span - 1) * gutter
    title = _headline(piece, part, width)
    on_top = dice.random() < 0.9 or part.came_from is not None
    height = sum(frame.size * frame.leading * len(frame.lines) for frame in title) + 12
    rows = -(-len(lines) // span)
    byline = None
    if piece.byline_lines and not part.came_from:
        byline = Frame(x, 0, em, [(0, line, None) for line in piece.byline_lines])
    credit_on_top = dice.random() < 0.5 and not piece.credit_at_end
    credit = em * 1.35 * len(byline.lines) + 10 if byline else 0.0
    top = y + (height if on_top else 0)
    if byline and credit_on_top:
        byline.y, top = top, top + credit
    body: list[Frame] = []
    for n in range(span):
        body += _column(lines[n * rows : (n + 1) * rows], piece, habit, x + n * (column + gutter), top)
    end = top + rows * em * habit.leading + em
    if byline and not credit_on_top:
        byline.y, end = end, end + credit
    at = y if on_top else end
    for frame in title:
        frame.x, frame.y = x, at
        at += frame.size * frame.leading * len(frame.lines)
    end = end if on_top else at + em
    marks: list[Frame] = []
    if part.jump:
        marks, end = [Frame(x + 4 * em, end, em, [(0, part.jump, None)])], end + 2 * em
    if part.came_from:
        first = body[0]
        for frame in body:
            frame.y += 2 * em
        title_marks = [Frame(first.x, first.y - 2 * em, em, [(0, part.came_from, None)])]
        return [*title, *title_marks, *body], end + 2 * em
    return _written(title, [byline] if byline else [], body, habit, dice, part) + marks, end


def _column(
    lines: list[tuple[float, str, float | None]], piece: Piece, habit: Habits, x: float, top: float
) -> list[Frame]:
    """Frames of one column: one, or several where subheads in larger type part it."""
    frames: list[Frame] = []
    pitch = habit.em * habit.leading
    last = 0.0
    for row, line in enumerate(lines):
        size = piece.subsize * habit.em if line[1] in piece.subheads else habit.em
        if size != last:
            frames.append(Frame(x, top + row * pitch + habit.em - size, size, [], pitch / size))
            last = size
        frames[-1].lines.append(line)
    return frames


def _headline(piece: Piece, part: _Part, width: float) -> list[Frame]:
    if not piece.title:
        return []
    longest = max(len(line) for line in piece.title)
    size = max(11.5, min(28.0, width / (longest + 1)))
    frames = [Frame(0, 0, size, [(0, line, None) for line in piece.title], 1.25, piece.doubling)]
    if part.came_from:
        return frames
    if piece.kicker:
        frames.insert(
            0, Frame(0, 0, max(8.0, min(0.6 * size, width / (len(piece.kicker) + 1))), [(0, piece.kicker, None)])
        )
    if piece.column_line:
        frames.insert(0, Frame(0, 0, 10.0, [(0, piece.column_line, None)], 1.6))
    if piece.subtitle:
        small = max(8.0, min(0.7 * size, width / (len(piece.subtitle) + 1)))
        frames.append(Frame(0, 0, small, [(0, piece.subtitle, None)], 1.3))
    return frames


def _written(
    title: list[Frame], byline: list[Frame], body: list[Frame], habit: Habits, dice: random.Random, part: _Part
) -> list[Frame]:
    headline = habit.headline
    credit = habit.byline
    if headline == "mixed" or dice.random() < habit.strays:
        headline = dice.choice(("before", "after"))
    if credit == "mixed" or dice.random() < habit.strays:
        credit = dice.choice(("before", "between", "after"))
    if part.piece.credit_at_end:
        credit = "between" if headline == "after" else "after"
    if part.piece.kind == "sidebar":
        body = [replace(frame, doubling="figures") for frame in body]
    if credit == "between":
        return [*title, *byline, *body] if headline == "before" else [*body, *byline, *title]
    if credit == "before":
        return [*byline, *title, *body] if headline == "before" else [*byline, *body, *title]
    return [*title, *body, *byline] if headline == "before" else [*body, *title, *byline]
