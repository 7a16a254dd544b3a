"""E-paper pages of the 方正 (Founder) kind, in which most Chinese papers publish: article pages, alone or in a zip.

Node pages (`node_*.htm`) are read for the regions (polygons of their image map), page, date and paper of the articles
that they link to.
"""

from __future__ import annotations

import hashlib
import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from index.errors import SourceError
from index.jumps import FROM, TO, joined
from index.models import Article, Kind, Line, Page, Place, Run
from index.sources.founder_marks import Piece, Standing, photographers, piece_of, standings
from index.sources.html import decode

NODE = re.compile(r"(?:^|/)node_[\w-]+\.html?$", re.IGNORECASE)
_PAGE_SIZE = 4 * 2**20
_ZIP_SIZE = 128 * 2**20
_ZIP_FILES = 20_000
_MARK = re.compile(rb"<founder-content|enpcontent|enpproperty|npm:article-", re.IGNORECASE)
_NOTICE = re.compile("公告|启事|声明|通知|公示|讣告|招聘|遗失")


def is_founder(data: bytes) -> bool:
    """Tell whether an HTML file bears the marks of the publishing system."""
    return _MARK.search(data) is not None


def read(data: bytes, path: Path) -> tuple[tuple[Page, ...], tuple[Article, ...]]:
    """Read one article page, with the node pages that lie beside it; a node page itself holds no article.

    A line is a headline, byline or paragraph as decoded; its box is its article's region in pixels of the page's
    picture. Photo captions are articles of their own kind.

    Raises:
        SourceError: It is too large, or nested too deep.
    """
    where = path.absolute().as_posix()
    if len(data) > _PAGE_SIZE:
        raise SourceError(f"{path.name}: larger than {_PAGE_SIZE >> 20} MB, which no article page is")
    if NODE.search(where):
        return (), ()
    html = decode(data)
    told = standings([(where, html)], path.name).get(where, Standing())
    for node in _beside(path):
        told = _told_by(node, node.stat().st_mtime_ns).get(where, Standing()).or_else(told)
    return _assembled(path.name, [(where, html)], {where: told})


def read_zip(data: bytes, name: str) -> tuple[tuple[Page, ...], tuple[Article, ...]]:
    """Read the article and node pages in a zip, in natural order; what else is in it is left alone.

    Halves of an article that (下转2版) and (上接1版) mark on pages of one issue are joined. Nothing is written to disk.

    Raises:
        SourceError: It is damaged, encrypted, larger unpacked than 128 MB, or holds no article.
    """
    members = _members(data, name)
    nodes = [(where, html) for where, html in members if NODE.search(where)]
    contents = [(where, html) for where, html in members if not NODE.search(where)]
    pages, articles = _assembled(name, contents, standings([*nodes, *contents], name))
    if not articles:
        raise SourceError(f"{name}: holds no article page of a Founder e-paper (content_*.htm)")
    return pages, articles


def _beside(path: Path) -> list[Path]:
    """Node pages in the article's folder, or in the newer form's folder of layouts."""
    folder = path.absolute().parent
    parts = [{"content": "layout", "con": "layout"}.get(part, part) for part in folder.parts]
    found = [node for place in dict.fromkeys((folder, Path(*parts))) for node in sorted(place.glob("node_*.htm*"))]
    return [node for node in found[:400] if node.is_file() and node.stat().st_size <= _PAGE_SIZE]


@lru_cache(maxsize=400)
def _told_by(node: Path, _modified: int) -> dict[str, Standing]:
    """What a node page tells, read once for all articles of its folder."""
    return standings([(node.as_posix(), decode(node.read_bytes()))], node.name)


def _members(data: bytes, name: str) -> list[tuple[str, str]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            found = [info for info in archive.infolist() if info.filename.lower().endswith((".htm", ".html"))]
            if len(found) > _ZIP_FILES or sum(info.file_size for info in found) > _ZIP_SIZE:
                raise SourceError(
                    f"{name}: unpacks to more than {_ZIP_SIZE >> 20} MB or {_ZIP_FILES:,} pages; split it"
                )
            pages: list[tuple[str, str]] = []
            for info in sorted(found, key=lambda info: _natural(info.filename)):
                if info.filename.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", info.filename):
                    raise SourceError(f"{name}: the name {info.filename!r} leads out of the zip; pack it again")
                with archive.open(info) as file:
                    content = file.read(_PAGE_SIZE + 1)  # what the directory says of sizes can be a lie
                if len(content) > _PAGE_SIZE:
                    raise SourceError(f"{name}: {info.filename} is larger than {_PAGE_SIZE >> 20} MB unpacked")
                if is_founder(content):
                    pages.append((info.filename, decode(content)))
            return pages
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        reason = "it is encrypted" if "encrypted" in str(error) else str(error) or type(error).__name__
        raise SourceError(f"{name}: the zip cannot be read ({' '.join(reason.split())})") from None


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isascii() and part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]


