"""Text dumps: the text layer of a page's PDF, as pdftotext or pdfminer write it."""

from __future__ import annotations

import codecs

from index.errors import SourceError
from index.models import Line, Page
from index.text import UNIFIED

MAX_PAGES = 500
MAX_CHARACTERS = 200_000
"""Of one page or article; a broadsheet page has 10,000."""
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read(data: bytes, name: str) -> tuple[tuple[Page, ...], None]:
    """Read a dump; a form feed begins the next page. Layout has to find the articles.

    Raises:
        SourceError: It is binary, in no encoding that is known (UTF-8, UTF-16 with a mark, GB18030), or too long.
    """
    parts = decode(data, name).translate(UNIFIED).split("\f")
    if len(parts) > MAX_PAGES + 1:
        raise SourceError(f"{name}: has {len(parts):,} pages, {MAX_PAGES} at most can be read; split it")
    pages = []
    number = 0
    for at, part in enumerate(parts, 1):
        check_length(len(part), f"{name}, page {at}")
        texts = part.split("\n")
        lines = tuple(Line(number=number + at, text=line.rstrip("\r")) for at, line in enumerate(texts, 1))
        number += len(texts) - 1
        if part.strip():
            pages.append(Page(source=name, lines=lines))
    return tuple(pages), None


def check_length(characters: int, where: str) -> None:
    """Refuse what is longer than any page, before time and memory go into it.

    Raises:
        SourceError: It is.
    """
    if characters > MAX_CHARACTERS:
        raise SourceError(
            f"{where}: has {characters:,} characters, {MAX_CHARACTERS:,} at most can be read: is this a newspaper's page?"
        )


def decode(data: bytes, name: str) -> str:
    """Return the text of `data`.

    Raises:
        SourceError: It is binary, or in no encoding that is known.
    """
    marked = next((encoding for mark, encoding in _MARKS if data.startswith(mark)), None)
    if marked is None and b"\0" in data:
        raise SourceError(f"{name}: a binary file, not text")
    for encoding in [marked] if marked else ["utf-8", "gb18030"]:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not any(ord(c) < 32 and c not in "\t\n\r\f" for c in text):
            return text
        raise SourceError(f"{name}: a binary file, not text")
    raise SourceError(f"{name}: in no encoding that is known; save it as UTF-8 or GB18030")
