"""The distributed engine: passages in Milvus, or in Milvus Lite, a file, by the same calls.

The database stays the truth. A collection holds an archive's passages under their ids, which are never used again, so
every step can be repeated: what is new is upserted, what went is deleted, and only then the stamp says so. A kill in
between is healed at the next opening or search. Until then a search may find a little less, and what the database does
not serve is not served, whatever Milvus finds.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from index import milvus_collections as collections
from index.cache import Progress
from index.engine import check_model
from index.errors import ArchiveError
from index.milvus_collections import CALL_SECONDS, Stamp
from index.search import Ranking
from index.store import Store, meta
from index.vectors import Matrix

if TYPE_CHECKING:
    from pymilvus import MilvusClient

SOON = 2_000
"""Passages that a question waits for; a longer way is left to who is adding them, or to the next opening."""

_BATCH = 1_000
_WINDOW = 10_000
_LOCK_SECONDS = 10.0
_EF = 256
"""Candidates that a search of the HNSW graph keeps; it returns 100."""

_Outcome = Literal["done", "busy", "far", "never"]
"""busy: another process is about it. far: more is lacking than was allowed; never: so it is, and it never was whole."""


class MilvusEngine:
    """Milvus as an `index.engine.Engine`. Connects at first need.

    Args:
        store: The archive's database. Its folder keeps the lock under which one process at a time updates Milvus.
        model: The embedder's name, None to search by words alone.
        uri: http://host:19530, with user:password@ and /database where needed, or a file *.db for Milvus Lite,
            which one process at a time can open.
    """

    def __init__(self, store: Store, model: str | None, uri: str) -> None:
        self._store = store
        self._model = model
        self._uri = uri
        self._is_lite = "://" not in uri
        parts = urlsplit(uri)
        self._where = f"Milvus Lite ({uri})" if self._is_lite else f"Milvus at {parts.hostname}:{parts.port or 19530}"
        self._connection: MilvusClient | None = None
        self._lock = threading.Lock()
        self._seen: tuple[str, int] | None = None

    def rankings(
        self, connection: sqlite3.Connection, words: Sequence[str], vector: Matrix | None, n: int
    ) -> tuple[Ranking, Ranking]:
        """Search twice: `index.search.fuse` wants the scores, which a hybrid search of Milvus's own does not tell."""
        stamps = meta(connection)
        check_model(self._store, self._model, stamps)
        if not stamps["generation"]:
            return [], []
        with self._plain_words():
            if self._seen != (stamps["epoch"], stamps["generation"]) and self._follow(SOON, 0) == "never":
                raise self._lacking()
            name = collections.name_of(stamps)
            by_words = self._search(name, "words_bm25", " ".join(dict.fromkeys(words)), n) if words else []
            by_vectors = [] if vector is None else self._search(name, "dense", vector.tolist(), n)
        return by_words, by_vectors

    def follow(self, progress: Progress | None = None, *, at_most: int | None = None) -> None:
        """Bring Milvus to the newest commit, unless another process is about it."""
        with self._plain_words():
            outcome = self._follow(at_most, _LOCK_SECONDS, progress)
        if outcome in {"far", "never"}:
            raise self._lacking()

    def verify(self) -> Iterator[str]:
        """Compare the ids in Milvus with those of the passages."""
        missing = surplus = 0
        with self._plain_words(), self._store.reading() as connection:
            for lacking, extra in self._differences(connection):
                missing, surplus = missing + len(lacking), surplus + len(extra)
        if missing or surplus:
            yield (
                f"{self._where}: {missing} passages are missing and {surplus} are not the archive's; "
                "run `baoda index export --engine milvus`"
            )

    def export(self, progress: Progress | None = None) -> None:
        """Bring Milvus up to date, and mend where it is not what its stamp says. Nothing is embedded."""
        with self._plain_words():
            if self._follow(None, _LOCK_SECONDS, progress) == "busy":
                raise ArchiveError(f"{self._where}: another process is updating it; try again when it is done")
            with self._store.reading() as connection:
                name = collections.name_of(meta(connection))
                for missing, surplus in self._differences(connection):
                    self._delete(name, surplus)
                    self._upsert_ids(connection, name, missing)

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _search(self, name: str, field: str, query: str | list[float], n: int) -> list[tuple[int, float]]:
        data: Any = [query]
        (hits,) = self._client().search(
            name,
            data,
            anns_field=field,
            limit=n,
            output_fields=["id"],
            search_params={"params": {"ef": _EF}} if field == "dense" else {},
            timeout=CALL_SECONDS,
        )
        found = [(int(hit["id"]), float(hit["distance"])) for hit in hits]
        if field != "dense":  # Milvus Lite gives BM25 as a negative distance
            found = [(passage, abs(score)) for passage, score in found]
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))

    def _follow(self, at_most: int | None, wait: float, progress: Progress | None = None) -> _Outcome:
        """Follow the database under the lock, if that is free within `wait` seconds."""
        from filelock import FileLock, Timeout

        lock = FileLock(self._store.path.with_name("milvus.lock"))
        try:
            lock.acquire(timeout=wait)
        except (Timeout, OSError):  # on read-only media this is left to whoever writes
            return "busy"
        try:
            return self._follow_locked(at_most, progress)
        finally:
            lock.release()

    def _follow_locked(self, at_most: int | None, progress: Progress | None) -> _Outcome:
        stamp: Stamp | None = None
        done = total = 0
        while True:  # a snapshot for each batch: a long export must not keep the database's log from being emptied
            with self._store.reading() as connection:
                stamps = meta(connection)
                if not stamps["generation"]:
                    return "done"
                name = collections.name_of(stamps)
                if stamp is None:
                    stamp = self._prepare(connection, name, stamps)
                    if at_most is not None and _after(connection, stamp, at_most + 1) > at_most:
                        return "never" if stamp.generation < 0 else "far"
                    total = _after(connection, stamp) if progress else 0
                if stamp.generation >= stamps["generation"]:
                    self._seen = (stamps["epoch"], stamps["generation"])
                    return "done"
                rows = collections.rows(
                    connection, "passages.id > ? ORDER BY passages.id LIMIT ?", stamp.passage, _BATCH
                )
                if rows:
                    stamp = replace(stamp, passage=rows[-1]["id"])
                else:
                    stamp = self._finish(connection, name, stamp, stamps["generation"])
            self._upsert(name, rows)
            collections.write_stamp(self._client(), name, stamp)
            done += len(rows)
            if rows and progress:
                progress("Bringing passages to Milvus", min(done, total), total)

    def _finish(self, connection: sqlite3.Connection, name: str, stamp: Stamp, generation: int) -> Stamp:
        """Take out what went, and write anew what was handed to a newer version of its article (paper, date)."""
        gone = connection.execute("SELECT passage FROM removed WHERE generation > ?", (stamp.generation,))
        self._delete(name, [row[0] for row in gone if row[0] <= stamp.passage])
        moved = connection.execute(
            "SELECT id FROM passages WHERE article > ? AND id <= ? ORDER BY id", (stamp.article, stamp.passage)
        )
        self._upsert_ids(connection, name, [row[0] for row in moved])
        if self._is_lite:  # what is not flushed is searched many times slower
            self._client().flush(name)
        return replace(stamp, article=_newest(connection), generation=generation)

    def _upsert(self, name: str, rows: list[dict[str, Any]]) -> None:
        if rows:
            self._client().upsert(name, rows, timeout=CALL_SECONDS)

    def _upsert_ids(self, connection: sqlite3.Connection, name: str, ids: Sequence[int]) -> None:
        for first in range(0, len(ids), _BATCH):
            listed = ",".join(map(str, ids[first : first + _BATCH]))
            self._upsert(name, collections.rows(connection, f"passages.id IN ({listed})"))

    def _delete(self, name: str, ids: Sequence[int]) -> None:
        for first in range(0, len(ids), _BATCH):
            self._client().delete(name, ids=list(ids[first : first + _BATCH]), timeout=CALL_SECONDS)

    def _differences(self, connection: sqlite3.Connection) -> Iterator[tuple[list[int], list[int]]]:
        """Yield (ids that Milvus lacks, ids that it has too many), a window of ids at a time."""
        stamps = meta(connection)
        last = connection.execute("SELECT ifnull(max(seq), 0) FROM sqlite_sequence WHERE name = 'passages'").fetchone()[
            0
        ]
        if stamps["generation"]:
            self._prepare(connection, collections.name_of(stamps), stamps)
        for first in range(1, last + 1, _WINDOW):
            window = (first, first + _WINDOW)
            ours = {row[0] for row in connection.execute("SELECT id FROM passages WHERE id >= ? AND id < ?", window)}
            found = self._client().query(
                collections.name_of(stamps),
                filter=f"id >= {window[0]} and id < {window[1]}",
                output_fields=["id"],
                consistency_level="Strong",
                timeout=CALL_SECONDS,
            )
            theirs = {row["id"] for row in found}
            yield sorted(ours - theirs), sorted(theirs - ours)

    def _prepare(self, connection: sqlite3.Connection, name: str, stamps: Mapping[str, Any]) -> Stamp:
        stamp = collections.prepare(self._client(), self._where, name, stamps)
        if stamp is None or stamp.words != stamps["words"]:  # empty, or its words were cut otherwise
            return Stamp(stamps["model"], stamps["words"], _newest(connection))
        return stamp

    def _client(self) -> MilvusClient:
        with self._lock:
            if self._connection is None:
                if self._is_lite and not self._uri.endswith(".db"):
                    raise ArchiveError(
                        f"BAODA_MILVUS_URI={self._uri}: neither http://host:19530 nor a file that ends in .db"
                    )
                self._connection = collections.connect(self._uri)
            return self._connection

    def _lacking(self) -> ArchiveError:
        return ArchiveError(
            f"{self._where}: it lacks many passages of {self._store.path}; run `baoda index export --engine milvus`"
        )

    @contextmanager
    def _plain_words(self) -> Iterator[None]:
        """Say in one line what pymilvus and gRPC say in many."""
        try:
            import grpc
            from pymilvus.exceptions import MilvusException
        except ImportError:
            raise ArchiveError("pymilvus is not installed; install it with `pip install 'baoda[milvus]'`") from None
        try:
            yield
        except (MilvusException, grpc.RpcError) as error:
            reason = " ".join((getattr(error, "message", "") or str(error)).split())[:200]
            if self._is_lite and "local milvus" in reason:
                reason = "cannot be opened: the folder is missing, or another process has it open"
            raise ArchiveError(
                f"{self._where}: {reason}; the archive itself is whole: mend this or set BAODA_ENGINE=local"
            ) from error


def export(data: Path, uri: str, progress: Progress | None = None) -> int:
    """Bring the archive in the folder `data` to the Milvus at `uri`, and return how many passages are there.

    Nothing is embedded again. Interrupted, it continues where it stopped when it is repeated.

    Raises:
        ArchiveError: There is no archive, Milvus is out of reach, or another process is updating it.
    """
    store = Store(data, write=False)
    engine = MilvusEngine(store, None, uri)
    try:
        engine.export(progress)
        with store.reading() as connection:
            return int(connection.execute("SELECT count(*) FROM passages").fetchone()[0])
    finally:
        engine.close()
        store.close()


def _after(connection: sqlite3.Connection, stamp: Stamp, limit: int = -1) -> int:
    """Count the passages that `stamp` has not seen, up to `limit`."""
    row = connection.execute(
        "SELECT count(*) FROM (SELECT 1 FROM passages WHERE id > ? LIMIT ?)", (stamp.passage, limit)
    )
    return int(row.fetchone()[0])


def _newest(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT ifnull(max(pk), 0) FROM articles").fetchone()[0])