def _assembled(
    name: str, contents: Sequence[tuple[str, str]], standings: Mapping[str, Standing]
) -> tuple[tuple[Page, ...], tuple[Article, ...]]:
    pages: list[Page] = []
    articles: list[Article] = []
    number = 0
    taken: set[str] = set()
    for where, html in contents:
        piece = piece_of(where, html, standings.get(where, Standing()), name)
        if piece is None:
            continue
        at = piece.standing
        credit = " ".join(f"{byline.role} {byline.name}".strip() for byline in piece.bylines)
        heads = [text for text in (piece.kicker, piece.title, piece.subtitle, credit) if text]
        texts = [*heads, *piece.body, *piece.captions]
        lines = tuple(Line(number=number + n, text=text, box=at.box) for n, text in enumerate(texts, 1))
        pages.append(
            Page(
                source=name,
                lines=lines,
                paper=at.paper,
                published=at.published,
                number=at.page[0],
                label=at.page[1],
                url=piece.url,
            )
        )
        identity = _identity(piece, taken)
        first = number + len(heads) + 1
        if piece.body:
            articles.append(_article(name, identity, piece, range(number + 1, first + len(piece.body)), first))
        for n, caption in enumerate(piece.captions, 1):
            alone = replace(piece, kicker=None, subtitle=None, bylines=photographers(caption), body=[caption])
            line = first + len(piece.body) + n - 1
            article = _article(name, f"{identity}-p{n}", alone, range(line, line + 1), line)
            articles.append(article.model_copy(update={"kind": "caption", "jump": None}))
        number += len(texts)
    return tuple(pages), joined(articles)


def _identity(piece: Piece, taken: set[str]) -> str:
    """The publishing system's number of an article, with a mark of its paper and date: papers count alike."""
    stem = re.sub(r"[^A-Za-z0-9_-]", "", posixpath.splitext(posixpath.basename(piece.where))[0])[-32:]
    at = piece.standing
    issue = f"{at.paper}\0{at.published}" if at.paper or at.published else piece.title
    mark = hashlib.sha1(f"{issue}\0{stem}".encode(), usedforsecurity=False).hexdigest()[:8]
    identity, number = f"{stem.removeprefix('content_')}-{mark}", 1
    while identity in taken:
        number += 1
        identity = f"{stem.removeprefix('content_')}-{mark}-{number}"
    taken.add(identity)
    return identity


def _article(name: str, identity: str, piece: Piece, lines: range, first: int) -> Article:
    """An article whose paragraphs are lines `first` and on; a jump mark at its begin or end is not of its body."""
    texts, columns = list(piece.body), [0] * len(piece.body)
    jump = None
    if (origin := FROM.match(texts[0])) and "".join([texts[0][origin.end() :], *texts[1:]]):
        jump, columns[0], texts[0] = "".join(origin.group().split()), origin.end(), texts[0][origin.end() :]
    if (onward := TO.search(texts[-1])) and "".join([*texts[:-1], texts[-1][: onward.start()]]):
        jump, texts[-1] = "".join(onward.group().split()), texts[-1][: onward.start()]
    trace: list[Run] = []
    body = ""
    for n, (text, skipped) in enumerate(zip(texts, columns, strict=True)):
        if text:
            body += "\n" if body else ""
            trace.append(Run(start=len(body), end=len(body) + len(text), place=0, line=first + n, column=skipped))
            body += text
    from index.layout.credits import is_opinion

    standing_head = re.fullmatch(r"【([^】]{1,20})】", piece.kicker or "")
    kind: Kind = "notice" if _NOTICE.search(piece.title) and not piece.bylines else "news"
    credited = (text for byline in piece.bylines for text in (byline.role, byline.name))
    if is_opinion(piece.kicker, piece.title.partition("：")[0], *credited):
        kind = "commentary"
    at = piece.standing
    return Article(
        id=identity,
        title=piece.title,
        kicker=None if standing_head else piece.kicker,
        column=standing_head[1] if standing_head else None,
        subtitle=piece.subtitle,
        bylines=tuple(piece.bylines),
        kind=kind,
        body=body,
        paper=at.paper,
        published=at.published,
        page=at.page[0],
        url=piece.url,
        places=(Place(source=name, page=at.page[0], label=at.page[1], lines=((lines[0], lines[-1]),)),),
        jump=jump.strip("（()）【】") if jump else None,
        trace=tuple(trace),
    )
