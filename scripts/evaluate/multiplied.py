"""A large archive out of a small one: each article many times over, with random vectors and its own words.

What costs memory, disk and time is as in a real archive of that size: rows, postings, vectors. Only the words are no more
in number than those of the small one, so that each stands in as large a share of the passages.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np

from index import lexical
from index.e5 import WIDTH
from index.store import FILE

# Each copy's keys: a band's key only has to differ from the others'.
_COPY = """
INSERT INTO articles
  SELECT pk + :t * :articles, id || '~' || :t, version, current, source, issue, paper, published, page, line, title,
    text_hash, record_hash, record, body, trace, cluster + :t * :articles, added FROM articles WHERE pk <= :articles;
INSERT INTO places
  SELECT article + :t * :articles, position, page FROM places WHERE article <= :articles;
INSERT INTO bands
  SELECT key / 4 + :t, article + :t * :articles FROM bands WHERE article <= :articles;
INSERT INTO passages
  SELECT id + :t * :passages, article + :t * :articles, "start", "end", id + :t * :passages + :vectors
  FROM passages WHERE id <= :passages;
"""


def multiply(folder: Path, times: int) -> None:
    """Let the archive in `folder` hold each of its articles `times` times."""
    connection = sqlite3.connect(folder / FILE, isolation_level=None)
    counts = ((table, key) for table, key in (("articles", "pk"), ("passages", "id"), ("vectors", "id")))
    sizes = {table: connection.execute(f"SELECT max({key}) FROM {table}").fetchone()[0] for table, key in counts}  # noqa: S608
    rows = connection.execute(
        'SELECT passages.id, title, body, "start", "end" FROM passages JOIN articles ON pk = article'
    ).fetchall()
    inside = [(i, " ".join(lexical.words(t)), " ".join(lexical.words(body[a:b]))) for i, t, body, a, b in rows]
    draw = np.random.default_rng(5)
    for t in range(1, times):
        connection.execute("BEGIN")
        numbers = draw.standard_normal((sizes["passages"], WIDTH), np.float32)
        numbers /= np.linalg.norm(numbers, axis=1, keepdims=True)
        first = sizes["vectors"] + t * sizes["passages"] + 1
        connection.executemany(
            "INSERT INTO vectors VALUES (?, randomblob(16), ?)",
            ((first + at, row.tobytes()) for at, row in enumerate(numbers.astype(np.float16))),
        )
        for statement in _COPY.split(";"):
            connection.execute(statement, sizes | {"t": t} if statement.strip() else ())
        lexical.insert(connection, ((i + t * sizes["passages"], title, body) for i, title, body in inside))
        connection.execute("COMMIT")
    connection.execute("UPDATE meta SET value = value + 1 WHERE name = 'generation'")
    connection.close()
