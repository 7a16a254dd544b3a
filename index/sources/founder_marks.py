"""The marks of 方正 (Founder) e-paper pages, old and new form: texts, credits and standing of an article.

They are those that the publishing system's own templates write; letter case and quotes vary between papers.
"""

from __future__ import annotations

import datetime as dt
import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

from index.models import Box, Byline, page_of
from index.sources.html import between, paragraphs, parse, plain, with_id, without

_PROPERTIES = re.compile(r"<!--\s*enpproperty", re.IGNORECASE), re.compile(r"-->")
_PROPERTY = re.compile(r"<(?:founder-)?(\w{2,20})>([^<]{1,500})</")
_DAY = re.compile(r"(?<!\d)(\d{4})(?:-(\d\d)[-/](\d\d)|(\d\d)/(\d\d)|年(\d{1,2})月(\d{1,2})日)(?!\d)")
_NUMBERED = re.compile(r"(?<![转接见])第\s*([A-Za-z]?\d{1,3})\s*版\s*(?=[:：\n]|$)")
_MOST = 200  # elements of one sort that a page is read for: no real one has as many
_HOLDERS = ("ozoom", "articleContent", "zoom")
_LAYOUT = re.compile(r"/layout/.*/node_0*([A-Za-z]?\d{1,3})\.html?$", re.IGNORECASE)
_PAPER = re.compile(r"[一-鿿]{2,12}?(?:报|商报|周刊|新闻)(?=$|数字报|电子报|[\s\-_—|])")
_CREDIT = re.compile(r"[（(]((?:本报|见习|实习)?(?:记者|通讯员|作者)[^（）()。]{1,60})[）)]")


@dataclass(frozen=True)
class Standing:
    """Where an article stands: what the node page, the article page or its address tell."""

    paper: str | None = None
    published: dt.date | None = None
    page: tuple[int | None, str | None] = (None, None)
    box: Box | None = None

    def or_else(self, other: Standing) -> Standing:
        """Return this with what it lacks from `other`."""
        return Standing(
            self.paper or other.paper,
            self.published or other.published,
            self.page if any(self.page) else other.page,
            self.box or other.box,
        )


@dataclass
class Piece:
    """The text of an article page. `where` is its path."""

    where: str
    title: str
    kicker: str | None
    subtitle: str | None
    bylines: list[Byline]
    body: list[str]
    captions: list[str]
    url: str | None
    standing: Standing


def standings(pages: Sequence[tuple[str, str]], name: str) -> dict[str, Standing]:
    """What the image maps of `pages` tell of the article pages they link to, by path."""
    found: dict[str, Standing] = {}
    for where, html in pages:
        if "coords" not in html.lower():
            continue
        root = parse(html, name)
        own = _own_standing(where, html, plain(root))
        for area in root.iter("area"):
            target = posixpath.normpath(posixpath.join(posixpath.dirname(where), area.get("href", "").split("?")[0]))
            numbers = [
                float(number) for number in re.findall(r"\d{1,6}(?:\.\d{1,6})?", area.get("coords", "")[:20_000])
            ]
            xs, ys = numbers[::2], numbers[1::2]
            if len(ys) < 2 or len(xs) != len(ys):
                continue
            box = Box(left=min(xs), top=min(ys), right=max(xs), bottom=max(ys))
            before = found.get(target, Standing()).box
            if before:  # one article, several polygons
                box = Box(
                    left=min(box.left, before.left),
                    top=min(box.top, before.top),
                    right=max(box.right, before.right),
                    bottom=max(box.bottom, before.bottom),
                )
            found[target] = replace(own, box=box).or_else(found.get(target, Standing()))
    return found


def piece_of(where: str, html: str, standing: Standing, name: str) -> Piece | None:
    """Read an article page; None where it has neither text nor captions."""
    told = _properties(html)
    root = parse(html, name)
    own = _own_standing(where, html, plain(root))
    html = without(html, *_PROPERTIES)

    def first(*names: str, also: str = "", told_as: str = "") -> str:
        tagged = (" ".join(paragraphs(parse(part, name))[0]) for mark in names for part in _tagged(html, mark))
        marked = " ".join(paragraphs(node)[0]) if also and (node := with_id(root, also)) is not None else ""
        return next(filter(None, [*tagged, marked, " ".join(told.get(told_as, "").split())]), "")

    inner = next(iter(_tagged(html, "founder-content")), html)
    content = next(iter([*_tagged(inner, "enpcontent"), *_tagged(inner, "npm:article-content")]), None)
    if content is not None or inner is not html:
        node = parse(content if content is not None else inner, name)
    else:
        held = next((found for name in _HOLDERS if (found := with_id(root, name)) is not None), None)
        if held is None:
            return None
        node = held
    body, captions = paragraphs(node)
    outside = [text for part in _tagged(html, "npm:article-pic-text") for text in paragraphs(parse(part, name))[0]]
    title = first("founder-title", "npm:article-title", also="Title", told_as="title")
    captions = [
        text for text in dict.fromkeys([*outside, *paragraphs(root)[1], *captions]) if text not in (title, *body)
    ]
    if not body and not captions:
        return None
    author = first("founder-author", "npm:article-author", also="Author", told_as="author")
    canonical = re.search(r"<link[^>]{0,200}canonical[^>]{0,200}href=[\"']?(https?://[^\s\"'>]{1,500})", html[:20_000])
    piece = Piece(
        where=where,
        title=title,
        kicker=first("npm:article-pretitle", also="PreTitle", told_as="introtitle") or None,
        subtitle=first("npm:article-subtitle", also="SubTitle", told_as="subtitle") or None,
        bylines=_people(author),
        body=body,
        captions=captions,
        url=told.get("url") or (canonical[1] if canonical else None),
        standing=standing.or_else(own),
    )
    take_credits(piece)
    return piece


