"""Adding sources: what is new is read, issue by issue planned, embedded and committed."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from index import commit, lexical
from index.cache import Progress
from index.errors import ArchiveError
from index.issues import plan_articles, plan_pages
from index.jumps import plan_joined
from index.known import Given, filled, is_unchanged, pages_of, path_of, replaced, row_of, same, sha256_of
from index.models import Article, Frozen
from index.records import PageRow, Plan
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


def add(store: Store, embedder: Embedder, paths: Sequence[Path], given: Given, progress: Progress | None) -> AddReport:
    """Add the sources at `paths`. `Archive.add` says what this promises."""
    from index.sources import expand

    files = expand(paths)
    hashes = {file: sha256_of(file) for file in files}
    with store.reading() as connection:
        known = {file for file in files if is_unchanged(connection, file, hashes[file], given)}
    states = {path_of(file): "unchanged" for file in known}
    todo = [file for file in files if file not in known]
    found: Iterable[Source] = _read(todo, progress)
    if sum(file.stat().st_size for file in todo if file.is_file()) <= READ_AHEAD:
        found = list(found)
    counts: Counter[str] = Counter(unchanged=0)
    for _, batch in groupby(found, partial(_issue, given)):
        states |= _add_batch(store, embedder, list(batch), given, counts, progress)
    _join_halves(store, embedder, files)
    with store.reading() as connection:
        sources = tuple(_report(connection, file, hashes[file], states[path_of(file)]) for file in files)
    return AddReport(sources=sources, **{name: counts[name] for name in ("new", "changed", "unchanged", "retired")})


def _read(files: Sequence[Path], progress: Progress | None) -> Iterator[Source]:
    from index.sources import read

    for done, file in enumerate(files):
        if progress and len(files) > 1:
            progress("Reading files", done, len(files))
        yield read(file, progress)
    if progress and len(files) > 1:
        progress("Reading files", len(files), len(files))


def _issue(given: Given, source: Source) -> object:
    """Key under which consecutive sources are added in one transaction: pages of one and the same issue."""
    if source.articles is None:
        issues = {(page.paper, page.published) for page in pages_of(source, given)}
        if len(issues) == 1 and all(issue := issues.pop()):
            return issue
    return path_of(source.path)


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
        return dict(zip((path_of(source.path) for source in batch), became, strict=True))
    states: dict[str, str] = {}
    for source in batch:
        articles = [filled(article, given) for article in source.articles or ()]
        commit.embed(store, articles, embedder, progress)  # all at once: sorted by length, one progress bar
        issues: dict[object, list[Article]] = {}
        for article in articles:
            key = (article.paper, article.published) if article.paper and article.published else None
            issues.setdefault(key, []).append(article)
        parts = list(issues.values()) or [[]]  # a page may hold a picture only
        for number, part in enumerate(parts, 1):
            plan = partial(_plan_articles, source, given, part, number == len(parts))
            became = carry_out(store, embedder, plan, counts, None)
            states.setdefault(path_of(source.path), became[0])
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
                (path_of(file),),
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
        row, state = row_of(connection, source, given)
        pages = pages_of(source, Given(row.paper, row.published, row.page))
        gone = replaced(connection, row, {page.published for page in pages})
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
    row, state = row_of(connection, source, given)
    row.complete = is_last
    gone = replaced(connection, row, {article.published for article in source.articles or ()})
    plan = plan_articles(connection, row, part, sorted(gone) if is_last else (), generation)
    corrects_nothing = bool(part) and not plan.items
    return plan, ["unchanged" if corrects_nothing else "replaced" if gone else state]


def _report(connection: sqlite3.Connection, file: Path, sha256: str, state: str) -> AddedSource:
    row = same(connection, path_of(file), sha256)
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
