"""PDF, by pypdfium2: lines with their boxes and the size of their glyphs, in the file's order.

Pages without a text layer are rendered and read as scans.
"""

from __future__ import annotations

import ctypes
import math
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from index.errors import SourceError
from index.models import Box, Line, Page
from index.sources import scan
from index.sources.dump import MAX_PAGES, check_length
from index.sources.scan import MAX_PIXELS, Progress
from index.text import UNIFIED

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage

_MAX_UNPACKED = 32 * 2**20
"""Bytes of a stream once unpacked, pictures apart: drawings of a page that are longer would take gigabytes."""
_MAX_PICTURE = 200_000_000
_STREAM = re.compile(rb"(?<!end)stream\r?\n")
_SIDES = [re.compile(rb"/%s\s+(\d{1,9})" % side) for side in (b"Width", b"Height")]


@dataclass(slots=True)
class _Glyph:
    """A character and its box in points, origin at the top left of the page."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    size: float


def read(data: bytes, name: str, progress: Progress | None = None) -> tuple[tuple[Page, ...], None]:
    """Read the pages; layout has to find the articles.

    Raises:
        SourceError: It is no PDF, truncated or encrypted, has too many pages or characters, or no text at all.
    """
    import pypdfium2

    _check_streams(data, name)
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        wrong = "it is encrypted; remove its password" if "assword" in str(error) else "it is damaged or no PDF"
        raise SourceError(f"{name}: cannot be read as a PDF: {wrong}") from None
    except ValueError:
        raise SourceError(f"{name}: cannot be read as a PDF: it is damaged or no PDF") from None
    try:
        if len(document) > MAX_PAGES:
            raise SourceError(f"{name}: has {len(document)} pages, {MAX_PAGES} at most can be read; split it")
        pages = tuple(_pages(document, name, progress))
    except pypdfium2.PdfiumError:
        raise SourceError(f"{name}: cannot be read as a PDF: a page of it is damaged") from None
    finally:
        document.close()
    if not any(page.lines for page in pages):
        raise SourceError(f"{name}: no text is found on any page")
    return pages, None


def _pages(document: PdfDocument, name: str, progress: Progress | None) -> Iterator[Page]:
    for at in range(len(document)):
        if progress:
            progress("Reading pages", at, len(document))
        yield _page(document, at, name, progress)
    if progress:
        progress("Reading pages", len(document), len(document))


def _check_streams(data: bytes, name: str) -> None:
    """Refuse what unpacks to more than a page ever holds: pdfium would take all of it into memory."""
    for found in _STREAM.finditer(data):
        head = data[max(data.rfind(b"obj", 0, found.start()), found.start() - 4096) : found.start()]
        if b"/Image" in head:
            sides = [int(side[1]) for side in (pattern.search(head) for pattern in _SIDES) if side]
            if math.prod(sides) > _MAX_PICTURE:
                raise SourceError(
                    f"{name}: holds a picture of {' × '.join(map(str, sides))} pixels; make it again smaller"
                )
        elif b"/Fl" in head and _is_larger(data, found.end(), twice=len(re.findall(rb"/Fl(?:ateDecode)?\b", head)) > 1):
            raise SourceError(
                f"{name}: a part of it unpacks to more than {_MAX_UNPACKED >> 20} MB; print it anew as a PDF"
            )


def _is_larger(data: bytes, start: int, *, twice: bool) -> bool:
    """Whether the stream that begins at `start` unpacks to too much; what is packed twice can be nothing else."""
    if twice:
        return True
    unpacking = zlib.decompressobj()
    end = data.find(b"endstream", start)
    size, left = 0, data[start : end if end >= 0 else None]
    try:
        while left and not unpacking.eof and size <= _MAX_UNPACKED:
            size += len(unpacking.decompress(left, 2**20))
            left = unpacking.unconsumed_tail
    except zlib.error:  # pdfium mends what it can
        pass
    return size > _MAX_UNPACKED


def _page(document: PdfDocument, at: int, name: str, progress: Progress | None) -> Page:
    page = document[at]
    try:
        glyphs = _once(list(_glyphs(page, name)))
        if not any(glyph.text.strip() for glyph in glyphs):
            return Page(source=name, lines=_scanned(page, progress))
    finally:
        page.close()
    rows = _upright(list(_rows(glyphs)))
    lines = tuple(_line(number, row) for number, row in enumerate(rows, 1))
    return Page(source=name, lines=lines)


def _scanned(page: PdfPage, progress: Progress | None) -> tuple[Line, ...]:
    """Read the picture of a page; boxes are in pixels at 200 dpi, fewer where the page is enormous."""
    width, height = page.get_size()
    scale = min(200 / 72, (MAX_PIXELS / max(1.0, width * height)) ** 0.5)
    if not any(True for _ in page.get_objects(max_depth=2)):
        return ()
    image = page.render(scale=scale, grayscale=True).to_numpy()
    return tuple(scan.lines(image.reshape(image.shape[:2]), progress))


def _glyphs(page: PdfPage, name: str) -> Iterator[_Glyph]:
    """The characters of a page in the file's order, without those that pdfium puts between them."""
    from pypdfium2 import raw

    text = page.get_textpage()
    try:
        count = raw.FPDFText_CountChars(text)
        check_length(count, name)
        height = page.get_height()
        box = raw.FS_RECTF()
        x, y = ctypes.c_double(), ctypes.c_double()
        for at in range(count):
            code = raw.FPDFText_GetUnicode(text, at)
            if raw.FPDFText_IsGenerated(text, at) == 1 or code < 32 or 0xD800 <= code <= 0xDFFF:
                continue
            raw.FPDFText_GetLooseCharBox(text, at, box)
            raw.FPDFText_GetCharOrigin(text, at, x, y)
            size = raw.FPDFText_GetFontSize(text, at) or 1.0
            size = abs(box.top - box.bottom) if size <= 1.5 else size
            baseline = height - y.value
            if not all(map(math.isfinite, (box.left, box.right, baseline, size))):
                continue
            yield _Glyph(
                UNIFIED.get(code, chr(code)), box.left, baseline - 0.88 * size, box.right, baseline + 0.12 * size, size
            )
    finally:
        text.close()


