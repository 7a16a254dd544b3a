"""Writing a plan: passages and vectors first, then one transaction that makes all of it visible."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from index import duplicates, lexical, vectors
from index.cache import Progress
from index.errors import ArchiveError
from index.models import Article
from index.passages import cut
from index.records import (
    IssueKey,
    Item,
    PageRow,
    Plan,
    SourceRow,
    dump_article,
    dump_lines,
    lines_hash,
    record_hash,
    text_hash,
)
from index.store import Store

if TYPE_CHECKING:
    from index.embedding import Embedder

_BATCH = 128
"""Passages embedded between two commits of vectors: what an interruption costs at most."""


@dataclass(frozen=True)
class Draft:
    """A passage before it has an id: its slice, the hash of its embedded text, its words."""

    start: int
    end: int
    hash: bytes
    title_words: str
    body_words: str


def draft(article: Article, model: str) -> list[Draft]:
    """Cut `article` into passages."""
    title_words = " ".join(lexical.words(article.title))
    return [
        Draft(
            start,
            end,
            vectors.text_hash(model, vectors.embedded_text(article.title, article.body[start:end])),
            title_words,
            " ".join(lexical.words(article.body[start:end])),
        )
        for start, end in cut(article.body)
    ]


def embed(store: Store, articles: Iterable[Article], embedder: Embedder, progress: Progress | None) -> None:
    """Store the vectors that passages of `articles` lack, some at a time, so that no interruption loses much.

    Vectors without a passage are seen by nobody.
    """
    texts: dict[bytes, str] = {}
    for article in articles:
        for start, end in cut(article.body):
            text = vectors.embedded_text(article.title, article.body[start:end])
            texts[vectors.text_hash(embedder.name, text)] = text
    with store.reading() as connection:
        known = vectors.stored(connection, texts)
    missing = sorted((key for key in texts if key not in known), key=lambda key: (len(texts[key]), key))
    for first in range(0, len(missing), _BATCH):
        keys = missing[first : first + _BATCH]
        found = embedder.passages([texts[key] for key in keys])
        with store.writing() as connection:
            vectors.store(connection, keys, found)
        if progress:
            progress("Embedding passages", first + len(keys), len(missing))


def apply(
    connection: sqlite3.Connection, plan: Plan, drafts: dict[int, list[Draft]], stamps: dict[str, object]
) -> None:
    """Write `plan` in the transaction that `connection` is in. `drafts`: passages of items, by their position."""
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    generation = plan.generation + 1
    for source in plan.sources:
        _write_source(connection, source, now)
    for row, key in plan.pages:
        _write_page(connection, row, key)
    for at, item in enumerate(plan.items):
        _write_item(connection, item, drafts.get(at, []), now, generation)
    for pk in plan.retired:
        retire(connection, pk, generation)
    for gone in plan.dropped:
        connection.execute("UPDATE sources SET current = 0 WHERE id = ?", (gone,))
    stamp(connection, generation=generation, added=now, **stamps)


def stamp(connection: sqlite3.Connection, **values: object) -> None:
    """Set some of the archive's stamps."""
    connection.executemany(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", list(values.items())
    )


def retire(connection: sqlite3.Connection, pk: int, generation: int) -> None:
    """Take a version of an article, and with it its passages, out of what is served. It stays stored."""
    drop_passages(connection, pk, generation)
    duplicates.leave(connection, pk)
    connection.execute("UPDATE articles SET current = 0 WHERE pk = ?", (pk,))


def drop_passages(connection: sqlite3.Connection, pk: int, generation: int) -> None:
    """Take the passages of an article out of the table, the word index and, for those who follow, FAISS."""
    _check_words(connection)
    title, body = connection.execute("SELECT title, body FROM articles WHERE pk = ?", (pk,)).fetchone()
    rows = connection.execute('SELECT id, "start", "end" FROM passages WHERE article = ?', (pk,)).fetchall()
    title_words = " ".join(lexical.words(title))
    lexical.delete(
        connection, [(passage, title_words, " ".join(lexical.words(body[start:end]))) for passage, start, end in rows]
    )
    connection.executemany("INSERT INTO removed VALUES (?, ?)", [(row[0], generation) for row in rows])
    connection.execute("DELETE FROM passages WHERE article = ?", (pk,))


def add_passages(connection: sqlite3.Connection, pk: int, drafts: Sequence[Draft]) -> None:
    """Make the passages of an article searchable. Their vectors are stored already."""
    _check_words(connection)
    known = vectors.stored(connection, (each.hash for each in drafts))
    rows = []
    for each in drafts:
        cursor = connection.execute(
            'INSERT INTO passages(article, "start", "end", vector) VALUES (?, ?, ?, ?)',
            (pk, each.start, each.end, known[each.hash]),
        )
        rows.append((cursor.lastrowid or 0, each.title_words, each.body_words))
    lexical.insert(connection, rows)


