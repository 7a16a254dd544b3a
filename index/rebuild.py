"""Making anew what is derived: words after another segmentation, articles after another layout, passages."""

from __future__ import annotations

import sqlite3
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from index import commit, lexical
from index.adding import carry_out
from index.cache import Progress
from index.issues import plan_again
from index.passages import cut
from index.records import Plan
from index.store import Store, meta
from index.upkeep import stored_article

if TYPE_CHECKING:
    from index.embedding import Embedder


def rebuild(store: Store, embedder: Embedder, progress: Progress | None) -> None:
    """Rebuild word index, articles of pages, and passages, in this order: dropping a passage needs its words."""
    reindex_words(store, progress)
    with store.reading() as connection:
        issues = [row[0] for row in connection.execute("SELECT DISTINCT issue FROM pages ORDER BY issue")]
    for done, issue in enumerate(issues, 1):
        carry_out(store, embedder, partial(_lay_out_again, issue), Counter(), None)
        if progress:
            progress("Laying out issues", done, len(issues))
    _cut_again(store, embedder, progress)


def reindex_words(store: Store, progress: Progress | None) -> None:
    """Fill the word index from the passages, in one transaction."""
    with store.writing() as connection:
        connection.execute("INSERT INTO words(words) VALUES ('delete-all')")
        articles = connection.execute("SELECT DISTINCT article FROM passages ORDER BY article").fetchall()
        for done, (pk,) in enumerate(articles, 1):
            title, body = connection.execute("SELECT title, body FROM articles WHERE pk = ?", (pk,)).fetchone()
            rows = connection.execute('SELECT id, "start", "end" FROM passages WHERE article = ?', (pk,)).fetchall()
            title_words = " ".join(lexical.words(title))
            lexical.insert(
                connection,
                [(passage, title_words, " ".join(lexical.words(body[start:end]))) for passage, start, end in rows],
            )
            if progress and (done % 100 == 0 or done == len(articles)):
                progress("Indexing words", done, len(articles))
        commit.stamp(connection, generation=meta(connection)["generation"] + 1, words=lexical.WORDS)


def _lay_out_again(issue: int, connection: sqlite3.Connection, generation: int) -> tuple[Plan, list[str]]:
    from index.layout import articles

    return plan_again(connection, issue, generation, articles), []


def _cut_again(store: Store, embedder: Embedder, progress: Progress | None) -> None:
    """Replace the passages of each article that would be cut differently now."""
    with store.reading() as connection:
        served = connection.execute("SELECT DISTINCT article FROM passages ORDER BY article").fetchall()
        stale = [stored_article(connection, pk) for (pk,) in served if _is_stale(connection, pk)]
    commit.embed(store, stale, embedder, progress)
    for article in stale:
        drafts = commit.draft(article, embedder.name)
        with store.writing() as connection:
            row = connection.execute("SELECT pk FROM articles WHERE id = ? AND current", (article.id,)).fetchone()
            if row and _is_stale(connection, row[0]) and stored_article(connection, row[0]).body == article.body:
                generation = meta(connection)["generation"] + 1
                commit.drop_passages(connection, row[0], generation)
                commit.add_passages(connection, row[0], drafts)
                commit.stamp(connection, generation=generation)


def _is_stale(connection: sqlite3.Connection, pk: int) -> bool:
    found = connection.execute('SELECT "start", "end" FROM passages WHERE article = ? ORDER BY 1', (pk,)).fetchall()
    body = connection.execute("SELECT body FROM articles WHERE pk = ?", (pk,)).fetchone()[0]
    return bool(found) and found != cut(body)
