"""Near duplicates: wire copy and the same piece on the web and in print, grouped when they are added.

MinHash over runs of characters (Broder 1997; `rensa`) with bands in the database proposes, the bodies
themselves decide: two articles are near duplicates when most of their text is the same and so are their
figures. A notice that comes every day with other figures is not one.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Iterable

from index.text import fold

_SHINGLE = 5
_BANDS, _ROWS = 12, 5
"""A pair of resemblance 0.8 meets in a band with probability 0.99, one of 0.4 with 0.12."""

RESEMBLANCE = 0.7
"""Jaccard resemblance of the sets of runs of 5 characters from which two articles are near duplicates."""

SHORTEST = 60
"""Letters and figures that a body must have to be compared."""

_FIGURE = re.compile(r"\d+(?:\.\d+)?")


def bands(body: str) -> list[int]:
    """Return the keys under which near duplicates of `body` are looked for, one a band; none for a short body."""
    from rensa import RMinHash

    shingles = _shingles(body)
    if len(shingles) < SHORTEST:
        return []
    sketch = RMinHash(num_perm=_BANDS * _ROWS, seed=1997)
    sketch.update(sorted(shingles))
    digest = sketch.digest()
    rows = (digest[at : at + _ROWS] for at in range(0, len(digest), _ROWS))
    return [
        int.from_bytes(hashlib.blake2b(repr((band, list(row))).encode(), digest_size=8).digest(), signed=True)
        for band, row in enumerate(rows)
    ]


def are_near(one: str, other: str) -> bool:
    """Tell whether two bodies are near duplicates."""
    ours, theirs = _shingles(one), _shingles(other)
    if len(ours & theirs) < RESEMBLANCE * len(ours | theirs):
        return False
    few, many = sorted((set(_FIGURE.findall(fold(one))), set(_FIGURE.findall(fold(other)))), key=len)
    return len(few & many) >= 0.9 * len(few)


def group(connection: sqlite3.Connection, pk: int, body: str, keys: Iterable[int]) -> None:
    """Put an article into the group of its near duplicates, joining groups that it links."""
    keys = list(keys)
    marks = ",".join("?" * len(keys))
    candidates = connection.execute(
        f"SELECT DISTINCT bands.article, cluster, body FROM bands JOIN articles ON pk = bands.article "  # noqa: S608
        f"WHERE key IN ({marks}) ORDER BY bands.article",
        keys,
    ).fetchall()
    clusters = {cluster for _, cluster, text in candidates if are_near(body, text)}
    cluster = min(clusters, default=pk)
    for joined in clusters - {cluster}:
        connection.execute("UPDATE articles SET cluster = ? WHERE cluster = ?", (cluster, joined))
    connection.execute("UPDATE articles SET cluster = ? WHERE pk = ?", (cluster, pk))
    connection.executemany("INSERT INTO bands VALUES (?, ?)", [(key, pk) for key in keys])


def hand_over(connection: sqlite3.Connection, old: int, new: int) -> None:
    """Let a new version with the same body take the old one's place in its group."""
    connection.execute(
        "UPDATE articles SET cluster = (SELECT cluster FROM articles WHERE pk = ?) WHERE pk = ?", (old, new)
    )
    connection.execute("UPDATE bands SET article = ? WHERE article = ?", (new, old))
    leave(connection, old)


def leave(connection: sqlite3.Connection, pk: int) -> None:
    """Take a version that is no longer current out of its group."""
    connection.execute("UPDATE articles SET cluster = NULL WHERE pk = ?", (pk,))
    connection.execute("DELETE FROM bands WHERE article = ?", (pk,))


def _shingles(body: str) -> set[str]:
    text = "".join(character for character in fold(body) if character.isalnum())
    return {text[at : at + _SHINGLE] for at in range(len(text) - _SHINGLE + 1)}
