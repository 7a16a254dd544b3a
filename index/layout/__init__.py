"""From the pages of one issue to its articles: whole bodies, each under its own headline, with its own bylines."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from index.layout.blocks import JUMP, Block, blocks, bylines, furniture, squeezed, width
from index.layout.glyphs import Glyph, Glyphs, clean, figures, join, runs, text, undouble_figures, undouble_headline
from index.models import Article, Kind, Line, Page, Place


@dataclass
class _Piece:
    """A body with what was given to it."""

    page: int
    body: Block
    headline: Block | None = None
    byline: Block | None = None
    jump: str | None = None
    came_from: bool = False
    continued: list[_Piece] = field(default_factory=list)


def articles(pages: Sequence[Page]) -> list[Article]:
    """Find the articles of the pages of one issue, in page order."""
    found: list[Article] = []
    read: list[Page] = []
    pieces: list[_Piece] = []
    for at, page in enumerate(pages):
        known, used = furniture(page)
        read.append(known)
        pieces += _on_page(at, blocks(page.lines[used:]))
    _join_jumps(pieces, read)
    ordinals: dict[int, int] = {}
    for piece in pieces:
        ordinals[piece.page] = ordinals.get(piece.page, 0) + 1
        found.append(_article(piece, read, ordinals[piece.page]))
    return found


def check_trace(article: Article, line_text: Callable[[int, int], str]) -> None:
    """Prove that every character of the body, but white space, is in one run and stands so in its line.

    Raises:
        ValueError: It is not so; the message says where.
    """
    at = 0
    for run in article.trace:
        if run.start < at or article.body[at : run.start].strip():
            raise ValueError(f"characters {at} to {run.start} lead to no line")
        here = line_text(run.place, run.line)[run.column : run.column + run.end - run.start]
        if here != article.body[run.start : run.end]:
            raise ValueError(f"characters {run.start} to {run.end} are not in line {run.line}")
        at = run.end
    if article.body[at:].strip():
        raise ValueError(f"the characters behind {at} lead to no line")


def _on_page(page: int, found: list[Block]) -> list[_Piece]:
    """Give headlines and bylines to bodies, in one decision for the whole page."""
    bodies = [at for at, block in enumerate(found) if block.sort == "body"]
    pieces = [_Piece(page, found[at]) for at in bodies]
    known = [figures_of(found[at]) for at in bodies]
    del known
    for sort, name in (("headline", "headline"), ("byline", "byline")):
        others = [at for at, block in enumerate(found) if block.sort == sort]
        for body, other in _match(found, bodies, others):
            setattr(pieces[body], name, found[others[other]])
    for at, block in enumerate(found):
        if block.sort == "jump":
            _give_jump(found, pieces, bodies, at)
    return pieces


def figures_of(block: Block) -> set[str]:
    """Figures in a block's lines."""
    return figures("".join(squeezed(line) for line in block.lines))


def _match(found: list[Block], bodies: list[int], others: list[int]) -> list[tuple[int, int]]:
    """The best match of bodies with headlines (or bylines) that keeps their order: (body, other), by position.

    An alignment by dynamic programming (Needleman and Wunsch 1970): one at most for each, neighbours preferred, and
    among headlines those whose words the body repeats.
    """
    best: list[list[tuple[float, tuple[tuple[int, int], ...]]]] = [[(0.0, ())] * (len(others) + 1) for _ in range(len(bodies) + 1)]
    for b in range(1, len(bodies) + 1):
        for o in range(1, len(others) + 1):
            options = [best[b - 1][o], best[b][o - 1]]
            gain = _gain(found, bodies[b - 1], others[o - 1])
            if gain > 0:
                score, pairs = best[b - 1][o - 1]
                options.append((score + gain, (*pairs, (b - 1, o - 1))))
            best[b][o] = max(options, key=lambda option: option[0])
    return list(best[-1][-1][1])


def _gain(found: list[Block], body: int, other: int) -> float:
    between = found[min(body, other) + 1 : max(body, other)]
    if any(block.sort == "body" for block in between):
        return 0.0
    block = found[other]
    gain = 1.0 + 0.3 * (not between)
    if block.sort == "headline":
        shared = _pairs("".join(map(squeezed, block.lines)))
        inside = _pairs("".join(map(squeezed, found[body].lines)))
        gain += 2.0 * len(shared & inside) / max(1, len(shared))
    return gain


def _pairs(content: str) -> set[str]:
    return {content[at : at + 2] for at in range(len(content) - 1) if content[at : at + 2].isalnum()}


def _give_jump(found: list[Block], pieces: list[_Piece], bodies: list[int], at: int) -> None:
    """上接 begins the body behind it; 下转 ends a body that stops in mid-sentence, the nearest one before."""
    mark = squeezed(found[at].lines[0])
    way = JUMP.match(mark)
    assert way is not None  # noqa: S101 - blocks are told apart by this very pattern
    if way["way"] in ("上接", "接"):
        behind = [n for n, body in enumerate(bodies) if body > at]
        if behind:
            pieces[behind[0]].came_from = True
            pieces[behind[0]].jump = mark.strip("（()）【】")
        return
    before = [n for n, body in enumerate(bodies) if body < at and pieces[n].jump is None]
    open_ended = [n for n in before if squeezed(pieces[n].body.lines[-1])[-1] not in "。！？”"]
    taken = open_ended[-1:] or before[-1:]
    if taken:
        pieces[taken[0]].jump = mark.strip("（()）【】")