def _once(glyphs: Sequence[_Glyph]) -> list[_Glyph]:
    """Leave out the second drawing of faux bold: the same character, at the same place but for a fifth of its size."""
    seen: dict[tuple[str, int, int], list[_Glyph]] = {}
    kept: list[_Glyph] = []
    for glyph in glyphs:
        column, row = int(glyph.left // 4), int(glyph.top // 4)
        near = (
            other
            for dx in (-1, 0, 1)
            for dy in (-1, 0, 1)
            for other in seen.get((glyph.text, column + dx, row + dy), ())
        )
        if not glyph.text.isspace() and any(
            abs(other.left - glyph.left) < 0.2 * glyph.size and abs(other.top - glyph.top) < 0.2 * glyph.size
            for other in near
        ):
            continue
        seen.setdefault((glyph.text, column, row), []).append(glyph)
        kept.append(glyph)
    return kept


def _rows(glyphs: Sequence[_Glyph]) -> Iterator[list[_Glyph]]:
    """Characters that follow one another on one baseline, in one size, without the gap of a gutter."""
    row: list[_Glyph] = []
    for glyph in glyphs:
        if row and not _follows(row[-1], glyph):
            yield row
            row = []
        row.append(glyph)
    if row:
        yield row


def _follows(before: _Glyph, glyph: _Glyph) -> bool:
    size = max(before.size, glyph.size)
    gap = glyph.left - before.right
    return (
        abs(glyph.bottom - before.bottom) < 0.3 * size
        and min(before.size, glyph.size) > 0.85 * size
        and -0.6 * size < gap < 1.2 * size
    )


def _upright(rows: list[list[_Glyph]]) -> list[list[_Glyph]]:
    """Put together vertical headlines, whose characters come one a row."""
    made: list[list[_Glyph]] = []
    vertical = False
    for row in rows:
        last = made[-1] if made else None
        solid = [glyph for glyph in row if not glyph.text.isspace()]
        alone = len(solid) == 1
        if last is not None and alone and (vertical or len(last) == 1) and _is_below(last[-1], solid[0]):
            last.append(solid[0])
            vertical = True
        else:
            made.append(solid if alone else list(row))
            vertical = False
    return made


def _is_below(upper: _Glyph, lower: _Glyph) -> bool:
    size = max(upper.size, lower.size)
    return (
        abs(upper.left + upper.right - lower.left - lower.right) < 0.5 * size
        and -0.2 * size < lower.top - upper.bottom < 0.5 * size
        and min(upper.size, lower.size) > 0.85 * size
    )


def _line(number: int, row: Sequence[_Glyph]) -> Line:
    """A line of the row's characters, with a space where a gap parts words or names."""
    text = ""
    for at, glyph in enumerate(row):
        gap = (glyph.left - row[at - 1].right) / glyph.size if at else 0.0
        parts = gap > 0.18
        if parts and text[-1:] != " " and not glyph.text.isspace():
            text += " "
        text += glyph.text
    shown = [glyph for glyph in row if not glyph.text.isspace()] or list(row)
    box = Box(
        left=min(glyph.left for glyph in shown),
        top=min(glyph.top for glyph in shown),
        right=max(glyph.right for glyph in shown),
        bottom=max(glyph.bottom for glyph in shown),
    )
    return Line(number=number, text=text, box=box, size=sum(glyph.size for glyph in shown) / len(shown))
