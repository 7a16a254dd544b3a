"""From the pages of one issue to its articles: whole bodies, each under its own headline, with its own bylines."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from index.layout.blocks import JUMP, Block, blocks, bylines, furniture, squeezed, width
from index.layout.glyphs import Glyph, Glyphs, clean, figures, join, runs, text, undouble_figures, undouble_headline
from index.models import Article, Kind, Line, Page, Place

_SIGNED = re.compile(r"\d{4}年\d{1,2}月\d{1,2}日")
# 决战四季度 夺取全年胜: two phrases of one length, over several articles.
_BANNER = re.compile(r"[一-鿿]{4,7}\s+[一-鿿]{4,7}")


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
    _join_jumps(pieces)
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
    for sort, name in (("headline", "headline"), ("byline", "byline")):
        others = [at for at, block in enumerate(found) if block.sort == sort]
        for body, other in _match(found, bodies, others):
            setattr(pieces[body], name, found[others[other]])
    for at, block in enumerate(found):
        if block.sort == "jump":
            _give_jump(found, pieces, bodies, at)
    return pieces


def _match(found: list[Block], bodies: list[int], others: list[int]) -> list[tuple[int, int]]:
    """The best match of bodies with headlines (or bylines) that keeps their order: (body, other), by position.

    An alignment by dynamic programming (Needleman and Wunsch 1970): one at most for each, neighbours preferred, and
    among headlines those whose words the body repeats.
    """
    best: list[list[tuple[float, tuple[tuple[int, int], ...]]]] = [
        [(0.0, ())] * (len(others) + 1) for _ in range(len(bodies) + 1)
    ]
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
    gain = 1.0 + 0.3 * all(block.sort != found[other].sort for block in between)
    if block.sort == "headline":
        shared = _pairs("".join(map(squeezed, block.lines)))
        inside = _pairs("".join(map(squeezed, found[body].lines)))
        both = len(shared & inside)
        gain += 2.0 * both / max(1, len(shared)) * min(1.0, both / 5)
        if len(block.lines) == 1 and _BANNER.fullmatch(block.lines[0].text.strip()):
            gain -= 0.5
    else:
        # Sidebars, notices and what goes on from another page have no byline of their own, as a rule.
        size = sum(len(squeezed(line)) for line in found[body].lines)
        gain += 0.5 * min(1.0, size / 200)
        gain -= 0.8 * (body > 0 and _came_from(found[body - 1]))
    return gain


def _came_from(block: Block) -> bool:
    way = JUMP.match(squeezed(block.lines[0])) if block.sort == "jump" else None
    return way is not None and way["way"] in ("上接", "接")


def _pairs(content: str) -> set[str]:
    return {content[at : at + 2] for at in range(len(content) - 1) if content[at : at + 2].isalnum()}


def _give_jump(found: list[Block], pieces: list[_Piece], bodies: list[int], at: int) -> None:
    """上接 begins the body behind it; 下转 ends a body that stops in mid-sentence, the nearest one before."""
    mark = squeezed(found[at].lines[0])
    if _came_from(found[at]):
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


def _join_jumps(pieces: list[_Piece]) -> None:
    """Join what 上接 begins to what 下转 ends, on another page of the issue, by what both talk about."""
    for back in [piece for piece in pieces if piece.came_from]:
        fronts = [p for p in pieces if p.page != back.page and p.jump and not p.came_from and not p.continued]
        if not fronts:
            continue
        told = _told_by(back)
        front = max(fronts, key=lambda piece: len(told & _told_by(piece)))
        front.continued.append(back)
        front.jump = None
        front.byline = front.byline or back.byline
        pieces.remove(back)


def _told_by(piece: _Piece) -> set[str]:
    """Pairs of characters of a piece's headline and body."""
    return _pairs("".join(squeezed(line) for block in (piece.headline, piece.body) if block for line in block.lines))


def _article(piece: _Piece, pages: Sequence[Page], ordinal: int) -> Article:
    page = pages[piece.page]
    parts = [piece, *piece.continued]
    # A line with 347347..22 in it says nothing of how its other figures read.
    sound = (squeezed(line) for p in pages for line in p.lines if ".." not in line.text)
    single = figures("".join(sound))
    body: Glyphs = []
    for place, part in enumerate(parts):
        for n, paragraph in enumerate(_paragraphs(part.body.lines, place)):
            if body and (n > 0 or text(body)[-1] in "。！？”"):
                body.append(Glyph("\n", 0, 0, 0))
            body += undouble_figures(paragraph, single)
    title, kicker, subtitle = _titles(piece.headline, single)
    credited = bylines(piece.byline.lines) if piece.byline else ()
    places = tuple(
        Place(source=pages[part.page].source, page=pages[part.page].number, lines=_ranges(part)) for part in parts
    )
    content = text(body)
    identity = hashlib.sha1(
        f"{page.source}\0{page.paper}\0{page.published}\0{page.number}".encode(), usedforsecurity=False
    )
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


def _paragraphs(lines: Sequence[Line], place: int) -> list[Glyphs]:
    """Join the lines of a body; a paragraph ends where a sentence does in a line that leaves its column unfilled."""
    paragraphs: list[list[Glyphs]] = [[]]
    widths = [width(squeezed(line)) for line in lines]
    for at, line in enumerate(lines):
        paragraphs[-1].append(clean(line, place))
        if at + 1 == len(lines):
            break
        full = max(widths[max(0, at - 8) : at + 9])
        here, following = squeezed(line), squeezed(lines[at + 1])
        ended = here[-1] in "。！？" or here[-2:] in ("。”", "！”", "？”", "…”", "。）")
        indent = 2 * (len(paragraphs[-1]) == 1)
        unfilled = widths[at] + indent <= full - 1.5
        parted = lines[at + 1].number - line.number > 1 and following[0] != "“"
        signed = (
            (ended or _SIGNED.fullmatch(following))
            and widths[at + 1] < 0.7 * full
            and following[-1] not in "。！？，、”"
        )
        if (ended and (unfilled or parted)) or (signed and at + 3 >= len(lines)):
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
    numbers = sorted(
        {line.number for block in (piece.headline, piece.byline, piece.body) if block for line in block.lines}
    )
    ranges: list[tuple[int, int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return tuple(ranges)
