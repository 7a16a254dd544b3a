"""FAISS follows the database: exact while small, in cells when large, the same passages either way."""

from __future__ import annotations

import numpy as np
import pytest

from index import vectors
from index.store import Store, meta
from index.vectors import Matrix, VectorIndex

DIM, MANY = 32, 8_000
RANDOM = np.random.default_rng(7)
TOPICS = RANDOM.standard_normal((100, DIM))


def unit(rows: np.ndarray) -> Matrix:
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


def texts(n: int) -> Matrix:
    """Vectors that lie about topics, as those of texts do."""
    return unit(TOPICS[RANDOM.integers(0, len(TOPICS), n)] + 0.5 * RANDOM.standard_normal((n, DIM)))


def add(store: Store, rows: Matrix) -> None:
    with store.writing() as connection:
        connection.execute("PRAGMA defer_foreign_keys = ON")
        first = connection.execute("SELECT ifnull(max(id), 0) FROM vectors").fetchone()[0]
        vectors.store(connection, [f"{first + n}".encode() for n in range(len(rows))], rows)
        connection.execute(
            'INSERT INTO passages(article, "start", "end", vector) SELECT 1, 0, 1, id FROM vectors WHERE id > ?',
            (first,),
        )
        connection.execute("UPDATE meta SET value = value + 1 WHERE name = 'generation'")


def remove(store: Store, ids: list[int]) -> None:
    with store.writing() as connection:
        connection.execute("UPDATE meta SET value = value + 1 WHERE name = 'generation'")
        generation = meta(connection)["generation"]
        connection.executemany("INSERT INTO removed VALUES (?, ?)", [(passage, generation) for passage in ids])
        connection.executemany("DELETE FROM passages WHERE id = ?", [(passage,) for passage in ids])


def follow(index: VectorIndex, store: Store) -> VectorIndex:
    with store.reading() as connection:
        stamps = meta(connection)
        index.follow(connection, stamps["epoch"], stamps["generation"])
    return index


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = Store(tmp_path_factory.mktemp("large"), write=True)
    with store.writing() as connection:
        connection.execute("PRAGMA defer_foreign_keys = ON")
        connection.execute("INSERT INTO sources VALUES (1, '', '', '', 'articles', NULL, NULL, NULL, 1, 1, '')")
        connection.execute("INSERT INTO issues VALUES (1, NULL, NULL, 1)")
        connection.execute(
            "INSERT INTO articles VALUES (1, 'a', 1, 1, 1, 1, NULL, NULL, NULL, 1, '', '', '', '{}', '', '', NULL, '')"
        )
    add(store, texts(MANY))
    return store


def test_a_large_index_finds_what_an_exact_one_finds(large: Store) -> None:
    exact, cells = follow(VectorIndex(DIM), large), follow(VectorIndex(DIM, exact=MANY - 1), large)
    assert (exact.is_exact, cells.is_exact) == (True, False)
    shared = 0
    for question in texts(200):
        truth, found = dict(exact.search(question, 10)), dict(cells.search(question, 10))
        shared += len(truth.keys() & found.keys())
        assert all(
            found[passage] == pytest.approx(cosine, abs=1e-3) for passage, cosine in truth.items() if passage in found
        )
    assert shared >= 0.98 * 200 * 10


def test_an_index_that_grows_large_goes_on_following(large: Store) -> None:
    exact, growing = follow(VectorIndex(DIM), large), follow(VectorIndex(DIM, exact=MANY + 10), large)
    assert growing.is_exact
    new = texts(20)
    add(large, new)
    follow(growing, large)
    assert not growing.is_exact
    remove(large, [1, 2, 3, MANY + 1])
    add(large, new[:1])
    follow(growing, large)
    assert sorted(growing.ids.tolist()) == sorted(follow(exact, large).ids.tolist())
    assert len(growing) == len(exact) == MANY + 17
    assert [passage for passage, _ in growing.search(new[1], 1)] == [MANY + 2]
    assert MANY + 1 not in dict(growing.search(new[0], 5))
    assert growing.search(new[0], 1)[0][0] == MANY + 21
