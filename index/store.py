"""The archive's database: its tables, its connections and transactions, and its errors in plain words.

SQLite in WAL mode: one writer, any number of readers, each of which sees whole commits only.
`synchronous=FULL`, because a commit that was reported must survive a power cut; it costs one fsync an issue.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from index import lexical
from index.errors import ArchiveError

SCHEMA_VERSION = 1
FILE = "archive.db"
BUSY_SECONDS = 20.0

SCHEMA = """
CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;
-- generation: counts commits. epoch: changes where a restored backup breaks that count.
INSERT INTO meta VALUES ('generation', 0), ('epoch', hex(randomblob(8))), ('model', NULL), ('dim', NULL), ('words', NULL),
  ('added', NULL);

-- A file as it was added. `paper`, `published`, `page` are what --paper, --date, --page said.
-- A page is known by a number, or by text where its name has a letter, e.g. 'B03': sources.page, pages.number.
-- complete: its last issue is committed. current: not replaced by newer content.
CREATE TABLE sources(
  id INTEGER PRIMARY KEY, path TEXT NOT NULL, name TEXT NOT NULL, sha256 TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('pages', 'articles')), paper TEXT, published TEXT, page INTEGER,
  complete INTEGER NOT NULL, current INTEGER NOT NULL, added TEXT NOT NULL);
CREATE INDEX sources_by_path ON sources(path);
CREATE INDEX sources_by_content ON sources(sha256);

-- One issue of one paper, or, where paper or date is unknown, what one source holds (`source`).
CREATE TABLE issues(id INTEGER PRIMARY KEY, paper TEXT, published TEXT, source INTEGER REFERENCES sources);
CREATE UNIQUE INDEX issues_by_key ON issues(ifnull(paper, ''), ifnull(published, ''), ifnull(source, 0));

-- lines: JSON list of [number, text, box or null, size or null, confidence or null].
CREATE TABLE pages(
  id INTEGER PRIMARY KEY, source INTEGER NOT NULL REFERENCES sources, position INTEGER NOT NULL,
  issue INTEGER NOT NULL REFERENCES issues, paper TEXT, published TEXT, number INTEGER, url TEXT,
  lines TEXT NOT NULL, line_count INTEGER NOT NULL, hash BLOB NOT NULL);
CREATE INDEX pages_by_issue ON pages(issue);
CREATE INDEX pages_by_source ON pages(source);

-- Every version of every article. text_hash: of what passages are made of; record_hash: of all of it.
CREATE TABLE articles(
  pk INTEGER PRIMARY KEY, id TEXT NOT NULL, version INTEGER NOT NULL, current INTEGER NOT NULL,
  source INTEGER NOT NULL REFERENCES sources, issue INTEGER NOT NULL REFERENCES issues,
  paper TEXT, published TEXT, page INTEGER, line INTEGER NOT NULL, title TEXT NOT NULL,
  text_hash BLOB NOT NULL, record_hash BLOB NOT NULL, record TEXT NOT NULL, body TEXT NOT NULL, trace TEXT NOT NULL,
  cluster INTEGER, added TEXT NOT NULL, UNIQUE (id, version));
CREATE UNIQUE INDEX articles_current ON articles(id) WHERE current;
CREATE INDEX articles_by_cluster ON articles(cluster) WHERE cluster IS NOT NULL;
CREATE INDEX articles_by_issue ON articles(issue);
CREATE INDEX articles_by_source ON articles(source);

-- Near duplicates share a cluster, and are found by the keys that they share.
CREATE TABLE bands(key INTEGER NOT NULL, article INTEGER NOT NULL REFERENCES articles, PRIMARY KEY (key, article))
  WITHOUT ROWID;
CREATE INDEX bands_by_article ON bands(article);

-- The stored page of each place of an article, by position in `Article.places`.
CREATE TABLE places(
  article INTEGER NOT NULL REFERENCES articles, position INTEGER NOT NULL, page INTEGER NOT NULL REFERENCES pages,
  PRIMARY KEY (article, position)) WITHOUT ROWID;

-- Articles that must not be quoted: those with a row that is not restored.
CREATE TABLE retractions(
  id INTEGER PRIMARY KEY, article TEXT NOT NULL, reason TEXT NOT NULL, retracted TEXT NOT NULL, restored TEXT);
CREATE UNIQUE INDEX retracted_now ON retractions(article) WHERE restored IS NULL;

-- Vectors are found by the hash of the embedded text and may outlive their passages: nothing is embedded twice.
CREATE TABLE vectors(id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, vector BLOB NOT NULL);

-- Exactly what is searched: the passages of current articles that are not retracted. Ids are never used again.
CREATE TABLE passages(
  id INTEGER PRIMARY KEY AUTOINCREMENT, article INTEGER NOT NULL REFERENCES articles,
  "start" INTEGER NOT NULL, "end" INTEGER NOT NULL, vector INTEGER NOT NULL REFERENCES vectors);
