"""From the pages of one issue to its articles: whole bodies, each under its own headline, with its own bylines."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from index.layout.atoms import Atom, distance, pairs_of
from index.layout.credits import bylines, inline, is_opinion
from index.layout.furniture import furniture
from index.layout.glyphs import Glyph, Glyphs, figures, runs, text, undouble_figures
from index.layout.grouping import atoms
from index.layout.headlines import titles
from index.layout.matching import pieces
from index.layout.order import even_sizes, reading_order, told_apart
from index.layout.paragraphs import paragraphs
from index.models import Article, Byline, Kind, Page, Place

_ELSEWHERE, _CLOSED, _FAR = 1.0, 1.5, 15.0
"""What speaks against a body's going on where a mark says so: it is not the one before it; it is closed; it is far away."""
_COLUMN = re.compile(r"【([^】]{2,8})】")


@dataclass(eq=False)
class _Piece:
    """A body with what was given to it, and what goes on on other pages."""

    page: int
    body: list[Atom]
    headline: list[Atom] = field(default_factory=list)
    byline: list[Atom] = field(default_factory=list)
    column: list[Atom] = field(default_factory=list)
    worth: float = 0.0
    jump: str | None = None
    came_from: bool = False
    continued: list[_Piece] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        return self.body[-1].is_open


def articles(pages: Sequence[Page]) -> list[Article]:
    """Find the articles of the pages of one issue, in page order."""
    read: list[Page] = []
    found: list[_Piece] = []
    for at, page in enumerate(pages):
        known, used = furniture(page)
        read.append(known)
        lines = [line for line in page.lines if line.number not in used]
        if any(line.confidence is not None for line in lines):  # a scan: its lines come as they were detected
            lines = told_apart(reading_order(even_sizes(lines)))
        found += _on_page(at, atoms(lines))
    _join_jumps(found)
    ordinals: dict[int, int] = {}
    made: list[Article] = []
    told = "\n".join("".join(atom.text for atom in piece.body) for piece in found)
    for piece in found:
        ordinals[piece.page] = ordinals.get(piece.page, 0) + 1
        made.append(_article(piece, read, ordinals[piece.page], told))
    return made


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


def _on_page(page: int, found: Sequence[Atom]) -> list[_Piece]:
    """The pieces of one page, with its jump marks given to them."""
    told, _ = pieces(found)
    made = [_Piece(page, p.body, p.headline, p.byline, p.column, p.worth) for p in told]
    _give_jumps(made, found)
    return made


def _give_jumps(made: list[_Piece], found: Sequence[Atom]) -> None:
    """上接 begins the body behind it; 下转 ends a body, the likeliest pairs first: one that stops in mid-sentence, one near."""
    order = {id(atom): at for at, atom in enumerate(found)}
    ends = [order[id(piece.body[-1])] for piece in made]
    marks = [(at, atom) for at, atom in enumerate(found) if atom.sort == "jump"]
    for at, mark in marks:
        behind = [piece for piece, end in zip(made, ends, strict=True) if end > at and not piece.came_from]
        if mark.came_from and behind:
            behind[0].came_from, behind[0].jump = True, _shown(mark)
    costs: list[tuple[float, int, int]] = []
    for at, mark in marks:
        if not mark.came_from:
            last = max((end for end in ends if end < at), default=-1)
            for to, (piece, end) in enumerate(zip(made, ends, strict=True)):
                apart = _ELSEWHERE * (end != last) if mark.box is None else _below(mark, piece) / 3
                costs.append(((not piece.is_open) * _CLOSED + apart, at, to))
    given: set[int] = set()
    for _, at, to in sorted(costs):
        if at not in given and made[to].jump is None:
            made[to].jump = _shown(found[at])
            given.add(at)


def _below(mark: Atom, piece: _Piece) -> float:
    """How far a mark stands below the nearest column of a body."""
    above = [at for at in piece.body if mark.box and at.box and at.box.bottom <= mark.box.bottom]
    return min((distance(mark, atom) for atom in above), default=_FAR)


def _shown(mark: Atom) -> str:
    return mark.text.strip("（()）【】")


def _join_jumps(found: list[_Piece]) -> None:
    """Join what 上接 begins to what 下转 ends, on another page of the issue, the likeliest pairs first."""
    fronts = [p for p in found if p.jump and not p.came_from]
    pairs = sorted(
        (
            (_likeness(front, back), -to, -at)
            for to, back in enumerate(found)
            if back.came_from
            for at, front in enumerate(fronts)
            if front.page != back.page
        ),
        reverse=True,
    )
    gone: list[_Piece] = []
    for _, to, at in pairs:
        front, back = fronts[-at], found[-to]
        if front.continued or back in gone:
            continue
        front.continued.append(back)
        front.jump = None
        front.byline = front.byline or back.byline
        front.headline = front.headline or back.headline
        gone.append(back)
    found[:] = [piece for piece in found if piece not in gone]


