"""Vectors of passages: half floats in the archive, and a FAISS index in memory that is derived from them.

The database is the truth and keeps 16-bit floats: half the size of 32, and the cosine of unit vectors
keeps three decimals. FAISS's 16-bit scalar quantiser holds exactly these numbers, so its exhaustive search
is exact, in half the memory of `IndexFlatIP` and a quarter of its time (8 against 34 ms over 250,000
vectors of 384 on two cores). Above `EXACT` passages they are parted into cells, of which a search reads
half (an inverted file: Jégou et al., IEEE TPAMI 2011): questions lie apart from passages in e5's space, so that an
eighth has only 0.90 of the nearest ten, half of them 0.986 (200 questions, 130,210 news passages). HNSW was left because
it cannot remove.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]

EXACT = 400_000
"""Passages up to which each search compares with all of them."""

CELLS, READ_CELLS = 512, 256
"""Cells that a larger index is parted into, and those nearest to a question that are read."""

_SAMPLE = 40 * CELLS
"""Vectors that the cells are learned from, as many as FAISS advises."""

_PAGE = 20_000
"""Vectors read from the database at a time while the index is built."""


def embedded_text(title: str, passage: str) -> str:
    """Return what is embedded for a passage: the headline tells what 该项目 is."""
    return f"{title}\n{passage}" if title else passage


def text_hash(model: str, text: str) -> bytes:
    """Return the 16 bytes under which the vector of `text` by `model` is stored."""
    return hashlib.blake2b(f"{model}\0{text}".encode(), digest_size=16).digest()


def stored(connection: sqlite3.Connection, hashes: Iterable[bytes]) -> dict[bytes, int]:
    """Return the vector ids of those `hashes` that have a vector already."""
    found: dict[bytes, int] = {}
    for key in hashes:
        row = connection.execute("SELECT id FROM vectors WHERE hash = ?", (key,)).fetchone()
        if row:
            found[key] = row[0]
    return found


def store(connection: sqlite3.Connection, hashes: Sequence[bytes], vectors: Matrix) -> None:
    """Store `vectors` (n, dim) under `hashes`; one that is there already stays."""
    halves = vectors.astype(np.float16)
    if not np.isfinite(halves).all():
        raise FloatingPointError("the embedding model returned a vector that is not finite")
    connection.executemany(
        "INSERT OR IGNORE INTO vectors(hash, vector) VALUES (?, ?)",
        [(key, half.tobytes()) for key, half in zip(hashes, halves, strict=True)],
    )


@cache
def _faiss() -> ModuleType:
    import faiss

    module: ModuleType = faiss
    return module


@contextmanager
def _one_thread() -> Iterator[None]:
    """Search on this thread alone: two wait for each other as soon as anything else runs (74 against 30 ms).

    The number of threads is the calling thread's, and torch's too, hence put back.
    """
    faiss = _faiss()
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


class VectorIndex:
    """FAISS over the passages of one archive, which it follows commit by commit.

    Not thread-safe: FAISS cannot be searched while it is changed, and a search must see the generation of the
    SQLite snapshot that its ids are looked up in. Hold one lock from the snapshot's begin to the search's end.
    """

    def __init__(self, dim: int, *, exact: int = EXACT) -> None:
        """Begin empty; above `exact` passages, search approximately."""
        self._dim = dim
        self._exact = exact
        self._index: Any
        self._cells: int
        self._epoch: str | None
        self._generation: int
        self._last: int
        self._reset()

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def is_exact(self) -> bool:
        """Whether a search compares with every passage."""
        return not self._cells

    @property
    def ids(self) -> NDArray[np.int64]:
        """Passage ids in the index, in any order, shape (n,)."""
        faiss = _faiss()
        if self.is_exact:
            held: NDArray[np.int64] = faiss.vector_to_array(self._index.id_map)
            return held
        lists = self._index.invlists
        cells = [faiss.rev_swig_ptr(lists.get_ids(cell), lists.list_size(cell)).copy() for cell in range(self._cells)]
        return np.concatenate(cells)

    def follow(self, connection: sqlite3.Connection, epoch: str, generation: int) -> None:
        """Bring the index to the state that `connection` reads, stamped so, by what changed since.

        Passage ids only grow and are never used again, so what is new lies behind the last id seen, and
        what went is listed in `removed`.
        """
        if epoch != self._epoch:  # a backup was restored: nothing known holds
            self._reset()
        if generation == self._generation:
            return
        try:
            if self.is_exact and _count(connection) > self._exact:
                self._reset()
                self._part(connection)
            self._remove(connection)
            self._add(connection)
        except BaseException:  # half followed is not followed
            self._reset()
            raise
        self._epoch, self._generation = epoch, generation

    def _remove(self, connection: sqlite3.Connection) -> None:
        if not len(self):
            return
        gone = connection.execute("SELECT passage FROM removed WHERE generation > ?", (self._generation,)).fetchall()
        if gone:
            self._index.remove_ids(np.array([row[0] for row in gone], dtype=np.int64))

    def _add(self, connection: sqlite3.Connection) -> None:
        while rows := connection.execute(
            "SELECT passages.id, vectors.vector FROM passages JOIN vectors ON vectors.id = passages.vector "
            "WHERE passages.id > ? ORDER BY passages.id LIMIT ?",
            (self._last, _PAGE),
        ).fetchall():
            ids = np.array([row[0] for row in rows], dtype=np.int64)
            self._index.add_with_ids(self._matrix(row[1] for row in rows), ids)
            self._last = int(ids[-1])

    def search(self, query: Matrix, n: int) -> list[tuple[int, float]]:
        """Return the `n` passages nearest to `query` (dim,) as (id, cosine), best first, ties by id."""
        wanted = min(n, len(self))
        if not wanted:
            return []
        with _one_thread():
            cosines, ids = self._index.search(query.reshape(1, -1), wanted)
        pairs = zip(ids[0].tolist(), cosines[0].tolist(), strict=True)
        found = (pair for pair in pairs if pair[0] >= 0)  # the cells read may hold less than is wanted
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))

    def _part(self, connection: sqlite3.Connection) -> None:
        """Begin an index in cells, learned from passages spread evenly over the archive. A second or two."""
        faiss = _faiss()
        step = max(1, _count(connection) // _SAMPLE)
        sample = connection.execute(
            "SELECT vectors.vector FROM passages JOIN vectors ON vectors.id = passages.vector "
            "WHERE passages.id % ? = 0 LIMIT ?",
            (step, _SAMPLE),
        )
        index = faiss.IndexIVFScalarQuantizer(
            faiss.IndexFlatIP(self._dim),
            self._dim,
            CELLS,
            faiss.ScalarQuantizer.QT_fp16,
            faiss.METRIC_INNER_PRODUCT,
            False,
        )
        index.train(self._matrix(row[0] for row in sample))
        index.nprobe = READ_CELLS
        self._index, self._cells = index, CELLS

    def _matrix(self, blobs: Iterable[bytes]) -> Matrix:
        return np.frombuffer(b"".join(blobs), dtype=np.float16).reshape(-1, self._dim).astype(np.float32)

    def _reset(self) -> None:
        faiss = _faiss()
        quantiser = faiss.IndexScalarQuantizer(self._dim, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
        self._index, self._cells = faiss.IndexIDMap(quantiser), 0
        self._epoch = None
        self._generation = -1
        self._last = 0


def _count(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM passages").fetchone()[0])
