"""How well layout finds the articles of pages that were typeset from known ones."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path
from typing import Literal, get_args

from index.layout import articles
from index.models import Article, Line, Page
from index.sources import pdf, scan
from scripts.evaluate.pages import Issue, issue
from scripts.evaluate.pieces import Piece
from scripts.evaluate.printing import Grey, draw, dump, embed, pictures

Kind = Literal["text", "flow", "pdf", "lines", "scan"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""Dumps in the file's order and in pdfminer's own; PDF; its lines as a perfect scan gives them; scans at 200 dpi."""
NEWS = Path(__file__).resolve().parents[3] / "shared" / "data" / "news" / "crud_news_40k.jsonl.gz"
_FIGURE = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass
class Score:
    """Sums over pieces, as (right, of) by measure."""

    sums: dict[str, list[float]] = field(default_factory=dict)
    misses: list[str] = field(default_factory=list)

    def add(self, measure: str, right: float, of: float = 1.0) -> None:
        """Count `right` of `of`."""
        total = self.sums.setdefault(measure, [0.0, 0.0])
        total[0] += right
        total[1] += of

    def rows(self) -> dict[str, float]:
        """Shares by measure."""
        return {measure: right / of if of else float("nan") for measure, (right, of) in self.sums.items()}


def evaluate(
    pages: int,
    seed: int,
    kind: Kind,
    *,
    held_out: bool = True,
    other: bool = False,
    news: Path = NEWS,
    progress: scan.Progress | None = None,
) -> Score:
    """Lay out about `pages` pages, made from seeds `seed` on, and compare with what they were made of.

    `other` pages are those of other papers' kinds.
    """
    score = Score()
    done = 0
    while done < pages:
        made = issue(news, seed, held_out=held_out, other=other)
        compare(made, articles(read(made, kind)), score, f"seed {seed}")
        done += len(made.sheets)
        seed += 1
        if progress:
            progress(f"Pages as {kind}", min(done, pages), pages)
    return score


def read(made: Issue, kind: Kind) -> list[Page]:
    """The pages of an issue as a source of that kind gives them."""
    if kind in ("text", "flow"):
        texts = dump(draw(made.sheets), "file" if kind == "text" else "flow", made.sheets)
        return [page(text, f"page-{at}.txt") for at, text in enumerate(texts, 1)]
    data = embed(made.sheets)
    if kind == "scan":
        return [_ocr(image, f"page-{at}.png") for at, image in enumerate(pictures(data), 1)]
    pages = list(pdf.read(data, "issue.pdf")[0])
    return [_scanned(page) for page in pages] if kind == "lines" else pages


def _ocr(image: Grey, name: str) -> Page:
    return Page(source=name, lines=tuple(scan.lines(image)))


def _scanned(page: Page) -> Page:
    """The lines of a page as a perfect scan would give them: from the top down, whatever column they stand in."""
    lines = sorted(page.lines, key=lambda line: (line.box.top, line.box.left) if line.box else (0.0, 0.0))
    numbered = [line.model_copy(update={"number": at, "confidence": 1.0}) for at, line in enumerate(lines, 1)]
    return page.model_copy(update={"lines": tuple(numbered)})


def page(text: str, name: str) -> Page:
    """A page of plain text."""
    lines = tuple(Line(number=at, text=line) for at, line in enumerate(text.split("\n"), 1))
    return Page(source=name, lines=lines)


def _squeezed(text: str) -> str:
    """Without white space; a font has one glyph for both characters that look like a wave."""
    return "".join(text.split()).replace("\N{WAVE DASH}", "\N{FULLWIDTH TILDE}")


def _pairs(text: str) -> set[str]:
    return {text[at : at + 3] for at in range(len(text) - 2)}


