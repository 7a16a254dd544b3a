"""Reading what a newspaper has: one module a format, one face for all."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from index.errors import SourceError
from index.models import Article, Frozen, Page, page_of
from index.sources import contained, dump, founder, jsonl, markdown, scan, web

_READERS = {".txt": dump.read, ".text": dump.read, ".jsonl": jsonl.read, ".ndjson": jsonl.read}
_READERS |= {".md": markdown.read, ".markdown": markdown.read, ".zip": founder.read_zip}
_PAGES = (".htm", ".html")
_IMAGES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
_PRINTS = (*_IMAGES, ".pdf")
_PAGE = re.compile(r"(?:^|[^A-Za-z0-9])(?:第?(0?[1-9]\d?)版|([A-H]0?[1-9]\d?)版?)(?![A-Za-z0-9])")
"""A page's name in that of its file: 2024-11-30_B03.pdf, 第3版.txt."""
_MAX_BYTES = 512 * 2**20
_IMAGE_MARKS = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*")


class Source(Frozen):
    """One file as it was read.

    `pages` hold its lines. `articles` is None where layout has to find them; a format that knows its
    articles gives them, and its lines hold their bodies as decoded.
    """

    name: str
    path: str
    sha256: str
    pages: tuple[Page, ...]
    articles: tuple[Article, ...] | None = None


def expand(paths: Sequence[Path]) -> list[Path]:
    """Return the files that `paths` name, absolute, a folder's readable ones in natural order.

    Pictures and PDFs that lie with web pages show the same, and are left.

    Raises:
        SourceError: A path is missing, or a folder holds nothing that can be read.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = [file for file in path.rglob("*") if file.is_file() and _is_readable(file)]
            if not inside:
                raise SourceError(
                    f"{path}: the folder holds no source (want {', '.join([*_READERS, *_PAGES, *_PRINTS])})"
                )
            has_pages = any(file.suffix.lower() in _PAGES for file in inside)
            files += sorted(
                (file for file in inside if not (has_pages and file.suffix.lower() in _PRINTS)), key=_natural
            )
        elif path.is_file():
            files.append(path)
        else:
            missing = not (path.exists() or path.is_symlink())
            raise SourceError(f"{path}: {'no such file or folder' if missing else 'neither a file nor a folder'}")
    for file in files:
        if any("\udc80" <= character <= "\udcff" for character in str(file)):
            raise SourceError(f"{str(file)!a}: its name is not in UTF-8; rename it")
        if file.stat().st_size > _MAX_BYTES:
            raise SourceError(f"{file}: larger than {_MAX_BYTES >> 20} MB; split it")
    return list(dict.fromkeys(file.absolute() for file in files))


def read(path: Path, progress: scan.Progress | None = None) -> Source:
    """Read one file; `progress` is told of what takes long.

    Raises:
        SourceError: It cannot be read as any format; the message says what is wrong and where.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror})") from None
    if not data.strip():
        raise SourceError(f"{path}: the file is empty")
    from index.layout.furniture import furniture

    pages, articles = _content(data, path, progress)
    for article in articles or ():
        dump.check_length(len(article.body), f"{path}: article {article.id}")
    if articles is None:
        pages = tuple(furniture(page)[0] for page in pages)
        if (
            len(pages) == 1
            and pages[0].number is None
            and pages[0].label is None
            and (found := _PAGE.search(path.stem))
        ):
            number, label = page_of(found[1] or found[2])
            pages = (pages[0].model_copy(update={"number": number, "label": label}),)
    return Source(
        name=path.name,
        path=str(path.absolute()),
        sha256=hashlib.sha256(data).hexdigest(),
        pages=pages,
        articles=articles,
    )


def _content(
    data: bytes, path: Path, progress: scan.Progress | None
) -> tuple[tuple[Page, ...], tuple[Article, ...] | None]:
    """Pages and articles; what the bytes begin with tells the format, else the suffix, else it is a dump."""
    suffix = path.suffix.lower()
    if data.startswith(b"PK\x03\x04"):
        return founder.read_zip(data, path.name)
    if suffix == ".pdf" or data.startswith(b"%PDF-"):
        return contained.read("PDF", data, path.name, progress)
    if suffix in _IMAGES or data.startswith(_IMAGE_MARKS):
        return contained.read("image", data, path.name, progress)
    if suffix in _PAGES or data[:200].lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return founder.read(data, path) if founder.is_founder(data) else web.read(data, path.name)
    return _READERS.get(suffix, dump.read)(data, path.name)


def _is_readable(file: Path) -> bool:
    """Node pages of an e-paper hold no article; they are read with those beside them."""
    return file.suffix.lower() in (*_READERS, *_PAGES, *_PRINTS) and not founder.NODE.search(file.name)


def _natural(path: Path) -> list[tuple[int, str]]:
    """A10 comes after A9."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", str(path))]
