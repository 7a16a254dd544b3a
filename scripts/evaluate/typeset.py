"""Typesets pieces on newspaper pages: lines broken, and every run of characters in its place."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from scripts.evaluate.pieces import Piece

_NO_START = "，。、；：？！”’）》】%％…"
_NO_END = "“‘（《【"
_TOKEN = re.compile(r"[A-Za-z]+|\d+(?:[.,]\d+)*|.")
_RUN = re.compile(r"[\x20-\x7e]+|[^\x20-\x7e]+")
BOLD_RUN = re.compile(r"\d+|\.|%|[A-Za-z ]+|[“”‘’]|[^\x20-\x7e“”‘’]+|.")


@dataclass
class Habits:
    """What one paper does on all of its pages; `strays` is how often it does otherwise."""

    characters: int
    em: float
    headline: Literal["before", "after", "mixed"]
    byline: Literal["before", "between", "after", "mixed"]
    indent: Literal["offset", "spaces"]
    torn: float
    hangs: bool
    gap: float
    leading: float
    furniture: Literal["head", "tail", "none"]
    strays: float = 0.15


@dataclass
class Frame:
    """Lines of text at one place of the page: (x offset, text, width to fill or None)."""

    x: float
    y: float
    size: float
    lines: list[tuple[float, str, float | None]]
    leading: float = 1.35
    doubling: Literal["none", "runs", "text", "figures"] = "none"


@dataclass
class Sheet:
    """One page: frames in the order in which they are written to the file."""

    width: float = 0.0
    height: float = 0.0
    frames: list[Frame] = field(default_factory=list)


def habits(dice: random.Random) -> Habits:
    """One paper's habits by lot."""
    return Habits(
        characters=dice.randint(15, 25),
        em=dice.choice((9.0, 9.5, 10.0)),
        headline=dice.choice(("before", "after", "mixed")),
        byline=dice.choice(("before", "between", "after", "mixed")),
        indent=dice.choice(("offset", "offset", "spaces")),
        torn=dice.choice((0.0, 0.3, 1.0)),
        hangs=dice.random() < 0.5,
        gap=dice.choice((0.0, 0.0, 0.125, 0.25)),
        leading=dice.choice((1.3, 1.35, 1.35, 1.4, 1.45, 1.5)),
        furniture=dice.choice(("head", "tail", "none")),
    )


def _advance(text: str) -> float:
    return sum(0.5 if c.isascii() else 1.0 for c in text)


def wrap(paragraph: str, habit: Habits, dice: random.Random) -> list[tuple[float, str, bool]]:
    """Break a paragraph into (indent in em, text, whether it is justified)."""
    limit = habit.characters
    lines: list[tuple[float, str, bool]] = []
    indent = 2.0
    line = ""
    tokens = _TOKEN.findall(paragraph)
    torn = [list(token) if token[0].isdigit() and dice.random() < habit.torn else [token] for token in tokens]
    for token in (part for parts in torn for part in parts):
        if _advance(line + token) + indent > limit and line:
            if token in _NO_START and _advance(line + token) + indent <= limit + 1:
                line += token
                continue
            keep = ""
            if token in _NO_START:
                keep, line = line[-1:], line[:-1]
            while line and line[-1] in _NO_END:
                keep, line = line[-1] + keep, line[:-1]
            if line:
                lines.append((indent, line, True))
                indent = 0.0
            line = keep + token.lstrip(" ")
        else:
            line += token
    if line:
        lines.append((indent, line, False))
    return lines


def body_lines(piece: Piece, habit: Habits, dice: random.Random) -> list[tuple[float, str, float | None]]:
    """Lines of a body: (x offset, text, width to fill)."""
    em = habit.em
    found: list[tuple[float, str, float | None]] = []
    for paragraph in piece.body:
        if paragraph in piece.subheads:
            found.append((max(0.0, habit.characters - len(paragraph)) / 2 * em, paragraph, None))
            continue
        for at, (indent, wrapped, fills) in enumerate(wrap(paragraph, habit, dice)):
            shift = indent * em
            text = re.sub("本报讯(?=.)", "本报讯　", wrapped)
            if at == 0 and habit.indent == "spaces":
                text, shift = "　　" + text, 0.0
            if habit.hangs and at > 0 and text[0] == "“":
                shift -= 0.5 * em
            found.append((shift, text, habit.characters * em - shift if fills else None))
    return found


@dataclass(frozen=True)
class Stroke:
    """Characters drawn at once: where they begin, in points from the bottom left, and what is put between them."""

    x: float
    y: float
    size: float
    spacing: float
    text: str


def strokes(sheet: Sheet, measure: Callable[[str], float]) -> Iterator[Stroke]:
    """What is drawn on a page, in order. `measure` is the width of a text in a font of one point.

    What is left of a line's width goes between Chinese and Latin, then between all characters.
    """
    for frame in sheet.frames:
        runs_of = BOLD_RUN if frame.doubling in ("runs", "figures") else _RUN
        doubled = {"runs": ".*", "figures": r"\d+|\."}.get(frame.doubling, "$.")
        for at, (shift, text, fill) in enumerate(frame.lines):
            x = frame.x + shift
            y = sheet.height - frame.y - frame.size - at * frame.size * frame.leading
            runs = runs_of.findall(text)
            spare = 0.0 if fill is None else fill - frame.size * sum(map(measure, runs))
            seams = len(runs) - 1
            seam = min(max(spare, 0.0) / seams, 0.25 * frame.size) if seams else 0.0
            spacing = (spare - seam * seams) / max(1, len(text) - 1)
            for run in runs:
                for again in (0.0, 0.35) if re.fullmatch(doubled, run) else (0.0,):
                    yield Stroke(x + again, y, frame.size, spacing, run)
                x += frame.size * measure(run) + spacing * len(run) + seam
