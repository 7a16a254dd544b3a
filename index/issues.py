"""What adding a source changes: pages of an issue laid out together, articles matched with those known before.

Rules of identity:

* The hash of its bytes decides whether a source is unchanged.
* A source is its absolute path. Other content at the same path replaces it, unless both have a known date
  and the dates differ: then the file's name was used again for another day, and it is a new source.
* The same content with other metadata given corrects the metadata.
* Pages of one paper and date are one issue and are laid out together whenever one of them comes, so that
  a jump is joined when its second half comes later. A page without paper or date stands alone.
* An article laid out anew keeps the id of the one that it continues: the same text, else the same headline
  or half of its words. An article given with its id (JSON lines, Markdown) replaces the one that has it.
* With the same text it is a correction: it stays on the lines of its page, and what it says of the article outlives a
  new layout, another half, newer content of the page. With another text it outlives them as it is.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Sequence

from index.identity import current_version, laid_out_before, match
from index.models import Article, Page, Place, page_of
from index.records import IssueKey, Item, PageRow, Plan, SourceRow, Version, issue_of, read_article, read_lines

Layout = Callable[[Sequence[Page]], list[Article]]

_CORRECTED = ("title", "kicker", "subtitle", "column", "bylines", "kind", "paper", "published", "url", "confidence")
_IN_USE = "issue = ? AND sources.current"


def plan_pages(
    connection: sqlite3.Connection, incoming: Sequence[PageRow], dropped: Sequence[int], generation: int, layout: Layout
) -> Plan:
    """Lay out every issue that `incoming` pages or the `dropped` sources belong to, and match the articles.

    A source of `incoming` that has an id is one whose metadata is corrected; its stored pages are taken over.
    """
    sources = list(dict.fromkeys(row.source for row in incoming))
    taken = {*dropped, *(source.id for source in sources if source.id is not None)}
    issues: dict[IssueKey, list[PageRow]] = defaultdict(list)
    for row in incoming:
        issues[issue_of(row.source, row.page.paper, row.page.published)].append(row)
    stored = _issues_of(connection, taken) | {
        found: key for key in issues if not isinstance(key, SourceRow) and (found := _issue_id(connection, key))
    }
    for issue, key in stored.items():
        if key is not None:
            kept = [row for row in _stored_pages(connection, _IN_USE, issue) if row.source.id not in taken]
            issues[key] = kept + issues.get(key, [])
    items: list[Item] = []
    for key, rows in issues.items():
        items += _lay_out(rows, key, layout)
    olds = [pair for issue in stored for pair in laid_out_before(connection, issue)]
    items, retired = _matched(connection, items, olds)
    pages = [(row, issue_of(row.source, row.page.paper, row.page.published)) for row in incoming]
    return Plan(generation, sources, pages, items, retired, list(dropped))


def plan_again(connection: sqlite3.Connection, issue: int, generation: int, layout: Layout) -> Plan:
    """Lay out the stored pages of an issue anew, as after a better layout was installed."""
    rows = _stored_pages(connection, _IN_USE, issue)
    paper, published = connection.execute("SELECT paper, published FROM issues WHERE id = ?", (issue,)).fetchone()
    items: list[Item] = []
    if rows:
        key = (paper, dt.date.fromisoformat(published)) if paper else rows[0].source
        items = _lay_out(rows, key, layout)
    items, retired = _matched(connection, items, laid_out_before(connection, issue))
    return Plan(generation, [], [], items, retired)


def _matched(
    connection: sqlite3.Connection, items: list[Item], olds: list[tuple[Version, str, str]]
) -> tuple[list[Item], list[int]]:
    """Match items with the old versions, let corrections speak; return what is left of them, and who retires."""
    retired = match(connection, items, olds)
    told = [(item, followed(connection, item)) for item in items]
    halves = [half for item, said in told if said is None and (half := _beyond(connection, item))]
    if halves:
        retired = match(connection, halves, [old for old in olds if old[0].pk in retired])
    return [said for _, said in told if said] + halves, retired


def _beyond(connection: sqlite3.Connection, item: Item) -> Item | None:
    """The half of an article that stands on a page which came after its front was given another text by a correction."""
    article, old = item.article, item.old
    rows = connection.execute("SELECT page FROM places WHERE article = ?", (old.pk,)).fetchall() if old else []
    first = next((at for at, row in enumerate(item.pages) if (row.id,) not in rows), 0)
    runs = [run for run in article.trace if run.place >= first]
    if not first or not runs:
        return None
    start = runs[0].start
    moved = [
        run.model_copy(update={"start": run.start - start, "end": run.end - start, "place": run.place - first})
        for run in runs
    ]
    front, here = article.places[0], article.places[first]
    half = {
        "body": article.body[start:],
        "trace": tuple(moved),
        "places": article.places[first:],
        "page": here.page,
        "jump": f"上接{front.page or front.label}版",
    }
    return Item(article.model_copy(update=half), item.pages[first].source, item.issue, item.pages[first:], None)


def plan_articles(
    connection: sqlite3.Connection,
    source: SourceRow,
    articles: Sequence[Article],
    dropped: Sequence[int],
    generation: int,
) -> Plan:
    """Match articles that come with their ids; `dropped` sources, given with the last ones, lose what is left of them."""
    items: list[Item] = []
    for told in articles:
        article, pages = _on_its_lines(connection, source, told)
        key = issue_of(source, article.paper, article.published)
        item = Item(article, source, key, pages, current_version(connection, article.id))
        is_own = article.places[0].source == source.name
        if is_own or not _is_said_already(connection, item, dropped):
            items.append((is_own and followed(connection, item)) or item)
    given = {article.id for article in articles}
    retired = [
        pk
        for gone in dropped
        for pk, identity in connection.execute("SELECT pk, id FROM articles WHERE source = ? AND current", (gone,))
        if identity not in given
    ]
    return Plan(generation, [source], [], items, retired, list(dropped))


def followed(connection: sqlite3.Connection, item: Item) -> Item | None:
    """`item` with what a correction says of its article; None where the correction gives another text, which stays."""
    row = connection.execute(
        "SELECT pk, text_hash, record_hash, record, body, trace, sources.id, path, name, sha256, kind FROM articles "
        "JOIN sources ON sources.id = articles.source WHERE articles.id = ? AND articles.current",
        (item.article.id,),
    ).fetchone()
    if row is None or row[6] == item.source.id or row[10] == "pages":
        return item
    said = read_article(*row[3:6])
    if said.places[0].source == row[8] or said.places[0].source not in {at.source for at in item.article.places}:
        return None
    fields = {name: getattr(said, name) for name in _CORRECTED}
    return Item(
        item.article.model_copy(update=fields),
        SourceRow(*row[6:11]),
        item.issue,
        item.pages,
        Version(row[0], said.id, True, row[1], row[2]),
    )


def _is_said_already(connection: sqlite3.Connection, item: Item, dropped: Sequence[int]) -> bool:
    """Whether a correction corrects nothing, as most files of an export that is added again."""
    if item.old is None:
        return False
    row = connection.execute("SELECT record, body, trace, source FROM articles WHERE pk = ?", (item.old.pk,)).fetchone()
    known = read_article(*row[:3])
    return row[3] not in dropped and item.article.model_copy(update={"confidence": known.confidence}) == known


def _on_its_lines(connection: sqlite3.Connection, source: SourceRow, article: Article) -> tuple[Article, list[PageRow]]:
    """An article that is given with the text of one that is known: a correction of its headline or bylines, not of its text.

    It stays on the lines that it was read from, with the pages that these are stored as.
    """
    is_written = source.name.lower().endswith((".md", ".markdown"))
    for pk, record, body, trace in connection.execute(
        "SELECT pk, record, body, trace FROM articles WHERE id = ? ORDER BY version DESC", (article.id,)
    ):
        if _paragraphs(body) != _paragraphs(article.body):
            continue
        pages = _stored_pages(connection, "pages.id IN (SELECT page FROM places WHERE article = ?)", pk)
        order = connection.execute("SELECT page FROM places WHERE article = ? ORDER BY position", (pk,)).fetchall()
        known = read_article(record, body, trace)
        if not pages and (not is_written or known.places[0].source.lower().endswith((".md", ".markdown"))):
            continue
        places = known.places
        if len(article.places) == len(places) and article.pages:
            places = tuple(
                place.model_copy(update={"page": said.page, "label": said.label})
                for place, said in zip(places, article.places, strict=True)
            )
        kept = {"body": known.body, "trace": known.trace, "places": places, "page": places[0].page or article.page}
        rows = {row.id: row for row in pages}
        return article.model_copy(update=kept), [rows[page] for (page,) in order]
    return article, []


def _paragraphs(body: str) -> list[str]:
    """What an editor that takes away white space at the ends of lines leaves as it is."""
    return [paragraph.strip() for paragraph in body.split("\n") if paragraph.strip()]


def _issue_id(connection: sqlite3.Connection, key: tuple[str, dt.date]) -> int | None:
    row = connection.execute(
        "SELECT id FROM issues WHERE paper = ? AND published = ?", (key[0], key[1].isoformat())
    ).fetchone()
    return row[0] if row else None


def _issues_of(connection: sqlite3.Connection, sources: set[int]) -> dict[int, IssueKey | None]:
    """Ids of the issues that pages of `sources` are in, with their keys; None for one that stands alone."""
    found: dict[int, IssueKey | None] = {}
    for source in sources:
        for issue, paper, published in connection.execute(
            "SELECT DISTINCT issues.id, issues.paper, issues.published FROM pages "
            "JOIN issues ON issues.id = pages.issue WHERE pages.source = ?",
            (source,),
        ):
            found[issue] = (paper, dt.date.fromisoformat(published)) if paper else None
    return found


def _stored_pages(connection: sqlite3.Connection, which: str, value: int) -> list[PageRow]:
    rows = connection.execute(
        "SELECT pages.id, pages.source, position, pages.paper, pages.published, number, url, lines, path, name, sha256 "  # noqa: S608
        f"FROM pages JOIN sources ON sources.id = pages.source WHERE {which} ORDER BY pages.id",
        (value,),
    )
    pages: list[PageRow] = []
    sources: dict[int, SourceRow] = {}
    for pk, source_id, position, paper, published, number, url, lines, path, name, sha256 in rows:
        source = sources.setdefault(source_id, SourceRow(source_id, path, name, sha256, "pages"))
        at, label = (None, None) if number is None else page_of(number)
        page = Page(
            source=name, lines=read_lines(lines), paper=paper, published=published, number=at, label=label, url=url
        )
        pages.append(PageRow(pk, source, position, page))
    return pages


def _lay_out(rows: list[PageRow], issue: IssueKey, layout: Layout) -> list[Item]:
    """Lay out the pages of one issue. Pages that share a name go under names of their own meanwhile."""
    rows = sorted(rows, key=_in_paper)
    names = [(row.page.source, row.page.number, row.page.label) for row in rows]
    called: dict[str, list[PageRow]] = defaultdict(list)
    pages: list[Page] = []
    for row, name in zip(rows, names, strict=True):
        token = row.page.source if names.count(name) == 1 else f"{row.source.path}#{row.position}"
        called[token].append(row)
        pages.append(row.page if token == row.page.source else row.page.model_copy(update={"source": token}))
    items = []
    for article in layout(pages):
        found = [_page_of(place, called[place.source]) for place in article.places]
        places = tuple(
            place.model_copy(update={"source": row.page.source})
            for place, row in zip(article.places, found, strict=True)
        )
        items.append(Item(article.model_copy(update={"places": places}), found[0].source, issue, found, None))
    return items


def _in_paper(row: PageRow) -> tuple[bool, int, str, str, int]:
    page = row.page
    return page.number is None, page.number or 0, page.label or "", row.source.path, row.position


def _page_of(place: Place, rows: list[PageRow]) -> PageRow:
    if len(rows) == 1:
        return rows[0]
    return next(row for row in rows if (row.page.number, row.page.label) == (place.page, place.label))
