from __future__ import annotations

import contextlib
import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from hashing import HashingEmbedder
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont
from pylopdf_fonts_zh_cn import serif_path

from index.archive import Archive
from index.errors import BaodaError, SourceError
from index.sources import read, scan

TEXTS = [
    "渡口昨天重开，首日载客1,204人次。",
    "船票为2元（与1998年一样），“不涨价”。",
    "The ferry has 36 seats, 12.7% more.",
]
LONG = "水乡的渡口停航二十年后重新开航首日载客一千二百零四人次船票仍为两元站长说今后三年都不会涨价沿河的老街坊一早就来排队有人带着当年的月票有人抱着孙辈来看父亲撑过的船新船用电机推动可载三十六人每十五分钟一班"


def drawn(size: tuple[int, int], texts: list[tuple[int, int, str]], em: int = 28) -> Image.Image:
    image = Image.new("L", size, 255)
    font = ImageFont.truetype(str(serif_path()), em)
    for x, y, text in texts:
        ImageDraw.Draw(image).text((x, y), text, font=font, fill=20)
    return image


def packed(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


PAGE = drawn((760, 260), [(40, 30 + 70 * at, text) for at, text in enumerate(TEXTS)])


def told(data: bytes) -> list[str]:
    return [line.text for page in scan.read(data, "a.png")[0] for line in page.lines]


@pytest.mark.parametrize(
    ("image", "kind"),
    [
        (PAGE, "PNG"),
        (PAGE.convert("RGB"), "JPEG"),
        (PAGE.convert("1"), "TIFF"),
        (PAGE.convert("P"), "PNG"),
        (Image.merge("LA", (Image.new("L", PAGE.size, 20), PAGE.point(lambda value: 255 - value))), "PNG"),
        (Image.fromarray(np.asarray(PAGE).astype(np.uint16) << 8), "TIFF"),
    ],
    ids=["grey", "colour", "bitonal", "palette", "transparent", "sixteen-bit"],
)
def test_every_kind_of_image_is_read_with_boxes_and_confidence(image: Image.Image, kind: str) -> None:
    (page,), articles = scan.read(packed(image, kind), "a.png")
    assert articles is None
    assert [line.text for line in page.lines] == TEXTS
    assert [line.number for line in page.lines] == [1, 2, 3]
    for at, line in enumerate(page.lines):
        assert line.box is not None
        assert abs(line.box.left - 40) < 12
        assert abs((line.box.top + line.box.bottom) / 2 - (30 + 70 * at + 20)) < 12
        assert 0.8 < (line.confidence or 0) <= 1


def test_pages_of_a_tiff_are_pages_and_lines_are_counted_on() -> None:
    data = packed(PAGE, "TIFF", save_all=True, append_images=[PAGE])
    pages, _ = scan.read(data, "a.tif")
    assert [[line.number for line in page.lines] for page in pages] == [[1, 2, 3], [4, 5, 6]]


def test_no_seam_between_tiles_cuts_or_doubles_a_line() -> None:
    wide = drawn((100 + 28 * len(LONG), 320), [(40, 40 + 60 * at, LONG[at:]) for at in range(2)])
    tall = drawn((400, 3200), [(40, 1060 + 41 * at, f"第{at:03d}行字") for at in range(28)])
    assert told(packed(wide)) == [LONG[at:] for at in range(2)]
    assert told(packed(tall)) == [f"第{at:03d}行字" for at in range(28)]


def test_large_type_beside_small_is_read_once_and_a_vertical_headline_whole() -> None:
    page = drawn((2600, 1500), [(60, 700 + 60 * at, TEXTS[0]) for at in range(3)])
    page.paste(drawn((2000, 260), [(0, 0, "渡口重开")], em=200), (60, 60))
    for at, character in enumerate("百年渡船新码头"):
        page.paste(drawn((100, 100), [(0, 0, character)], em=84), (2300, 500 + 100 * at))
    assert sorted(told(packed(page))) == sorted(["渡口重开", "百年渡船新码头", *[TEXTS[0]] * 3])


def test_progress_is_told_to_its_end() -> None:
    seen: list[tuple[str, int, int]] = []
    scan.lines(np.asarray(PAGE), lambda *step: seen.append(step))
    assert {step[0]: step[1:] for step in seen} == {"Finding lines": (1, 1), "Reading lines": (3, 3)}


def test_a_blank_page_has_no_lines() -> None:
    assert told(packed(Image.new("L", (300, 200), 255))) == []


def header(width: int, height: int) -> bytes:
    """A PNG that claims to be so large and ends there."""
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    idat = b"IDAT" + zlib.compress(b"")
    parts = [struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part)) for part in (body, idat)]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (header(20_000, 20_000), "pixels"),
        (header(9_000, 9_000), "9,000 × 9,000 pixels"),
        (header(500, 500), "cannot be read as an image"),
        (packed(PAGE)[:3000], "cannot be read as an image"),
        (packed(PAGE.convert("RGB"), "JPEG")[:3000], "cannot be read as an image"),
        (b"GIF89a" + bytes(100), "cannot be read as an image"),
    ],
)
def test_what_is_no_page_is_refused_in_one_line_before_it_is_decoded(data: bytes, said: str) -> None:
    with pytest.raises(SourceError, match=said) as caught:
        scan.read(data, "a.png")
    assert "\n" not in str(caught.value)


