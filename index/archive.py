"""The archive: add sources, search passages, check quotes. The only module that others need of the storage."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from index import lexical, upkeep
from index.adding import AddedSource, AddReport, add
from index.cache import Progress
from index.engine import Engine, LocalEngine, check_model
from index.errors import ArchiveError
from index.known import Given
from index.models import Article, Frozen, Hit, page_of
from index.rebuild import rebuild
from index.search import POOL, hits, near
from index.store import Store, meta
from index.upkeep import Standing, check_article, current, stored_article

if TYPE_CHECKING:
    from index.embedding import Embedder

__all__ = ["AddReport", "AddedSource", "Archive", "Progress", "Standing", "Status"]


class Status(Frozen):
    """What an archive holds."""

    sources: int
    pages: int
    lines: int
    articles: int
    retracted: int
    passages: int
    vectors: int
    model: str | None
    arithmetic: str | None
    generation: int
    bytes: int
    added: dt.datetime | None


class Archive:
    """An archive in one folder. Many threads may search it; one at a time may add."""

    def __init__(self, store: Store, embedder: Embedder | None, engine: Engine) -> None:
        self._store = store
        self._embedder = embedder
        self._engine = engine

    @classmethod
    def open(
        cls, data: Path, *, embedder: Embedder | None = None, write: bool = False, milvus: str | None = None
    ) -> Self:
        """Open the archive in the folder `data`; with `write`, make it where there is none.

        Without an embedder, search goes by words alone and nothing can be added. With the address of a `milvus`
        (http://host:19530, or a file *.db for Milvus Lite) that is what searches, brought up to date here and after
        each commit; else FAISS and FTS5 do.

        Raises:
            ArchiveError: There is no archive, it cannot be used as asked, another model made its vectors, or Milvus
                is out of reach.
        """
        store = Store(data, write=write)
        model = embedder.name if embedder else None
        archive = cls(store, embedder, _milvus(store, model, milvus) if milvus else LocalEngine(store, model))
        try:
            with archive._store.reading() as connection:
                stamps = meta(connection)
                if not write and not stamps["generation"]:
                    raise ArchiveError(f"{data}: nothing was added yet; add an issue first with `baoda index add`")
                check_model(store, model, stamps)
            archive._engine.follow(at_most=20_000)  # more wants a progress bar: `baoda index export`
        except BaseException:
            archive.close()
            raise
        return archive

    def close(self) -> None:
        """Close the archive's files."""
        self._engine.close()
        self._store.close()

    def __enter__(self) -> Self:
        """Return the archive itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close the archive."""
        self.close()

    @property
    def generation(self) -> int:
        """Number of commits so far. Another process's commit shows here, and in the next search, at once."""
        with self._store.reading() as connection:
            return int(meta(connection)["generation"])

    def add(
        self,
        paths: Sequence[Path],
        *,
        paper: str | None = None,
        published: dt.date | None = None,
        page: int | str | None = None,
        progress: Progress | None = None,
    ) -> AddReport:
        """Add files, or the files of folders. `paper`, `published` and `page` (3 or B03) say what the sources do not.

        Each issue is one transaction, and an interrupted call continues where it stopped when it is repeated.
        `index.issues` states what counts as the same source and the same article.

        Raises:
            ValueError: `page` is no page's name.
            SourceError: A path is missing or not a source. Nothing is added, unless there are more than 64 MB:
                then the issues before it are.
            ArchiveError: The archive cannot be written, e.g. the disk is full. It is as it was.
            ModelError: The embedding model cannot be loaded.
        """
        if self._embedder is None:
            raise ArchiveError("the archive was opened without an embedding model: nothing can be added")
        if page is not None:
            number, label = page_of(page)
            page = label or number
        report = add(self._store, self._embedder, paths, Given(paper, published, page), progress)
        self._engine.follow(progress)
        return report

    def articles(self, *, paper: str | None = None, published: dt.date | None = None) -> Iterator[Article]:
        """Yield the articles that may be quoted, all or of one paper or date, by date, page and line; undated ones last."""
        with self._store.reading() as connection:
            keys = connection.execute(
                "SELECT pk FROM articles WHERE current AND NOT EXISTS "
                "(SELECT 1 FROM retractions WHERE article = articles.id AND restored IS NULL) AND (?1 IS NULL OR paper = ?1) AND (?2 IS NULL OR published = ?2) "
                "ORDER BY published IS NULL, published, paper, page IS NULL, page, source, line, pk",
                (paper, published and published.isoformat()),
            ).fetchall()
        for (pk,) in keys:  # versions are never deleted, so that no snapshot is held while the caller works
            with self._store.reading() as connection:
                article = stored_article(connection, pk)
            yield article

    def article(self, article_id: str) -> Article:
        """Return an article that may be quoted.

        Raises:
            ArchiveError: There is none of this id, or it is retracted.
        """
        with self._store.reading() as connection:
            return stored_article(connection, current(connection, article_id))

    def search(self, query: str, k: int = 10) -> list[Hit]:
        """Return up to `k` passages for `query`, best first: words and vectors fused, ties by passage id.

        Only passages of current articles are found, all as of one commit, the newest. Of near duplicates the one with
        the best passage speaks for all.
        """
        words = lexical.words(query)
        vector = None if self._embedder is None else self._embedder.query(query)
        with self._store.reading() as connection:
            return hits(connection, *self._engine.rankings(connection, words, vector, POOL), k)

    def near_duplicates(self, article_id: str) -> list[Article]:
        """Return the other articles that may be quoted and say nearly the same, oldest first.

        Raises:
            ArchiveError: There is none of this id, or it is retracted.
        """
        with self._store.reading() as connection:
            return [stored_article(connection, pk) for pk in near(connection, current(connection, article_id))]

    def verify_quote(self, article_id: str, start: int, end: int, text: str) -> bool:
        """Prove that `text` may be quoted: it is `body[start:end]` of the current article, as its source has it.

        Return whether it stands on a line of a scan that may have been misread.

        Raises:
            ArchiveError: The article is unknown or retracted, the text is not that slice, the stored article is not
                what was added, or its characters do not lead to the lines of its stored pages.
        """
        with self._store.reading() as connection:
            pk = current(connection, article_id)
            article = stored_article(connection, pk)
            if not 0 <= start < end or article.body[start:end] != text:
                raise ArchiveError(f"article {article_id}: characters {start} to {end} are not the text to be quoted")
            lines = check_article(connection, pk, article)
            under = (run for run in article.trace if run.start < end and start < run.end and run.place in lines)
            return any(lines[run.place][run.line].is_doubtful for run in under)

    def standing(self, article_id: str, start: int, end: int, text: str) -> Standing:
        """Say what has become of a quote that was given before: current, corrected, retracted, gone or unknown."""
        return upkeep.standing(self._store, article_id, start, end, text)

    def retract(self, article_id: str, reason: str) -> None:
        """Quote an article no more, from the next search of any process on. It stays stored, as do later versions.

        Raises:
            ArchiveError: There is none of this id, or it is retracted already.
        """
        upkeep.retract(self._store, article_id, reason)
        self._engine.follow()

    def restore(self, article_id: str) -> None:
        """Undo a retraction.

        Raises:
            ArchiveError: The article is not retracted.
        """
        upkeep.restore(self._store, article_id)
        self._engine.follow()

    def verify(self, progress: Progress | None = None) -> list[str]:
        """Check the whole chain, and return what is wrong, a line each; an empty list proves the archive whole.

        The database's own structure; every version of every article against its hashes and, by its trace, against
        the lines of its pages; the passages as slices of their articles; vectors, those of the passages' texts and
        finite; the word index and, where all this holds, FAISS or Milvus against the passages.
        """
        return list(upkeep.verify(self._store, progress)) or list(self._engine.verify())

    def rebuild(self, progress: Progress | None = None) -> None:
        """Make anew all that is derived from sources: word index, articles of pages, passages. Each step is atomic."""
        if self._embedder is None:
            raise ArchiveError("the archive was opened without an embedding model: it cannot be rebuilt")
        rebuild(self._store, self._embedder, progress)
        self._engine.follow(progress)

    def backup(self, file: Path, progress: Progress | None = None) -> None:
        """Copy the archive, as of one commit, to `file`, which is replaced in one step. Others may write meanwhile.

        Raises:
            ArchiveError: The file cannot be written.
        """
        upkeep.backup(self._store, file, progress)

    @staticmethod
    def restore_backup(file: Path, data: Path, progress: Progress | None = None) -> None:
        """Put a backup in the place of the archive in the folder `data`, in one transaction of who uses it.

        Raises:
            ArchiveError: `file` is not a whole backup; nothing is changed.
        """
        upkeep.restore_backup(file, data, progress)

    def status(self) -> Status:
        """Count what the archive holds."""
        with self._store.reading() as connection:
            stamps = meta(connection)
            return Status(
                sources=_count(connection, "sources WHERE current AND complete"),
                pages=_count(connection, "pages JOIN sources ON sources.id = pages.source AND sources.current"),
                lines=_lines(connection),
                articles=_count(connection, "articles WHERE current"),
                retracted=_count(connection, "retractions WHERE restored IS NULL"),
                passages=_count(connection, "passages"),
                vectors=_count(connection, "vectors"),
                model=stamps["model"],
                arithmetic=stamps.get("arithmetic"),
                generation=stamps["generation"],
                bytes=self._store.bytes,
                added=stamps["added"],
            )


def _milvus(store: Store, model: str | None, uri: str) -> Engine:
    """Import pymilvus only where it is asked for."""
    from index.milvus import MilvusEngine

    return MilvusEngine(store, model, uri)


def _count(connection: sqlite3.Connection, what: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {what}").fetchone()[0])  # noqa: S608 - constants of ours


def _lines(connection: sqlite3.Connection) -> int:
    row = connection.execute(
        "SELECT ifnull(sum(line_count), 0) FROM pages JOIN sources ON sources.id = pages.source AND sources.current"
    )
    return int(row.fetchone()[0])
