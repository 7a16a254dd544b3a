"""Scans: images of pages, read by rapidocr (PP-OCRv6, whose models are in its wheel) with onnxruntime.

A broadsheet is too large to be looked at as a whole: its detector would shrink it until lines vanish. Lines are found in
tiles that overlap and, for large type, on the shrunken whole; each is then read once, from the page itself, so that
no seam cuts or doubles a text.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from index.errors import SourceError
from index.models import Box, Line, Page
from index.sources.detected import Found, Grey, merged, parted, shared

if TYPE_CHECKING:
    from PIL.Image import Image
    from rapidocr import RapidOCR

Progress = Callable[[str, int, int], None]

MAX_PIXELS = 80_000_000
"""A broadsheet at 400 dots an inch has 52 million; what is larger is no page, or can be made again smaller."""
_MAX_FRAMES = 64
_TILE = (1400, 1200)
_OVERLAP = 80
_COARSE = 1600
_LARGE = 64
"""Height in pixels of lines that are taken from the whole page: the overlap of tiles must hold any other line."""
_USUAL = 24.0
"""Height in pixels that the usual line is shrunk to before lines are looked for; they are read at full size."""
_SURE = 0.3
_CHINESE = re.compile("[一-鿿]")
_BESIDE = re.compile("(?<=[一-鿿”》）])[,:;?!]|[,:;?!](?=[一-鿿“《（])")
_BRACKETS = str.maketrans("()", "（）")
_WIDE = str.maketrans(",:;?!", "，：；？！")
_MARGIN = 0.25
"""Share of a line's height that is read beyond both of its ends: the detector may stop short of a quotation mark."""


def read(data: bytes, name: str, progress: Progress | None = None) -> tuple[tuple[Page, ...], None]:
    """Read the pages of a PNG, JPEG or TIFF file. Layout has to find columns and articles.

    Raises:
        SourceError: It is no such image, is damaged, or has more than 80 million pixels a page (told from its header).
    """
    pages = []
    number = 0
    for frame in _frames(data, name):
        found = lines(frame, progress, number + 1)
        number += len(found)
        pages.append(Page(source=name, lines=tuple(found)))
    return tuple(pages), None


def lines(image: Grey, progress: Progress | None = None, first: int = 1) -> list[Line]:
    """Return the lines of a page's image (height × width, dark on white), from the top, numbered from `first`.

    Boxes and sizes are in pixels of `image`; confidence is the mean over a line's characters.
    """
    scale = 2 if max(image.shape) > 8000 else 1
    small = _shrunk(image, image.shape[1] / scale, image.shape[0] / scale)
    found = sorted(parted(merged(_detected(small, progress)), small), key=lambda line: (line.top, line.left))
    told: list[Line] = []
    for done, line in enumerate(found, 1):
        text, confidence = _recognised(small, line)
        if text and confidence >= _SURE:
            box = Box(
                left=line.left * scale, top=line.top * scale, right=line.right * scale, bottom=line.bottom * scale
            )
            told.append(
                Line(number=first + len(told), text=text, box=box, size=line.height * scale, confidence=confidence)
            )
        if progress and (done % 20 == 0 or done == len(found)):
            progress("Reading lines", done, len(found))
    return told


def _frames(data: bytes, name: str) -> Iterator[Grey]:
    """Decode one page after the other; how large it is is known before any of it is."""
    from PIL import Image, ImageOps, ImageSequence

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=["PNG", "JPEG", "TIFF"]) as opened:
                for at, frame in enumerate(ImageSequence.Iterator(opened)):
                    if frame.width * frame.height > MAX_PIXELS or at >= _MAX_FRAMES:
                        raise SourceError(
                            f"{name}: {frame.width:,} × {frame.height:,} pixels on page {at + 1}; at most "
                            f"{MAX_PIXELS // 10**6} million and {_MAX_FRAMES} pages are read: scan at 200 to 300 dpi"
                        )
                    yield _grey(ImageOps.exif_transpose(frame))
    except SourceError:
        raise
    except Image.DecompressionBombError:
        raise SourceError(f"{name}: more pixels than a page has; scan it at 200 to 300 dpi") from None
    except Exception as error:  # noqa: BLE001 - decoders raise what they like on damaged files
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise SourceError(
            f"{name}: cannot be read as an image ({reason.replace('<_io.BytesIO object', 'not')})"
        ) from None