def _check_words(connection: sqlite3.Connection) -> None:
    stamped = connection.execute("SELECT value FROM meta WHERE name = 'words'").fetchone()[0]
    if stamped not in (None, lexical.WORDS):
        raise ArchiveError(f"the archive's words were cut by {stamped}, not {lexical.WORDS}: run `baoda index rebuild`")


def _write_source(connection: sqlite3.Connection, source: SourceRow, now: str) -> None:
    published = source.published and source.published.isoformat()
    given = (source.paper, published, source.page, source.complete)
    if source.id is None:
        source.id = connection.execute(
            "INSERT INTO sources(path, name, sha256, kind, paper, published, page, complete, current, added) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?)",
            (source.path, source.name, source.sha256, source.kind, *given, now),
        ).lastrowid
    else:
        connection.execute(
            "UPDATE sources SET paper = ?, published = ?, page = ?, complete = ? WHERE id = ?", (*given, source.id)
        )


def _write_page(connection: sqlite3.Connection, row: PageRow, key: IssueKey) -> None:
    page = row.page
    issue = _issue(connection, key)
    said = (issue, page.paper, page.published and page.published.isoformat(), page.label or page.number, page.url)
    if row.id is None:
        lines = dump_lines(page)
        row.id = connection.execute(
            "INSERT INTO pages(source, position, issue, paper, published, number, url, lines, line_count, hash) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (row.source.id, row.position, *said, lines, len(page.lines), lines_hash(lines)),
        ).lastrowid
    else:
        connection.execute(
            "UPDATE pages SET issue = ?, paper = ?, published = ?, number = ?, url = ? WHERE id = ?", (*said, row.id)
        )


def _issue(connection: sqlite3.Connection, key: IssueKey) -> int:
    said: tuple[object, ...] = (
        (None, None, key.id) if isinstance(key, SourceRow) else (key[0], key[1].isoformat(), None)
    )
    connection.execute("INSERT OR IGNORE INTO issues(paper, published, source) VALUES (?, ?, ?)", said)
    row = connection.execute("SELECT id FROM issues WHERE paper IS ? AND published IS ? AND source IS ?", said)
    return int(row.fetchone()[0])


def _write_item(connection: sqlite3.Connection, item: Item, drafts: Sequence[Draft], now: str, generation: int) -> None:
    article, old, issue = item.article, item.old, _issue(connection, item.issue)
    if item.is_unchanged and old:
        pk = old.pk
        connection.execute("UPDATE articles SET source = ?, issue = ? WHERE pk = ?", (item.source.id, issue, pk))
        connection.execute("DELETE FROM places WHERE article = ?", (pk,))
    else:
        if old and not item.keeps_text:
            drop_passages(connection, old.pk, generation)
        if old:
            connection.execute("UPDATE articles SET current = 0 WHERE pk = ?", (old.pk,))
        pk = _insert_version(connection, item, issue, now)
        if item.keeps_text and old:
            connection.execute("UPDATE passages SET article = ? WHERE article = ?", (pk, old.pk))
            duplicates.hand_over(connection, old.pk, pk)
        else:
            if old:
                duplicates.leave(connection, old.pk)
            duplicates.group(connection, pk, article.body, duplicates.bands(article.body))
            if not is_retracted(connection, article.id):
                add_passages(connection, pk, drafts)
    connection.executemany(
        "INSERT INTO places VALUES (?, ?, ?)", [(pk, position, row.id) for position, row in enumerate(item.pages)]
    )


def _insert_version(connection: sqlite3.Connection, item: Item, issue: int, now: str) -> int:
    article = item.article
    version = connection.execute("SELECT ifnull(max(version), 0) + 1 FROM articles WHERE id = ?", (article.id,))
    published = article.published and article.published.isoformat()
    row = (
        *(article.id, version.fetchone()[0], item.source.id, issue, article.paper, published, article.page),
        *(article.lines[0][0], article.title, text_hash(article), record_hash(article), *dump_article(article), now),
    )
    cursor = connection.execute(
        "INSERT INTO articles(id, version, current, source, issue, paper, published, page, line, title, text_hash, "
        "record_hash, record, body, trace, added) VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        row,
    )
    return int(cursor.lastrowid or 0)


def is_retracted(connection: sqlite3.Connection, identity: str) -> bool:
    """Whether an article must not be quoted now."""
    found = connection.execute("SELECT 1 FROM retractions WHERE article = ? AND restored IS NULL", (identity,))
    return found.fetchone() is not None