def test_reading_a_scan_touches_no_network(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(packed(PAGE))
    code = """
import socket, sys
def refuse(*_): raise AssertionError("network")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
from pathlib import Path
from index.sources import scan
print(len(scan.read(Path(sys.argv[1]).read_bytes(), "a.png")[0][0].lines))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "a.png")], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("3\n", "")


def test_an_image_is_known_by_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "scan").write_bytes(packed(PAGE))
    assert [line.text for line in read(tmp_path / "scan").pages[0].lines] == TEXTS


BLANK = Image.new("L", (48, 48), 255)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(["PNG", "JPEG", "TIFF"]), st.binary(max_size=40), st.integers(0, 400))
def test_no_bytes_raise_anything_but_our_own_error(kind: str, noise: bytes, at: int) -> None:
    whole = packed(BLANK, kind)
    at %= len(whole)
    for data in (noise, whole[:8] + noise, whole[:at] + noise + whole[at + len(noise) :]):
        with contextlib.suppress(BaodaError):
            scan.read(data, "a.png")


def test_a_quote_from_a_line_that_was_hard_to_read_is_marked_also_after_a_rebuild_and_in_a_backup(
    tmp_path: Path,
) -> None:
    text = "本报讯昨天，" + "，".join(LONG[at : at + 12] for at in range(0, len(LONG), 12)) + "。"
    page = drawn((820, 320), [(40, 30 + 44 * at, text[at * 26 :][:26]) for at in range(5)])
    faint = page.crop((0, 114, 820, 320))
    page.paste(faint.resize((165, 41)).resize(faint.size), (0, 114))
    (tmp_path / "a.png").write_bytes(packed(page))
    with Archive.open(tmp_path / "archive", embedder=HashingEmbedder(), write=True) as archive:
        archive.add([tmp_path / "a.png"])
        for _ in range(2):
            (article,) = archive.articles()
            body, end = article.body, len(article.body)
            assert not archive.verify_quote(article.id, 0, 20, body[:20])
            assert archive.verify_quote(article.id, end - 20, end, body[end - 20 :])
            archive.rebuild()
        archive.backup(tmp_path / "copy.db")
    Archive.restore_backup(tmp_path / "copy.db", tmp_path / "other")
    with Archive.open(tmp_path / "other") as copy:
        assert copy.verify_quote(article.id, end - 20, end, body[end - 20 :])