def _people(text: str) -> list[Byline]:
    """Credited people of an author field. What is no list of names (本报评论员) is kept as it is."""
    from index.layout.credits import bylines

    found = list(bylines([text]))
    return found or ([Byline(role="", name="".join(text.split()))] if text.strip() else [])


def photographers(caption: str) -> list[Byline]:
    """Who took a photo, told behind the last sentence of its caption; behind words without a stop, one name at most."""
    from index.layout.credits import bylines

    *before, last = re.split("[。！？]", caption.rstrip("。 　"))
    if not re.search("摄|供图", last):
        return []
    found = [Byline(role="摄影", name=byline.name) for byline in bylines([last.replace("新华社", "")])]
    return found if before else found[-1:]


def take_credits(piece: Piece) -> None:
    """Credits that stand in the body: a paragraph of nothing else leaves it, those in brackets stay and are noted."""
    from index.layout.credits import bylines, is_byline

    found: list[Byline] = []
    for end in (0, -1):
        for _ in range(2):
            content = "".join(piece.body[end].split()).strip("（()）") if len(piece.body) > 1 else ""
            if not is_byline(content):
                break
            found += bylines([piece.body.pop(end).strip("（()）")])
    for text in dict.fromkeys(piece.body[:1] + piece.body[-1:]):
        for credit in _CREDIT.finditer(text):
            if credit.start() < 30 or credit.end() == len(text):
                found += bylines([credit[1]])
    known = {byline.name for byline in found}
    named = [byline for byline in piece.bylines if byline.role or byline.name not in known]
    piece.bylines = list({byline.name: byline for byline in [*found, *named]}.values())


def _own_standing(where: str, html: str, visible: str) -> Standing:
    told = _properties(html)
    day = next(filter(None, map(_day, (told.get("date", ""), told.get("pagepicurl", ""), where))), None)
    if "founder-date" not in html:  # the newer form's <date> is the moment of publishing, often the evening before
        day = next(filter(None, map(_day, (where, told.get("url", ""), visible, told.get("date", "")))), None)
    numbered = _LAYOUT.search(where)  # the newer form counts its node pages as the paper does
    numbers = {told.get("pagenum") or (numbered[1] if numbered else "")} - {""} or set(_NUMBERED.findall(visible))
    title = re.search(r"<title[^>]{0,100}>([^<]{1,300})", html, re.IGNORECASE)
    papers = (told.get("papername"), _paper(told.get("nodename", "")), _paper(title[1]) if title else None)
    return Standing(next(filter(None, papers), None), day, _page(numbers.pop()) if len(numbers) == 1 else (None, None))


def _properties(html: str) -> dict[str, str]:
    comments = (html[start : min(end, start + 20_000)] for _, start, end, _ in between(html, *_PROPERTIES))
    pairs = (pair for comment in comments for pair in _PROPERTY.findall(comment))
    return {key.lower(): value.strip() for key, value in pairs if value.strip() not in ("", "null")}


def _tagged(html: str, name: str) -> list[str]:
    """What stands between the tags or comments of `name`, e.g. founder-title, npm:article-pretitle, enpcontent."""
    opening, closing = (
        re.compile(rf"<(?:!--\s*<?)?{slash}{name}(?!\w)[^<>]{{0,200}}>(?:\s*-->)?", re.IGNORECASE)
        for slash in ("", "/")
    )
    return [html[start:end] for _, start, end, _ in islice(between(html, opening, closing), _MOST)]


def _day(value: str) -> dt.date | None:
    for found in _DAY.finditer(value[:200_000]):
        try:
            day = dt.date(*(int(part) for part in found.groups() if part))
        except ValueError:
            continue
        if 1900 <= day.year <= 2100:
            return day
    return None


def _page(name: str) -> tuple[int | None, str | None]:
    try:
        return page_of(name)
    except ValueError:
        return None, None


def _paper(value: str) -> str | None:
    found = _PAPER.search(value)
    return found.group() if found else None
