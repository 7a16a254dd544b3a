"""Adding sources: what is new is read, issue by issue planned, embedded and committed."""

from __future__ import annotations

import datetime as dt
import hashlib
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from index import commit, lexical
from index.cache import Progress
from index.errors import ArchiveError, SourceError
from index.issues import plan_articles, plan_pages
from index.jumps import plan_joined
from index.models import Article, Frozen, Page, page_of
from index.records import PageRow, Plan, SourceRow
from index.store import Store, meta

if TYPE_CHECKING:
    from index.embedding import Embedder
    from index.sources import Source

READ_AHEAD = 64 * 2**20
"""Bytes of sources that are read before anything is written, so that one bad file leaves the archive as it was."""


class AddedSource(Frozen):
    """What became of one source, and how many current articles stand on it."""

    name: str
    path: str
    state: Literal["added", "unchanged", "replaced"]
    article_ids: tuple[str, ...] = Field(description="retracted ones left out")

    @property
    def articles(self) -> int:
        """Number of articles."""
        return len(self.article_ids)


class AddReport(Frozen):
    """What an `add` did: the fate of each source, and counts of articles."""

    sources: tuple[AddedSource, ...]
    new: int
    changed: int
    unchanged: int
    retired: int


@dataclass(frozen=True)
class Given:
    """What the caller says of the sources."""

    paper: str | None
    published: dt.date | None
    page: int | str | None

    def of(self, source: SourceRow) -> Given:
        """Return this with what is not said filled by what was said when `source` was added."""
        return Given(self.paper or source.paper, self.published or source.published, self.page or source.page)


def add(store: Store, embedder: Embedder, paths: Sequence[Path], given: Given, progress: Progress | None) -> AddReport:
    """Add the sources at `paths`. `Archive.add` says what this promises."""
    from index.sources import expand

    files = expand(paths)
    hashes = {file: _sha256(file) for file in files}
    with store.reading() as connection:
        known = {file for file in files if _is_unchanged(connection, file, hashes[file], given)}
    states = {_path(file): "unchanged" for file in known}
    todo = [file for file in files if file not in known]
    found: Iterable[Source] = _read(todo, progress)
    if sum(file.stat().st_size for file in todo if file.is_file()) <= READ_AHEAD:
        found = list(found)
    counts: Counter[str] = Counter(unchanged=0)
    for _, batch in groupby(found, partial(_issue, given)):
        states |= _add_batch(store, embedder, list(batch), given, counts, progress)
    _join_halves(store, embedder, files)
    with store.reading() as connection:
        sources = tuple(_report(connection, file, hashes[file], states[_path(file)]) for file in files)
    return AddReport(sources=sources, **{name: counts[name] for name in ("new", "changed", "unchanged", "retired")})


def _read(files: Sequence[Path], progress: Progress | None) -> Iterator[Source]:
    from index.sources import read

    for done, file in enumerate(files):
        if progress and len(files) > 1:
            progress("Reading files", done, len(files))
        yield read(file, progress)
    if progress and len(files) > 1:
        progress("Reading files", len(files), len(files))


def _pages(source: Source, given: Given) -> list[Page]:
    """The pages of a source; what was given corrects what they say. `given.page` is that of the first one."""
    pages = []
    for position, page in enumerate(source.pages):
        said: dict[str, object] = {"paper": given.paper, "published": given.published}
        said = {name: value for name, value in said.items() if value is not None}
        if given.page is not None:
            said["number"], said["label"] = page_of(_counted_on(given.page, position))
        pages.append(page.model_copy(update=said))
    return pages


def _counted_on(page: int | str, by: int) -> int | str:
    """The name of the page `by` pages behind `page`: B04 behind B03."""
    if isinstance(page, int):
        return page + by
    letter, digits = page[0], page[1:]
    return f"{letter}{int(digits) + by:0{len(digits)}}"


def _issue(given: Given, source: Source) -> object:
    """Key under which consecutive sources are added in one transaction: pages of one and the same issue."""
    if source.articles is None:
        issues = {(page.paper, page.published) for page in _pages(source, given)}
        if len(issues) == 1 and all(issue := issues.pop()):
            return issue
    return _path(source.path)


