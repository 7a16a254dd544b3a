"""Which article an article is: the version that it continues, and its id."""

from __future__ import annotations

import sqlite3

from index.models import Article
from index.records import Item, Version, text_hash

_SHINGLE = 5
_LIKENESS = 0.5
"""Share of the smaller body's runs of 5 characters that two versions of an article have in common at least."""


def current_version(connection: sqlite3.Connection, identity: str) -> Version | None:
    """Return the version of an article that is served."""
    row = connection.execute(
        "SELECT pk, id, current, text_hash, record_hash FROM articles WHERE id = ? AND current", (identity,)
    ).fetchone()
    return Version(row[0], row[1], bool(row[2]), row[3], row[4]) if row else None


def laid_out_before(connection: sqlite3.Connection, issue: int) -> list[tuple[Version, str, str]]:
    """Latest laid-out version of each living article of an issue, with headline and body."""
    rows = connection.execute(
        "SELECT pk, articles.id, articles.current, text_hash, record_hash, title, body FROM articles "
        "JOIN sources ON sources.id = articles.source AND sources.kind = 'pages' WHERE issue = ? "
        "AND EXISTS (SELECT 1 FROM articles AS living WHERE living.id = articles.id AND living.current) "
        "AND NOT EXISTS (SELECT 1 FROM articles AS later JOIN sources ON sources.id = later.source "
        "AND sources.kind = 'pages' WHERE later.id = articles.id AND later.version > articles.version) ORDER BY pk",
        (issue,),
    )
    return [(Version(row[0], row[1], bool(row[2]), row[3], row[4]), row[5], row[6]) for row in rows]


def match(connection: sqlite3.Connection, items: list[Item], olds: list[tuple[Version, str, str]]) -> list[int]:
    """Give each item the old version that it continues and an id; return the current versions left over."""
    free = dict(enumerate(olds))
    for item in items:
        same = next((at for at, (old, _, _) in free.items() if old.text_hash == text_hash(item.article)), None)
        if same is not None:
            item.old = free.pop(same)[0]
    pairs = [
        (_likeness(item.article, title, body), at, which)
        for which, item in enumerate(items)
        if item.old is None
        for at, (_, title, body) in free.items()
    ]
    for likeness, at, which in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2])):
        if likeness >= _LIKENESS and at in free and items[which].old is None:
            items[which].old = free.pop(at)[0]
    used = {item.old.id for item in items if item.old}
    for item in items:
        identity = item.old.id if item.old else _unused(connection, item.article.id, used)
        used.add(identity)
        item.article = item.article.model_copy(update={"id": identity})
    return [old.pk for old, _, _ in free.values() if old.current]


def _likeness(article: Article, title: str, body: str) -> float:
    """1 for the same headline, else the share of the smaller body that both have; more where both begin alike."""
    ours, theirs = _shingles(article.body), _shingles(body)
    shared = len(ours & theirs) / max(1, min(len(ours), len(theirs)))
    begins_alike = article.body[:_SHINGLE] == body[:_SHINGLE]  # the first half of a jump, not the second
    return max(shared, float(bool(title) and title == article.title)) * (1.0 + 0.1 * begins_alike)


def _shingles(body: str) -> set[str]:
    return {body[at : at + _SHINGLE] for at in range(max(1, len(body) - _SHINGLE + 1))}


def _unused(connection: sqlite3.Connection, identity: str, used: set[str]) -> str:
    candidate, number = identity, 1
    while candidate in used or connection.execute("SELECT 1 FROM articles WHERE id = ?", (candidate,)).fetchone():
        number += 1
        candidate = f"{identity}-{number}"
    return candidate
