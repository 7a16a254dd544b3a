"""What makes search fast: two rankings of passages, by words and by vectors. Derived from the database, never the truth."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from index import lexical
from index.cache import Progress
from index.errors import ArchiveError
from index.search import Ranking
from index.store import Store, meta
from index.vectors import Matrix, VectorIndex


class Engine(Protocol):
    """Finds passages for one archive. Many threads may ask it."""

    def rankings(
        self, connection: sqlite3.Connection, words: Sequence[str], vector: Matrix | None, n: int
    ) -> tuple[Ranking, Ranking]:
        """Return up to `n` passages by words (BM25) and by `vector` (cosine; none without a vector).

        `connection` is about to read the snapshot that ids are looked up in. Ids that it does not have are no error:
        they were removed, or added, a moment ago.

        Raises:
            ArchiveError: Another model made the archive's vectors, or the engine is out of reach.
        """

    def follow(self, progress: Progress | None = None, *, at_most: int | None = None) -> None:
        """Bring the engine to the newest commit: after a commit, and when an archive is opened.

        Raises:
            ArchiveError: The engine is out of reach, or lacks more than `at_most` passages. The archive is whole.
        """

    def verify(self) -> Iterator[str]:
        """Yield where the engine differs from the database, a line each."""

    def close(self) -> None:
        """Let go of what is held."""


def check_model(store: Store, model: str | None, stamps: dict[str, Any]) -> None:
    """Refuse to compare vectors of two models; `model` is the embedder's name, None without one."""
    if model and stamps["model"] not in (None, model):
        raise ArchiveError(
            f"{store.path}: its vectors were made by the model {stamps['model']}, not {model}; "
            "set BAODA_EMBEDDING_MODEL to that model or add everything to a new folder"
        )


class LocalEngine:
    """FTS5 in the database itself, and FAISS in memory, which follows in `rankings`."""

    def __init__(self, store: Store, model: str | None) -> None:
        self._store = store
        self._model = model
        self._index: VectorIndex | None = None
        self._lock = threading.Lock()

    def rankings(
        self, connection: sqlite3.Connection, words: Sequence[str], vector: Matrix | None, n: int
    ) -> tuple[Ranking, Ranking]:
        """Search both, exactly as of one commit, the newest."""
        by_vectors = [] if vector is None else self._nearest(connection, vector, n)
        return lexical.search(connection, words, n), by_vectors

    def follow(self, progress: Progress | None = None, *, at_most: int | None = None) -> None:
        """FTS5 is written in the commit itself, FAISS follows before each search."""

    def verify(self) -> Iterator[str]:
        """Compare FAISS; the word index is a part of the database."""
        with self._store.reading() as connection:
            stamps = meta(connection)
            index = VectorIndex(stamps["dim"] or 1)
            index.follow(connection, stamps["epoch"], stamps["generation"])
            if sorted(index.ids.tolist()) != [
                row[0] for row in connection.execute("SELECT id FROM passages ORDER BY id")
            ]:
                yield "FAISS: it does not hold the passages of the archive"

    def close(self) -> None:
        """Nothing is held but memory."""

    def _nearest(self, connection: sqlite3.Connection, vector: Matrix, n: int) -> list[tuple[int, float]]:
        """Search FAISS, brought to the snapshot that `connection` is about to read."""
        with self._lock:
            stamps = meta(connection)  # the snapshot begins here, under the lock
            check_model(self._store, self._model, stamps)
            if not stamps["generation"]:
                return []
            if self._index is None:
                self._index = VectorIndex(stamps["dim"])
            self._index.follow(connection, stamps["epoch"], stamps["generation"])
            return self._index.search(vector, n)