def _add_batch(
    store: Store,
    embedder: Embedder,
    batch: list[Source],
    given: Given,
    counts: Counter[str],
    progress: Progress | None,
) -> dict[str, str]:
    """Add page sources of one issue, or one source of articles; count what happened to articles."""
    if batch[0].articles is None:
        became = carry_out(store, embedder, partial(_plan_pages, batch, given), counts, progress)
        return dict(zip((_path(source.path) for source in batch), became, strict=True))
    states: dict[str, str] = {}
    for source in batch:
        articles = [_filled(article, given) for article in source.articles or ()]
        commit.embed(store, articles, embedder, progress)  # all at once: sorted by length, one progress bar
        issues: dict[object, list[Article]] = {}
        for article in articles:
            key = (article.paper, article.published) if article.paper and article.published else None
            issues.setdefault(key, []).append(article)
        parts = list(issues.values()) or [[]]  # a page may hold a picture only
        for number, part in enumerate(parts, 1):
            plan = partial(_plan_articles, source, given, part, number == len(parts))
            became = carry_out(store, embedder, plan, counts, None)
            states.setdefault(_path(source.path), became[0])
    return states


def _join_halves(store: Store, embedder: Embedder, files: Sequence[Path]) -> None:
    """Join what goes on on other pages, where pages are files of their own; also what an interruption left apart."""
    with store.reading() as connection:
        issues = {
            issue
            for file in files
            if file.suffix.lower() in (".htm", ".html", ".zip")
            for (issue,) in connection.execute(
                "SELECT DISTINCT issue FROM articles JOIN sources ON sources.id = articles.source "
                "WHERE path = ? AND sources.current AND sources.kind = 'articles'",
                (_path(file),),
            )
        }
        todo = [issue for issue in sorted(issues) if not plan_joined(connection, issue, 0).is_empty]
    for issue in todo:
        carry_out(store, embedder, partial(_plan_joined, issue), Counter(), None)


def _plan_joined(issue: int, connection: sqlite3.Connection, generation: int) -> tuple[Plan, list[str]]:
    return plan_joined(connection, issue, generation), []


def carry_out(
    store: Store,
    embedder: Embedder,
    make: Callable[[sqlite3.Connection, int], tuple[Plan, list[str]]],
    counts: Counter[str],
    progress: Progress | None,
) -> list[str]:
    """Let `make` plan on a snapshot, embed what the plan lacks, commit. Return what `make` returned with the plan.

    Where another process commits meanwhile, plan again; no vector is lost by that.
    """
    while True:
        with store.reading() as connection:
            plan, states = make(connection, meta(connection)["generation"])
        drafted = {at: item.article for at, item in enumerate(plan.items) if not item.keeps_text}
        commit.embed(store, drafted.values(), embedder, progress)
        drafts = {at: commit.draft(article, embedder.name) for at, article in drafted.items()}
        with store.writing() as connection:
            stamps = meta(connection)
            if stamps["model"] not in (None, embedder.name):
                raise ArchiveError(f"{store.path}: another process has begun to add with the model {stamps['model']}")
            if stamps["generation"] == plan.generation:
                made = {"model": embedder.name, "dim": embedder.dim, "words": lexical.WORDS}
                commit.apply(connection, plan, drafts, made | {"arithmetic": _arithmetic(stamps, embedder)})
                break
    for item in plan.items:
        counts["new" if item.old is None else "unchanged" if item.is_unchanged else "changed"] += 1
    counts["retired"] += len(plan.retired)
    return states


def _arithmetic(stamps: Mapping[str, Any], embedder: Embedder) -> str:
    """All that computed vectors of the archive. One of before this was recorded began with 32 bits."""
    before = stamps.get("arithmetic") or ("float32" if stamps["generation"] else embedder.arithmetic)
    return ", ".join(sorted({*before.split(", "), embedder.arithmetic}))


def _plan_pages(
    batch: Sequence[Source], given: Given, connection: sqlite3.Connection, generation: int
) -> tuple[Plan, list[str]]:
    from index.layout import articles

    incoming: list[PageRow] = []
    dropped: set[int] = set()
    states: list[str] = []
    seen: set[str] = set()
    for source in batch:
        if source.sha256 in seen:
            states.append("unchanged")
            continue
        seen.add(source.sha256)
        row, state = _row(connection, source, given)
        pages = _pages(source, Given(row.paper, row.published, row.page))
        gone = _replaced(connection, row, {page.published for page in pages})
        ids = connection.execute("SELECT id FROM pages WHERE source = ? ORDER BY position", (row.id,)).fetchall()
        for position, page in enumerate(pages):
            incoming.append(PageRow(ids[position][0] if ids else None, row, position, page))
        dropped |= gone
        states.append("replaced" if gone else state)
    return plan_pages(connection, incoming, sorted(dropped), generation, articles), states


