"""What the database keeps of sources, pages and articles, as rows; and a plan of what one transaction changes of them."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from index.models import Article, Box, Line, Page, Run


@dataclass(eq=False)
class SourceRow:
    """A source. `id` is None until it is written; `paper`, `published` and `page` are what was given with it."""

    id: int | None
    path: str
    name: str
    sha256: str
    kind: str
    paper: str | None = None
    published: dt.date | None = None
    page: int | str | None = None
    complete: bool = True


IssueKey = tuple[str, dt.date] | SourceRow
"""Paper and date of an issue; the source itself where they are unknown."""


@dataclass(eq=False)
class PageRow:
    """A page. `id` is None until it is written."""

    id: int | None
    source: SourceRow
    position: int
    page: Page


@dataclass(frozen=True)
class Version:
    """A stored version of an article."""

    pk: int
    id: str
    current: bool
    text_hash: bytes
    record_hash: bytes


@dataclass
class Item:
    """An article as it shall be: its places' pages, and the version that it takes the place of."""

    article: Article
    source: SourceRow
    issue: IssueKey
    pages: list[PageRow]
    old: Version | None

    @property
    def is_unchanged(self) -> bool:
        """Whether nothing about the article differs from the version that is current."""
        return self.old is not None and self.old.current and self.old.record_hash == record_hash(self.article)

    @property
    def keeps_text(self) -> bool:
        """Whether headline and body are those of the current version, and with them its passages."""
        return self.old is not None and self.old.current and self.old.text_hash == text_hash(self.article)


@dataclass
class Plan:
    """All that one transaction will change, worked out on the archive at `generation`."""

    generation: int
    sources: list[SourceRow] = field(default_factory=list)
    pages: list[tuple[PageRow, IssueKey]] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    retired: list[int] = field(default_factory=list)
    dropped: list[int] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether nothing would change."""
        return not (self.sources or self.pages or self.items or self.retired or self.dropped)


def text_hash(article: Article) -> bytes:
    """Hash of what an article's passages are made of."""
    return hashlib.blake2b(f"{article.title}\0{article.body}".encode(), digest_size=16).digest()


def record_hash(article: Article) -> bytes:
    """Hash of all of an article."""
    return hashlib.blake2b(article.model_dump_json().encode(), digest_size=16).digest()


def issue_of(source: SourceRow, paper: str | None, published: dt.date | None) -> IssueKey:
    """Return the issue of a page or an article that came with `source`."""
    return (paper, published) if paper and published else source


def read_lines(stored: str) -> tuple[Line, ...]:
    """Return the lines of a stored page."""
    return tuple(
        Line(number=number, text=text, box=box and _box(box), size=size, confidence=confidence)
        for number, text, box, size, confidence in json.loads(stored)
    )


def dump_lines(page: Page) -> str:
    """Return the lines of `page` as they are stored."""
    rows = [
        (line.number, line.text, line.box and tuple(line.box.model_dump().values()), line.size, line.confidence)
        for line in page.lines
    ]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def lines_hash(stored: str) -> bytes:
    """Hash of the lines of a page as they are stored."""
    return hashlib.blake2b(stored.encode(), digest_size=16).digest()


def read_article(record: str, body: str, trace: str) -> Article:
    """Return a stored article."""
    runs = tuple(Run(start=a, end=b, place=p, line=n, column=c) for a, b, p, n, c in json.loads(trace))
    return Article.model_validate(json.loads(record) | {"body": body, "trace": runs})


def dump_article(article: Article) -> tuple[str, str, str]:
    """Return `article` as it is stored: record, body, trace."""
    trace = [(run.start, run.end, run.place, run.line, run.column) for run in article.trace]
    return article.model_dump_json(exclude={"body", "trace"}), article.body, json.dumps(trace, separators=(",", ":"))


def _box(values: Sequence[float]) -> Box:
    left, top, right, bottom = values
    return Box(left=left, top=top, right=right, bottom=bottom)
