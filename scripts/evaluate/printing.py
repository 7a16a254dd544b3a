"""Prints typeset pages as PDFs, by reportlab or with an embedded font, and reads text layers back by pdfminer.six."""

from __future__ import annotations

import ctypes
import io
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from scripts.evaluate.typeset import BOLD_RUN, Sheet, strokes

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

Grey = NDArray[np.uint8]
Order = Literal["file", "flow"]
SONG = "STSong-Light"


def draw(sheets: Sequence[Sheet]) -> bytes:
    """Return the sheets as a PDF in Song, which a reader has to have: enough for a text layer, not for a picture."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfgen.canvas import Canvas

    if SONG not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(UnicodeCIDFont(SONG))
    stream = io.BytesIO()
    canvas = Canvas(stream)
    for sheet in sheets:
        canvas.setPageSize((sheet.width, sheet.height))
        for stroke in strokes(sheet, lambda run: float(pdfmetrics.stringWidth(run, SONG, 1.0))):
            block = canvas.beginText(stroke.x, stroke.y)
            block.setFont(SONG, stroke.size)
            block.setCharSpace(stroke.spacing)
            block.textOut(stroke.text)
            canvas.drawText(block)
        canvas.showPage()
    canvas.save()
    return stream.getvalue()


def embed(sheets: Sequence[Sheet]) -> bytes:
    """Return the sheets as a PDF with its font in it (Noto Serif, from pylopdf-fonts-zh-cn), character by character.

    Raises:
        SystemExit: The font is not installed.
    """
    import pypdfium2
    from pypdfium2 import raw

    data = _font_data()
    document = pypdfium2.PdfDocument.new()
    buffer = (ctypes.c_uint8 * len(data)).from_buffer_copy(data)
    font = raw.FPDFText_LoadFont(document, buffer, len(data), raw.FPDF_FONT_TRUETYPE, 1)
    for sheet in sheets:
        page = document.new_page(sheet.width, sheet.height)
        for stroke in strokes(sheet, _measure):
            x = stroke.x
            for character in stroke.text:
                thing = raw.FPDFPageObj_CreateTextObj(document, font, stroke.size)
                coded = ctypes.create_string_buffer(f"{character}\0".encode("utf-16-le"))
                raw.FPDFText_SetText(thing, ctypes.cast(coded, ctypes.POINTER(ctypes.c_ushort)))
                raw.FPDFPageObj_Transform(thing, 1, 0, 0, 1, x, stroke.y)
                raw.FPDFPage_InsertObject(page, thing)
                x += stroke.size * _measure(character) + stroke.spacing
        raw.FPDFPage_GenerateContent(page)
        page.close()
    stream = io.BytesIO()
    document.save(stream)
    raw.FPDFFont_Close(font)
    document.close()
    return stream.getvalue()


def pictures(data: bytes) -> Iterator[Grey]:
    """The pages of a PDF as images at 200 dots an inch."""
    import pypdfium2

    document = pypdfium2.PdfDocument(data)
    for page in document:
        image = page.render(scale=200 / 72, grayscale=True).to_numpy()
        yield image.reshape(image.shape[:2])
    document.close()


@cache
def _font_data() -> bytes:
    try:
        from pylopdf_fonts_zh_cn import serif_path
    except ImportError:
        raise SystemExit("no Chinese font to print with: pip install 'baoda[dev]' (pylopdf-fonts-zh-cn)") from None
    return serif_path().read_bytes()


@cache
def _face() -> FreeTypeFont:
    from PIL import ImageFont

    return ImageFont.truetype(io.BytesIO(_font_data()), 100)


@cache
def _measure(text: str) -> float:
    return _face().getlength(text) / 100


def dump(pdf: bytes, order: Order, sheets: Sequence[Sheet]) -> Iterator[str]:
    """Read the pages back with pdfminer.six: text boxes in the order of the file, or as pdfminer sorts them.

    A line of a frame whose doubling is "text" comes out as some versions write it, each run twice on one line.
    """
    for text, sheet in zip(_dump(pdf, order), sheets, strict=True):
        for frame in sheet.frames:
            for _, line, _ in frame.lines if frame.doubling == "text" else ():
                text = text.replace(f"\n{line}\n", "\n" + "".join(2 * run for run in BOLD_RUN.findall(line)) + "\n")  # noqa: PLW2901
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