def _join_jumps(pieces: list[_Piece], pages: list[Page]) -> None:
    """Join what 上接 begins to what 下转 ends, on another page of the issue, by what both talk about."""
    for back in [piece for piece in pieces if piece.came_from]:
        fronts = [p for p in pieces if p.page != back.page and p.jump and not p.came_from and not p.continued]
        if not fronts:
            continue
        told = _pairs("".join(squeezed(line) for block in (back.headline, back.body) if block for line in block.lines))
        front = max(fronts, key=lambda piece: len(told & _pairs("".join(squeezed(line) for block in (piece.headline, piece.body) if block for line in block.lines))))
        front.continued.append(back)
        front.jump = None
        front.byline = front.byline or back.byline
        pieces.remove(back)
    del pages


def _article(piece: _Piece, pages: Sequence[Page], ordinal: int) -> Article:
    page = pages[piece.page]
    parts = [piece, *piece.continued]
    known = set().union(*(figures("".join(squeezed(line) for line in p.lines)) for p in pages))
    single = {f for f in known if not _is_doubled(f)}
    body: Glyphs = []
    for place, part in enumerate(parts):
        for n, paragraph in enumerate(_paragraphs(part.body.lines, place)):
            if body and (n > 0 or text(body)[-1] in "。！？”"):
                body.append(Glyph("\n", 0, 0, 0))
            body += undouble_figures(paragraph, single)
    title, kicker, subtitle = _titles(piece.headline, single)
    credited = tuple(person for part in parts if part.byline for person in bylines(part.byline.lines))
    places = tuple(
        Place(source=pages[part.page].source, page=pages[part.page].number, lines=_ranges(part)) for part in parts
    )
    content = text(body)
    identity = hashlib.sha1(f"{page.source}\0{page.paper}\0{page.published}\0{page.number}".encode(), usedforsecurity=False)
    return Article(
        id=f"{identity.hexdigest()[:8]}-{ordinal:02d}",
        title=title,
        kicker=kicker,
        subtitle=subtitle,
        bylines=credited,
        kind=_kind(piece, content),
        body=content,
        paper=page.paper,
        published=page.published,
        page=page.number,
        url=page.url,
        places=places,
        jump=piece.jump,
        confidence=0.9 if title and (credited or len(content) < 200) else 0.6 if title or credited else 0.3,
        trace=runs(body),
    )


def _is_doubled(figure: str) -> bool:
    return ".." in figure


def _paragraphs(lines: Sequence[Line], place: int) -> list[Glyphs]:
    """Join the lines of a body; a paragraph ends where a sentence does in a line that leaves its column unfilled."""
    paragraphs: list[list[Glyphs]] = [[]]
    widths = [width(squeezed(line)) for line in lines]
    for at, line in enumerate(lines):
        paragraphs[-1].append(clean(line, place))
        if at + 1 == len(lines):
            break
        nearby = widths[max(0, at - 8) : at + 9]
        ended = squeezed(line)[-1] in "。！？" or squeezed(line)[-2:] in ("。”", "！”", "？”", "…”", "。）")
        number = lines[at + 1].number - line.number
        short = widths[at] <= max(nearby) - 1.5
        if ended and (short or number > 1 and squeezed(lines[at + 1])[0] != "“"):
            paragraphs.append([])
    return [join(paragraph) for paragraph in paragraphs if paragraph]


def _titles(headline: Block | None, single: set[str]) -> tuple[str, str | None, str | None]:
    if headline is None:
        return "", None, None
    read = [text(undouble_figures(undouble_headline(clean(line, 0, headline=True)), single)) for line in headline.lines]
    if len(read) == 1:
        return read[0], None, None
    first, second = read[0], "".join(read[1:])
    if len(first) <= 6 and len(first) + len(second) <= 22 and " " not in first + second:
        return first + second, None, None
    halves = first.split(" ")
    if len(halves) == 2 and len(halves[0]) == len(halves[1]) and len(second) > len(first) and " " not in second:
        return second, first, None
    return first, None, second


def _kind(piece: _Piece, content: str) -> Kind:
    byline = "".join(squeezed(line) for line in piece.byline.lines) if piece.byline else ""
    title = "".join(squeezed(line) for line in piece.headline.lines) if piece.headline else ""
    if re.search("摄影?", byline) and len(content) < 300:
        return "caption"
    if re.search("公告|启事|声明|通知|公示|讣告|招聘|遗失", title):
        return "notice"
    if re.fullmatch(r"[■●◆□▲][一-鿿]{2,4}", byline):
        return "commentary"
    return "sidebar" if not byline and len(content) < 200 and len(re.findall(r"\d+", content)) >= 3 else "news"


def _ranges(piece: _Piece) -> tuple[tuple[int, int], ...]:
    numbers = sorted({line.number for block in (piece.headline, piece.byline, piece.body) if block for line in block.lines})
    ranges: list[tuple[int, int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return tuple(ranges)