def compare(made: Issue, found: Sequence[Article], score: Score, where: str) -> None:
    """Match pieces with articles, by what their bodies have in common, and count."""
    ours = [_squeezed("".join(piece.body)) for piece, _ in made.pieces]
    theirs = [_squeezed(article.body) for article in found]
    shared = sorted(
        (
            (len(a & b) / max(1, len(a | b)), at, to)
            for at, a in enumerate(map(_pairs, ours))
            for to, b in enumerate(map(_pairs, theirs))
        ),
        reverse=True,
    )
    match: dict[int, int] = {}
    for likeness, at, to in shared:
        if likeness > 0.1 and at not in match and to not in match.values():
            match[at] = to
    for at, (piece, pages) in enumerate(made.pieces):
        article = found[match[at]] if at in match else None
        _piece(piece, pages, ours[at], article, score, where)
    score.add("articles made up", len(found) - len(match), len(found))
    _b_cubed(ours, theirs, score)


def _piece(piece: Piece, pages: tuple[int, ...], body: str, article: Article | None, score: Score, where: str) -> None:
    theirs = _squeezed(article.body) if article else ""
    likeness = 1.0 if body == theirs else SequenceMatcher(None, body, theirs, autojunk=False).ratio()
    title = _squeezed(article.title) if article else ""
    bylines = [(b.role, b.name) for b in article.bylines] if article else []
    checks = {
        "body": likeness >= 0.98,
        "headline": title == _squeezed(piece.headline),
        "byline": bylines == piece.bylines,
    }
    for measure, right in checks.items():
        score.add(measure, right)
        if not right:
            got = {"body": f"{likeness:.3f}", "headline": title, "byline": str(bylines)}[measure]
            score.misses.append(f"{where} {measure}: {piece.headline} {piece.kind} {piece.bylines}: {got}")
    score.add("subtitle", _squeezed((article and article.subtitle) or "") == _squeezed(piece.subtitle or ""))
    score.add("kind", article is not None and article.kind == piece.kind)
    score.add("body exact", likeness == 1.0)
    score.add("body similarity", likeness)
    wanted, got_figures = Counter(_FIGURE.findall(body)), Counter(_FIGURE.findall(theirs))
    score.add("figures", (wanted & got_figures).total(), wanted.total())
    if len(pages) > 1:
        score.add("jumps", article is not None and len(article.places) == len(pages))
    chars, got_chars = Counter(body), Counter(theirs)
    score.add("lost", (chars - got_chars).total(), len(body))
    score.add("added", (got_chars - chars).total(), len(body))
    if article and likeness > 0.9:
        _breaks(piece, article, score)


def _breaks(piece: Piece, article: Article, score: Score) -> None:
    ours = _ends([_squeezed(paragraph) for paragraph in piece.body])
    theirs = _ends([_squeezed(paragraph) for paragraph in article.body.split("\n")])
    # F1 = 2 * hits / (ours + theirs)
    score.add("paragraphs", 2 * (ours & theirs).total(), ours.total() + theirs.total())


def _ends(paragraphs: list[str]) -> Counter[str]:
    """Where paragraphs end, told by the twelve characters around, so that a lost one elsewhere changes nothing."""
    return Counter(before[-8:] + "|" + behind[:4] for before, behind in pairwise(paragraphs))


def _b_cubed(ours: list[str], theirs: list[str], score: Score) -> None:
    """B-cubed F1 (Bagga and Baldwin 1998), on runs of eight characters that stand once."""

    def chunks(text: str) -> set[str]:
        return {text[at : at + 8] for at in range(max(1, len(text) - 7))}

    sets, got = ([chunks(text) for text in texts] for texts in (ours, theirs))
    twice = {c for group in (sets, got) for c, n in Counter(c for found in group for c in found).items() if n > 1}
    sets, got = ([found - twice for found in group] for group in (sets, got))
    wanted, found = sum(map(len, sets)), sum(map(len, got))
    shared = [(len(a & b), len(a), len(b)) for a in sets for b in got if a and b]
    recall = sum(both**2 / a for both, a, _ in shared) / max(1, wanted)
    precision = sum(both**2 / b for both, _, b in shared) / max(1, found)
    score.add("b-cubed", wanted * 2 * precision * recall / max(1e-9, precision + recall), wanted)