CREATE INDEX passages_by_article ON passages(article);
CREATE TABLE removed(passage INTEGER PRIMARY KEY, generation INTEGER NOT NULL);
CREATE INDEX removed_by_generation ON removed(generation);
"""


class Store:
    """Connections to one database file, one a thread, and transactions on them."""

    def __init__(self, folder: Path, *, write: bool) -> None:
        """Open the database in `folder`, and make it where `write` is set and it is not there.

        Raises:
            ArchiveError: It is missing, not a database of baoda's, newer than this program, or out of reach.
        """
        self.path = folder / FILE
        self._write = write
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        if write:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise ArchiveError(f"{folder}: cannot be made ({error.strerror}); give another folder") from None
        elif not self.path.is_file():
            raise ArchiveError(f"{folder}: there is no archive here; add an issue first with `baoda index add`")
        with self._plain_words():
            self._check_schema(self._connection())

    def close(self) -> None:
        """Close every connection of every thread."""
        while self._connections:
            self._connections.pop().close()
        self._local = threading.local()

    @property
    def bytes(self) -> int:
        """Size of the database on disk, its log included."""
        files = (self.path, self.path.with_name(FILE + "-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give a connection on which all reads see one and the same commit."""
        with self._plain_words():
            connection = self._connection()
            if connection.in_transaction:  # nested: the outer snapshot holds
                yield connection
                return
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("ROLLBACK")

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Give a connection that holds the write lock; commit at the end, roll back on any error."""
        with self._plain_words():
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:  # a full disk has rolled back already
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def outside(self) -> Iterator[sqlite3.Connection]:
        """Give a connection that is in no transaction, for what SQLite does as a whole."""
        with self._plain_words():
            yield self._connection()

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._connect()
            self._connections.append(connection)
        return connection

    def _connect(self) -> sqlite3.Connection:
        # Closing happens in the thread that closes the archive, hence check_same_thread; use stays in one thread.
        connection = sqlite3.connect(
            self._address(), uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            if self._write:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute("PRAGMA foreign_keys = ON")
            else:
                connection.execute("PRAGMA query_only = ON")
            connection.execute("PRAGMA cache_size = -64000")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except BaseException:
            connection.close()
            raise
        return connection

    def _address(self) -> str:
        """URI of the file. A reader of WAL shares a -shm file; on read-only media the file is taken as frozen."""
        address = self.path.absolute().as_uri()
        if self._write:
            return f"{address}?mode=rwc"
        try:
            probe = sqlite3.connect(f"{address}?mode=rw", uri=True, timeout=BUSY_SECONDS)
            try:
                probe.execute("SELECT count(*) FROM sqlite_master").fetchone()
            finally:
                probe.close()
        except sqlite3.OperationalError as error:
            left = self.path.with_name(FILE + "-wal")
            if _code(error) not in {"SQLITE_CANTOPEN", "SQLITE_READONLY"} or (left.exists() and left.stat().st_size):
                raise
            return f"{address}?mode=ro&immutable=1"
        return f"{address}?mode=rw"

    def _check_schema(self, connection: sqlite3.Connection) -> None:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version == 0 and self._write and not connection.execute("SELECT 1 FROM sqlite_master").fetchone():
            with self.writing():
                if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
                    for statement in _statements(SCHEMA + lexical.SCHEMA):
                        connection.execute(statement)
                    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise ArchiveError(
                f"{self.path}: made by a newer baoda (format {version}, this one knows {SCHEMA_VERSION}); update baoda"
            )
        if version < 1:
            raise ArchiveError(f"{self.path}: a database, but not an archive of baoda's; give another folder")

    @contextmanager
    def _plain_words(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise ArchiveError(f"{self.path}: {_REASONS.get(_code(error), str(error))}") from error


def meta(connection: sqlite3.Connection) -> dict[str, Any]:
    """Return the archive's stamps: generation, epoch, model, dim, words, added."""
    return dict(connection.execute("SELECT name, value FROM meta").fetchall())


def _code(error: sqlite3.Error) -> str:
    """Return SQLite's primary result code, e.g. SQLITE_FULL for SQLITE_FULL or SQLITE_IOERR for SQLITE_IOERR_WRITE."""
    return "_".join(getattr(error, "sqlite_errorname", "SQLITE_ERROR").split("_")[:2])


def _statements(script: str) -> Iterator[str]:
    """Split a script, since `executescript` would commit the transaction that it runs in."""
    statement = ""
    for line in script.splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


_REASONS = {
    "SQLITE_BUSY": f"another process has been writing for {BUSY_SECONDS:.0f} seconds; try again when it is done",
    "SQLITE_LOCKED": "another process is writing; try again when it is done",
    "SQLITE_FULL": "the disk is full; nothing of this step was kept, make room and repeat it",
    "SQLITE_IOERR": "reading or writing failed (disk full or faulty?); nothing of this step was kept",
    "SQLITE_READONLY": "cannot be written to; check the folder's permissions or give another folder",
    "SQLITE_CANTOPEN": "cannot be opened; check that the folder exists and may be written to",
    "SQLITE_NOTADB": "not a database; restore a backup or give another folder",
    "SQLITE_CORRUPT": "the database is damaged; restore a backup",
    "SQLITE_PERM": "no permission; check who owns the folder",
}
