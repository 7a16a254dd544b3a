"""What crosses the borders of `index`: pages, articles, passages and hits, as frozen pydantic models."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["news", "commentary", "sidebar", "caption", "notice"]


_PAGE = re.compile(r"第?([A-Z]?)0*(\d{1,3})版?")
_PRINTED = re.compile(r"[A-Z]\d+")


def page_of(name: str | int) -> tuple[int | None, str | None]:
    """Number and label of a page by its name as printed: 3 and None of 3, 03 or 第3版, 2 and A02 of A02, None and B03 of B03版.

    Section A counts as the paper's main one. Pages of other sections have no number of their own.

    Raises:
        ValueError: That is no page's name.
    """
    if isinstance(name, int):
        return name, None
    plain = "".join(unicodedata.normalize("NFKC", str(name)).upper().split())
    found = _PAGE.fullmatch(plain)
    if found is None or not int(found[2]):
        raise ValueError(f"{name} is no page's name: want a number or a section's letter and a number, e.g. 3 or B03")
    label = _PRINTED.search(plain)
    return int(found[2]) if found[1] in ("", "A") else None, label and label.group()


class Frozen(BaseModel):
    """Base of every model here: immutable, and strict about unknown names."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Box(Frozen):
    """A rectangle on a page: points (PDF) or pixels (scan), origin at the top left."""

    left: float
    top: float
    right: float
    bottom: float


DOUBTFUL = 0.97
"""Confidence of OCR in a line under which a quote from it says so."""


class Line(Frozen):
    """One line of a source, its glyphs exactly as the source has them."""

    number: int = Field(ge=1, description="1-based: the physical line of a text file, else a running count")
    text: str
    box: Box | None = None
    size: float | None = Field(None, description="glyph height in points or pixels, where the source tells")
    confidence: float | None = Field(None, description="0..1 for OCR, else None")

    @property
    def is_doubtful(self) -> bool:
        """Whether OCR may have misread it."""
        return self.confidence is not None and self.confidence < DOUBTFUL


class Page(Frozen):
    """One page of an issue as a source gave it, before layout."""

    source: str = Field(description="the file's name as it was given")
    lines: tuple[Line, ...]
    paper: str | None = None
    published: dt.date | None = None
    number: int | None = None
    label: str | None = Field(None, description="the page's name where that has a letter, e.g. B03")
    url: str | None = None


class Byline(Frozen):
    """One credited person, e.g. role 记者, name 林旭东."""

    role: str
    name: str


class Run(Frozen):
    """`body[start:end]` is `line.text[column:column + end - start]` of line number `line`.

    `place` says on which of the article's places (pages) the line stands.
    """

    start: int
    end: int
    place: int
    line: int
    column: int


class Place(Frozen):
    """Where (a part of) an article stands: a source, its page, the ranges of its lines, inclusive."""

    source: str
    page: int | None
    label: str | None = Field(None, description="as of a page", exclude_if=lambda label: label is None)
    lines: tuple[tuple[int, int], ...]


class Article(Frozen):
    """One article. Every character of `body` but white space that joins lines is in exactly one run of `trace`."""

    id: str
    title: str = ""
    kicker: str | None = None
    subtitle: str | None = None
    column: str | None = Field(None, description="the standing head it ran under (栏目), e.g. 改革故事")
    bylines: tuple[Byline, ...] = ()
    kind: Kind = "news"
    body: str = Field(min_length=1, description="paragraphs joined by one newline")
    paper: str | None = None
    published: dt.date | None = None
    page: int | None = None
    url: str | None = None
    places: tuple[Place, ...] = Field(min_length=1, description="first place first; more than one after a jump")
    jump: str | None = Field(None, description="an unresolved jump mark, e.g. 下转2版")
    confidence: float = Field(1.0, ge=0, le=1)
    trace: tuple[Run, ...] = ()

    @property
    def pages(self) -> tuple[int | str, ...]:
        """The pages it stands on by their names as printed, e.g. 1 and B03."""
        names = [place.label or place.page for place in self.places]
        return tuple(dict.fromkeys(name for name in [*names, *([] if any(names) else [self.page])] if name is not None))

    @property
    def source(self) -> str:
        """Name of the file the article begins in."""
        return self.places[0].source

    @property
    def lines(self) -> tuple[tuple[int, int], ...]:
        """Ranges of source lines, inclusive, in the file the article begins in."""
        return self.places[0].lines


class Passage(Frozen):
    """A slice of an article that is searched as one: `text == article.body[start:end]`."""

    id: int
    article_id: str
    start: int
    end: int
    text: str


class Hit(Frozen):
    """A passage found for a query, with its article."""

    passage: Passage
    article: Article
    score: float = Field(description="fused score, higher is better; comparable within one query only")
    cosine: float | None = Field(None, description="-1..1 between query and passage, None where only words matched")
    bm25: float | None = Field(None, description="BM25 over words, higher is better; None where only vectors matched")
    also: int = Field(0, description="near duplicates of the article in the archive, left out of the hits (另见 N 篇)")