def _likeness(front: _Piece, back: _Piece) -> float:
    """Share of the second half's words that the first half has; the same headline weighs most."""
    ours, theirs = (pairs_of([*piece.headline, *piece.body]) for piece in (front, back))
    heads = ["".join(atom.text for atom in piece.headline) for piece in (front, back)]
    same = bool(heads[1]) and (heads[1] in heads[0] or heads[0] in heads[1]) and bool(heads[0])
    return len(ours & theirs) / max(1, len(theirs)) + same


def _article(piece: _Piece, pages: Sequence[Page], ordinal: int, told: str) -> Article:
    page = pages[piece.page]
    parts = [piece, *piece.continued]
    # A line with 347347..22 in it says nothing of how its other figures read.
    sound = "".join("".join(line.text.split()) for p in pages for line in p.lines if ".." not in line.text)
    single = figures(sound)
    body: Glyphs = []
    for place, part in enumerate(parts):
        for n, paragraph in enumerate(paragraphs(part.body, place)):
            if body and (n > 0 or text(body)[-1] in "。！？”"):
                body.append(Glyph("\n", 0, 0, 0))
            body += undouble_figures(paragraph, single)
    content = text(body)
    headline = [line for atom in piece.headline for line in atom.lines]
    title, kicker, subtitle = titles(headline, content, told, single) if headline else ("", None, None)
    credited = bylines([line.text for atom in piece.byline for line in atom.lines]) or _credited_inside(parts)
    inside = _COLUMN.match(content)
    column = piece.column[0].text.strip("【】·■●◆□▲") if piece.column else inside and inside[1]
    places = tuple(
        Place(source=at.source, page=at.number, label=at.label, lines=_ranges(part))
        for part in parts
        for at in [pages[part.page]]
    )
    identity = hashlib.sha1(
        f"{page.source}\0{page.paper}\0{page.published}\0{page.number or page.label}".encode(), usedforsecurity=False
    )
    return Article(
        id=f"{identity.hexdigest()[:8]}-{ordinal:02d}",
        title=title,
        kicker=kicker,
        subtitle=subtitle,
        column=column,
        bylines=credited,
        kind=_kind(piece, title, content),
        body=content,
        paper=page.paper,
        published=page.published,
        page=page.number,
        url=page.url,
        places=places,
        jump=piece.jump,
        confidence=_confidence(piece, title, bool(credited), content),
        trace=runs(body),
    )


def _credited_inside(parts: Sequence[_Piece]) -> tuple[Byline, ...]:
    """The people that a body itself credits; its lines still have the spaces between their names."""
    first = "".join(line.text for atom in parts[0].body[:2] for line in atom.lines[:6])
    last = "".join(line.text for line in parts[-1].body[-1].lines[-4:])
    return inline(first.strip(), last.rstrip())


def _confidence(piece: _Piece, title: str, credited: bool, content: str) -> float:
    """How sure the article is whole and has its own headline and byline: low for what staff should look at."""
    doubts = 0.4 * (not title) + 0.15 * (not credited and len(content) > 200) + 0.2 * (piece.is_open and not piece.jump)
    return round(max(0.1, 0.95 - doubts - 0.2 * (piece.worth < 0)), 2)


def _kind(piece: _Piece, title: str, content: str) -> Kind:
    byline = "".join(atom.text for atom in piece.byline)
    if re.search("摄影?", byline) and len(content) < 300 and "记者" not in byline.replace("摄影记者", ""):
        return "caption"
    if not byline and (piece.body[-1].is_notice or re.search("公告|启事|声明$|通知$|公示|讣告|招聘|遗失", title)):
        return "notice"
    if is_opinion(byline, "".join(atom.text for atom in piece.column), title.partition("：")[0]):
        return "commentary"
    if re.fullmatch(r"[■●◆□▲]?[一-鿿·]{2,4}", byline) and not any(credit.role for credit in bylines([byline])):
        return "commentary"
    return "sidebar" if not byline and len(content) < 200 and len(re.findall(r"\d+", content)) >= 3 else "news"


def _ranges(piece: _Piece) -> tuple[tuple[int, int], ...]:
    atoms_of = [*piece.column, *piece.headline, *piece.byline, *piece.body]
    ranges: list[tuple[int, int]] = []
    for number in sorted({line.number for atom in atoms_of for line in atom.lines}):
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return tuple(ranges)
