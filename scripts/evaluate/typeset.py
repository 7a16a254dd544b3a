"""Typesets pieces on newspaper pages with reportlab and reads them back as a text layer would give them."""

from __future__ import annotations

import io
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from scripts.evaluate.pieces import Piece

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

Order = Literal["file", "flow"]
SONG = "STSong-Light"
_NO_START = "，。、；：？！”’）》】%％…"
_NO_END = "“‘（《【"
_TOKEN = re.compile(r"[A-Za-z]+|\d+(?:[.,]\d+)*|.")
_RUN = re.compile(r"[\x20-\x7e]+|[^\x20-\x7e]+")
_BOLD_RUN = re.compile(r"\d+|\.|%|[A-Za-z ]+|[“”‘’]|[^\x20-\x7e“”‘’]+|.")


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
        for at, (indent, wrapped, fills) in enumerate(wrap(paragraph, habit, dice)):
            shift = indent * em
            text = re.sub("本报讯(?=.)", "本报讯　", wrapped)
            if at == 0 and habit.indent == "spaces":
                text, shift = "　　" + text, 0.0
            if habit.hangs and at > 0 and text[0] == "“":
                shift -= 0.5 * em
            found.append((shift, text, habit.characters * em - shift if fills else None))
    return found


def draw(sheets: Sequence[Sheet], font: Path | None = None) -> bytes:
    """Return the sheets as a PDF, in a TrueType font that is embedded, else in Song, which a reader has to have."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen.canvas import Canvas

    face = font.stem if font else SONG
    if face not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont(face, font) if font else UnicodeCIDFont(SONG))
    stream = io.BytesIO()
    canvas = Canvas(stream)
    for sheet in sheets:
        canvas.setPageSize((sheet.width, sheet.height))
        for frame in sheet.frames:
            for at, (shift, text, fill) in enumerate(frame.lines):
                y = sheet.height - frame.y - frame.size - at * frame.size * frame.leading
                _line(canvas, face, frame, (frame.x + shift, y), text, fill)
        canvas.showPage()
    canvas.save()
    return stream.getvalue()


def _line(canvas: Canvas, font: str, frame: Frame, at: tuple[float, float], text: str, fill: float | None) -> None:
    """Draw a line, run by run; what is left of its width goes between Chinese and Latin, then between all."""
    from reportlab.pdfbase.pdfmetrics import stringWidth

    doubled = {"runs": ".*", "figures": r"\d+|\."}.get(frame.doubling, "$.")
    runs = (_BOLD_RUN if frame.doubling in ("runs", "figures") else _RUN).findall(text)
    natural = sum(stringWidth(run, font, frame.size) for run in runs)
    spare = 0.0 if fill is None else fill - natural
    seams = len(runs) - 1
    seam = min(max(spare, 0.0) / seams, 0.25 * frame.size) if seams else 0.0
    spacing = (spare - seam * seams) / max(1, len(text) - 1)
    x, y = at
    for run in runs:
        for shift in (0.0, 0.35) if re.fullmatch(doubled, run) else (0.0,):
            block = canvas.beginText(x + shift, y)
            block.setFont(font, frame.size)
            block.setCharSpace(spacing)
            block.textOut(run)
            canvas.drawText(block)
        x += stringWidth(run, font, frame.size) + spacing * len(run) + seam


def dump(pdf: bytes, order: Order, sheets: Sequence[Sheet]) -> Iterator[str]:
    """Read the pages back with pdfminer.six: text boxes in the order of the file, or as pdfminer sorts them.

    A line of a frame whose doubling is "text" comes out as some versions write it, each run twice on one line.
    """
    for text, sheet in zip(_dump(pdf, order), sheets, strict=True):
        for frame in sheet.frames:
            for _, line, _ in frame.lines if frame.doubling == "text" else ():
                text = text.replace(f"\n{line}\n", "\n" + "".join(2 * run for run in _BOLD_RUN.findall(line)) + "\n")  # noqa: PLW2901
        yield text


def _dump(pdf: bytes, order: Order) -> Iterator[str]:
    from pdfminer.converter import PDFPageAggregator
    from pdfminer.high_level import extract_text
    from pdfminer.layout import LAParams, LTChar, LTPage
    from pdfminer.pdfinterp import PDFPageInterpreter, PDFResourceManager
    from pdfminer.pdfpage import PDFPage

    manager = PDFResourceManager()
    device = PDFPageAggregator(manager, laparams=None)
    interpreter = PDFPageInterpreter(manager, device)
    for number, page in enumerate(PDFPage.get_pages(io.BytesIO(pdf))):
        if order == "flow":
            yield extract_text(io.BytesIO(pdf), page_numbers=[number]).removesuffix("\f")
            continue
        interpreter.process_page(page)
        layout: LTPage = device.get_result()
        parameters = LAParams()
        glyphs = [thing for thing in layout if isinstance(thing, LTChar)]
        lines = [line for line in layout.group_objects(parameters, glyphs) if not line.is_empty()]
        boxes = list(layout.group_textlines(parameters, lines))
        for box in boxes:
            box.analyze(parameters)
        yield "\n".join(box.get_text() for box in boxes)
