"""Any other article page, by trafilatura, which tells an article from the frame of its site."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import re
from typing import TYPE_CHECKING

from index.errors import SourceError
from index.models import Article, Byline, Line, Page, Place, Run
from index.sources.html import decode, paragraphs, parse

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_SIZE = 4 * 2**20


def read(data: bytes, name: str) -> tuple[tuple[Page, ...], tuple[Article, ...]]:
    """Read an article page; nothing where no article is found on it.

    The lines kept are its headline and paragraphs; the site's name is taken for the paper's.

    Raises:
        SourceError: It is too large, or damaged so that it cannot be read at all.
    """
    if len(data) > _SIZE:
        raise SourceError(f"{name}: larger than {_SIZE >> 20} MB, which no article page is")
    from trafilatura import bare_extraction
    from trafilatura.settings import Document

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # what it cannot read is told by our own error
    html = decode(data)
    try:
        found = bare_extraction(
            html,
            with_metadata=True,
            include_comments=False,
            include_tables=True,
            date_extraction_params={"original_date": True, "extensive_search": False},
        )
    except Exception as error:  # noqa: BLE001 - a library of many parsers, fed with what the web holds
        raise SourceError(f"{name}: cannot be read as a page ({type(error).__name__})") from None
    texts = paragraphs(found.body)[0] if isinstance(found, Document) else []
    if not isinstance(found, Document) or not any(len(text) > 15 and re.search("[。！？.!?]", text) for text in texts):
        return (), ()  # trafilatura falls back on all text there is, menus too
    title = " ".join((found.title or "").split())
    if len(texts) > 1 and texts[0] == title:
        texts = texts[1:]
    lines = [Line(number=number, text=text) for number, text in enumerate([title, *texts] if title else texts, 1)]
    first = lines[-len(texts)].number
    trace, at = [], 0
    for number, text in enumerate(texts, first):
        trace.append(Run(start=at, end=at + len(text), place=0, line=number, column=0))
        at += len(text) + 1
    published = _date(found.date)
    page = Page(
        source=name, lines=tuple(lines), paper=found.sitename or None, published=published, url=found.url or None
    )
    identity = hashlib.sha1((found.url or f"{title}\0{texts[0]}").encode(), usedforsecurity=False).hexdigest()[:12]
    article = Article(
        id=f"web-{identity}",
        title=title,
        bylines=_bylines(parse(html, name), found.author or ""),
        body="\n".join(texts),
        paper=page.paper,
        published=published,
        url=page.url,
        places=(Place(source=name, page=None, lines=((1, len(lines)),)),),
        confidence=0.8 if title and published else 0.5,
        trace=tuple(trace),
    )
    return (page,), (article,)


def _bylines(root: HtmlElement, found: str) -> tuple[Byline, ...]:
    """Authors that the page's metadata names; trafilatura drops names without a space, as Chinese ones are."""
    from index.layout.credits import bylines

    marked = root.xpath(
        "//meta[translate(@name, 'AUTHOR', 'author') = 'author' or @property = 'article:author']/@content"
    )
    named = next((text for text in map(str.strip, marked) if text and not text.startswith("http")), found)
    told = [
        bylines([part]) or (Byline(role="", name=" ".join(part.split())),)
        for part in re.split("[;；]", named)
        if part.strip()
    ]
    return tuple(byline for group in told for byline in group)


def _date(value: str | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat(value[:10]) if value else None
    except ValueError:
        return None