def _plan_articles(
    source: Source,
    given: Given,
    part: Sequence[Article],
    is_last: bool,
    connection: sqlite3.Connection,
    generation: int,
) -> tuple[Plan, list[str]]:
    row, state = _row(connection, source, given)
    row.complete = is_last
    gone = _replaced(connection, row, {article.published for article in source.articles or ()})
    plan = plan_articles(connection, row, part, sorted(gone) if is_last else (), generation)
    corrects_nothing = bool(part) and not plan.items
    return plan, ["unchanged" if corrects_nothing else "replaced" if gone else state]


def _filled(article: Article, given: Given) -> Article:
    """An article that says itself where it stood is believed; what was given fills the rest."""
    said: dict[str, object] = {"paper": given.paper, "published": given.published}
    if given.page is not None and not article.pages:
        number, label = page_of(given.page)
        first = article.places[0].model_copy(update={"page": number, "label": label})
        article = article.model_copy(update={"page": number, "places": (first, *article.places[1:])})
    return article.model_copy(update={k: v for k, v in said.items() if v is not None and getattr(article, k) is None})


_COLUMNS = "id, path, name, sha256, kind, paper, published, page, complete"


def _same(connection: sqlite3.Connection, path: str, sha256: str) -> SourceRow | None:
    """Return the source of this content, that at this path if there are several."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM sources WHERE sha256 = ? AND current ORDER BY path <> ?, id LIMIT 1",  # noqa: S608
        (sha256, path),
    ).fetchone()
    if row is None:
        return None
    pk, path, name, sha256, kind, paper, published, page, complete = row
    day = published and dt.date.fromisoformat(published)
    return SourceRow(pk, path, name, sha256, kind, paper, day, page, bool(complete))


def _is_unchanged(connection: sqlite3.Connection, file: Path, sha256: str, given: Given) -> bool:
    row = _same(connection, _path(file), sha256)
    return bool(row and row.complete and given.of(row) == Given(row.paper, row.published, row.page))


def _row(connection: sqlite3.Connection, source: Source, given: Given) -> tuple[SourceRow, str]:
    """Return the row of a source, new or with corrected metadata, and what that makes of it."""
    kind = "pages" if source.articles is None else "articles"
    row = _same(connection, _path(source.path), source.sha256)
    state = "replaced" if row and row.complete else "added"
    row = row or SourceRow(None, _path(source.path), source.name, source.sha256, kind)
    merged = given.of(row)
    row.paper, row.published, row.page = merged.paper, merged.published, merged.page
    row.complete = True
    return row, state


def _replaced(connection: sqlite3.Connection, row: SourceRow, dates: set[dt.date | None]) -> set[int]:
    """Ids of the sources at the same path that `row`, which holds `dates`, takes the place of."""
    gone: set[int] = set()
    for (other,) in connection.execute("SELECT id FROM sources WHERE path = ? AND current", (row.path,)).fetchall():
        theirs = {
            published and dt.date.fromisoformat(published)
            for table in ("pages", "articles")
            for (published,) in connection.execute(
                f"SELECT DISTINCT published FROM {table} WHERE source = ?",  # noqa: S608 - two names of ours
                (other,),
            )
        }
        another_day = len(dates) == len(theirs) == 1 and None not in dates | theirs and dates != theirs
        if other != row.id and not another_day:
            gone.add(other)
    return gone


def _report(connection: sqlite3.Connection, file: Path, sha256: str, state: str) -> AddedSource:
    row = _same(connection, _path(file), sha256)
    if row is None:
        raise ArchiveError(f"{file}: another process replaced it while it was added; add it again")
    found = connection.execute(
        "SELECT id FROM articles WHERE current AND (source = ?1 OR pk IN "
        "(SELECT article FROM places JOIN pages ON pages.id = places.page WHERE pages.source = ?1) "
        "OR issue IN (SELECT issue FROM articles WHERE source = ?1) AND json_array_length(record, '$.places') > 1 "
        "AND EXISTS (SELECT 1 FROM json_each(record, '$.places') WHERE json_extract(value, '$.source') = ?2)) "
        "AND NOT EXISTS (SELECT 1 FROM retractions WHERE article = articles.id AND restored IS NULL) ORDER BY page, line, pk",
        (row.id, row.name),
    ).fetchall()
    return AddedSource(name=row.name, path=str(file), state=state, article_ids=tuple(identity for (identity,) in found))


def _path(path: Path | str) -> str:
    """The path by which a source is known: absolute, links followed."""
    return str(Path(path).resolve())


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror})") from None