def _grey(image: Image) -> Grey:
    from PIL import Image as Images

    if image.mode.startswith("I"):
        return (np.asarray(image) >> 8).clip(0, 255).astype(np.uint8)
    if "A" in image.getbands() or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Images.new("RGBA", image.size, "white")
        white.alpha_composite(image)
        image = white
    return np.asarray(image.convert("L"))


@cache
def _engine() -> RapidOCR:
    """The engine with every setting that matters said, and its models by path, so that it looks for none."""
    import rapidocr

    models = f"{next(iter(rapidocr.__path__))}/models"
    return rapidocr.RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.use_cls": False,
            "Global.use_preprocess_img": False,
            "Global.use_vertical_padding": False,
            "Global.text_score": 0.0,
            "Det.model_path": f"{models}/PP-OCRv6_det_small.onnx",
            "Det.limit_type": "min",
            "Det.limit_side_len": 32,
            "Det.thresh": 0.3,
            "Det.box_thresh": 0.5,
            "Det.unclip_ratio": 1.6,
            "Rec.model_path": f"{models}/PP-OCRv6_rec_small.onnx",
            "Rec.rec_batch_num": 1,
        }
    )


def _detected(image: Grey, progress: Progress | None) -> list[Found]:
    """Lines of large type from the shrunken page; all others from tiles, of a page shrunk as far as small type allows."""
    height, width = image.shape
    factor = max(1.0, max(image.shape) / _COARSE)
    coarse = [Found(*box).times(factor) for box in _boxes(_shrunk(image, width / factor, height / factor))]
    usual = float(np.median([min(line.height, line.width) for line in coarse])) if coarse else 0.0
    factor = max(1.0, usual / _USUAL)
    small = _shrunk(image, width / factor, height / factor)
    found = large = [line for line in coarse if min(line.height, line.width) > _LARGE * factor]
    rows, columns = _cuts(small.shape[0], _TILE[0]), _cuts(small.shape[1], _TILE[1])
    for done, (top, left) in enumerate(((row, column) for row in rows for column in columns), 1):
        tile = small[top : top + _TILE[0], left : left + _TILE[1]]
        for x0, y0, x1, y1 in _boxes(tile):
            cut_left, cut_right = (
                left > 0 and x0 <= 2,
                left + tile.shape[1] < small.shape[1] and x1 >= tile.shape[1] - 3,
            )
            line = Found(x0 + left, y0 + top, x1 + left, y1 + top, cut_left, cut_right).times(factor)
            if not any(shared(line, other) > 0.5 for other in large):
                found = [*found, line]
        if progress:
            progress("Finding lines", done, len(rows) * len(columns))
    return found


def _cuts(length: int, tile: int) -> list[int]:
    """Where tiles begin, that they cover `length` with the overlap and are as even as may be."""
    count = max(1, -(-(length - _OVERLAP) // (tile - _OVERLAP)))
    return [round(at * (length - tile) / (count - 1)) for at in range(count)] if count > 1 else [0]


def _boxes(tile: Grey) -> list[tuple[float, float, float, float]]:
    found = _engine()(np.repeat(tile[:, :, None], 3, axis=2), use_det=True, use_cls=False, use_rec=False)
    boxes = getattr(found, "boxes", None)
    sides = [] if boxes is None else [np.concatenate([box.min(0), box.max(0)]).tolist() for box in boxes]
    return [(left, top, right, bottom) for left, top, right, bottom in sides]


def _shrunk(image: Grey, width: float, height: float) -> Grey:
    import cv2

    size = (max(32, round(width)), max(32, round(height)))
    return image if size == image.shape[::-1] else np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA))


def _recognised(image: Grey, line: Found) -> tuple[str, float]:
    margin = _MARGIN * line.height if line.height < line.width else 0.0
    left, right = max(0, round(line.left - margin)), round(line.right + margin)
    crop = image[max(0, round(line.top)) : round(line.bottom) + 1, left : right + 1]
    if min(crop.shape) < 4:
        return "", 0.0
    if crop.shape[0] > 1.5 * crop.shape[1]:
        crop = np.rot90(crop)
    found = _engine()(np.repeat(crop[:, :, None], 3, axis=2), use_det=False, use_cls=False, use_rec=True)
    texts, scores = getattr(found, "txts", None), getattr(found, "scores", None)
    return (_wide(texts[0].strip()), float(scores[0])) if texts and scores else ("", 0.0)


def _wide(text: str) -> str:
    """Chinese type sets its marks full width; the recogniser's choice between the two widths is not to be relied on."""
    if not _CHINESE.search(text):
        return text
    return _BESIDE.sub(lambda found: found.group().translate(_WIDE), text.translate(_BRACKETS))
