"""Taking an article back, proving the archive whole, backing it up and bringing it back."""

from __future__ import annotations

import datetime as dt
import difflib
import os
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Literal

import numpy as np

from index import commit, duplicates, lexical, vectors
from index.cache import Progress, put_in_place
from index.errors import ArchiveError
from index.models import Article, Frozen, Line
from index.passages import cut
from index.records import lines_hash, read_article, read_lines, record_hash, text_hash
from index.store import FILE, SCHEMA_VERSION, Store, meta
from index.text import fold, sentences

_REWORDED = 0.6
"""Likeness (difflib's ratio) of a sentence to the one that it corrects, at least."""

_STEP = 2000
"""Pages of the database copied between two reports of progress."""


class Standing(Frozen):
    """What has become of a quote since it was given.

    current: the article says so; where newer content of its source put these words in the place of others, `since`
    tells when (已更正). corrected: an older version of the article said so, the current one does not. gone: the article
    is served no more, because its source was replaced. retracted: `since` then, for this `reason`.
    """

    state: Literal["current", "corrected", "retracted", "gone", "unknown"]
    since: dt.datetime | None = None
    reason: str | None = None


def retract(store: Store, article_id: str, reason: str) -> None:
    """Take an article out of what is searched and quoted. `Archive.retract` says what this promises."""
    with store.writing() as connection:
        pk = current(connection, article_id)
        generation = meta(connection)["generation"] + 1
        commit.drop_passages(connection, pk, generation)
        connection.execute(
            "INSERT INTO retractions(article, reason, retracted) VALUES (?, ?, ?)", (article_id, reason, _now())
        )
        commit.stamp(connection, generation=generation)


def restore(store: Store, article_id: str) -> None:
    """Undo a retraction. The passages come back with their stored vectors."""
    with store.writing() as connection:
        if not commit.is_retracted(connection, article_id):
            raise ArchiveError(f"article {article_id} is not retracted; there is nothing to restore")
        stamps = meta(connection)
        connection.execute(
            "UPDATE retractions SET restored = ? WHERE article = ? AND restored IS NULL", (_now(), article_id)
        )
        row = connection.execute("SELECT pk FROM articles WHERE id = ? AND current", (article_id,)).fetchone()
        if row:
            commit.add_passages(connection, row[0], commit.draft(stored_article(connection, row[0]), stamps["model"]))
        commit.stamp(connection, generation=stamps["generation"] + 1)


def standing(store: Store, article_id: str, start: int, end: int, text: str) -> Standing:
    """Say what has become of a quote."""
    with store.reading() as connection:
        row = connection.execute(
            "SELECT retracted, reason FROM retractions WHERE article = ? AND restored IS NULL", (article_id,)
        ).fetchone()
        if row:
            return Standing(state="retracted", since=row[0], reason=row[1])
        versions = connection.execute(
            "SELECT current, body, source, added FROM articles WHERE id = ? ORDER BY current DESC, version DESC",
            (article_id,),
        ).fetchall()
    said = [bool(is_current) for is_current, body, _, _ in versions if 0 <= start < end and body[start:end] == text]
    if not said:
        return Standing(state="unknown")
    if said[0]:
        return Standing(state="current", since=_put_in_place(text, versions))
    return Standing(state="corrected" if versions[0][0] else "gone")


def _put_in_place(text: str, versions: Sequence[tuple[bool, str, int, str]]) -> str | None:
    """When `text` took the place of other words, by (current, body, source, added) of the versions, newest first.

    None where it did not. A page that is laid out anew says nothing else than before, and what is only new in the
    article, as the other half of a jump, was in no place before.
    """
    _, _, source, since = versions[0]
    for _, body, from_source, added in versions[1:]:
        if _bare(text) not in _bare(body):
            said = (_bare(body[first:last]) for first, last in sentences(body))
            took_place = source != from_source and difflib.get_close_matches(_bare(text), said, 1, _REWORDED)
            return since if took_place else None
        source, since = from_source, added
    return None


def _bare(text: str) -> str:
    """Letters and figures of `text`, folded."""
    return "".join(character for character in fold(text) if character.isalnum())


def current(connection: sqlite3.Connection, article_id: str) -> int:
    """Return the row of an article that may be quoted.

    Raises:
        ArchiveError: There is none of this id, or it is retracted.
    """
    row = connection.execute(
        "SELECT retracted, reason FROM retractions WHERE article = ? AND restored IS NULL", (article_id,)
    ).fetchone()
    if row:
        raise ArchiveError(f"article {article_id} was retracted on {row[0][:10]}: {row[1]}")
    row = connection.execute("SELECT pk FROM articles WHERE id = ? AND current", (article_id,)).fetchone()
    if row is None:
        raise ArchiveError(f"there is no article {article_id} here; `baoda articles list` shows those there are")
    return int(row[0])


def stored_article(connection: sqlite3.Connection, pk: int) -> Article:
    """Return a stored version of an article."""
    return read_article(*connection.execute("SELECT record, body, trace FROM articles WHERE pk = ?", (pk,)).fetchone())


def check_article(connection: sqlite3.Connection, pk: int, version: Article) -> dict[int, dict[int, Line]]:
    """Check a version against the hashes it was stored with, and its trace against the lines of its pages.

    Return these lines by place and number.

    Raises:
        ArchiveError: One of them does not hold.
    """
    stored = connection.execute(
        "SELECT text_hash, record_hash, title, paper, published, page FROM articles WHERE pk = ?", (pk,)
    ).fetchone()
    published = version.published and version.published.isoformat()
    said = (version.title, version.paper, published, version.page)
    if stored != (text_hash(version), record_hash(version), *said):
        raise ArchiveError(f"article {version.id}: it was changed after it was stored; restore a backup")
    lines: dict[int, dict[int, Line]] = {}
    for place, page, text, digest in connection.execute(
        "SELECT places.position, pages.id, lines, hash FROM places JOIN pages ON pages.id = places.page "
        "WHERE places.article = ?",
        (pk,),
    ):
        if lines_hash(text) != digest:
            raise ArchiveError(f"page {page} of article {version.id}: it was changed after it was stored")
        lines[place] = {line.number: line for line in read_lines(text)}
    if lines:
        from index.layout import check_trace

        try:
            check_trace(version, lambda place, number: lines[place][number].text)
        except (ValueError, KeyError) as error:
            raise ArchiveError(f"article {version.id}: does not lead to the lines of its page ({error})") from None
    return lines


def verify(store: Store, progress: Progress | None) -> Iterator[str]:
    """Yield what is wrong with the archive, a line each. `Archive.verify` says what is checked."""
    with store.reading() as connection:
        damage = [row[0] for row in connection.execute("PRAGMA integrity_check")]
        if damage != ["ok"]:
            yield from (f"database: {line}" for line in damage)
            return
        for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check"):
            yield f"database: row {row} of {table} has lost its row in {parent}"
        total = connection.execute("SELECT count(*) FROM articles").fetchone()[0]
        model = meta(connection)["model"]
        terms: Counter[str] = Counter()
        rows = connection.execute(
            "SELECT pk, current AND NOT EXISTS (SELECT 1 FROM retractions WHERE article = articles.id AND restored IS NULL) "
            "FROM articles"
        ).fetchall()
        for done, (pk, is_served) in enumerate(rows, 1):
            version = stored_article(connection, pk)
            try:
                check_article(connection, pk, version)
            except ArchiveError as error:
                yield str(error)
            yield from _verify_passages(connection, pk, version, model, terms, is_served=bool(is_served))
            if progress and (done % 100 == 0 or done == total):
                progress("Checking articles", done, total)
        yield from _verify_derived(connection, terms)


def _verify_passages(
    connection: sqlite3.Connection, pk: int, version: Article, model: str, terms: Counter[str], *, is_served: bool
) -> Iterator[str]:
    """Check that the passages are those that the article must have, each with the vector of its text."""
    wanted = [
        (start, end, vectors.text_hash(model, vectors.embedded_text(version.title, version.body[start:end])))
        for start, end in cut(version.body)
    ]
    found = connection.execute(
        'SELECT "start", "end", hash FROM passages LEFT JOIN vectors ON vectors.id = passages.vector WHERE article = ? ORDER BY 1',
        (pk,),
    ).fetchall()
    if found != (wanted if is_served else []):
        yield f"article {version.id}: its passages or their vectors are not those of its text; run `baoda index rebuild`"
    keys = [row[0] for row in connection.execute("SELECT key FROM bands WHERE article = ? ORDER BY key", (pk,))]
    if is_served and keys != sorted(duplicates.bands(version.body)):
        yield f"article {version.id}: the keys of its near duplicates are not those of its text"
    title = set(lexical.words(version.title))
    for start, end, _ in found:
        terms.update(title | set(lexical.words(version.body[start:end])))


def _verify_derived(connection: sqlite3.Connection, terms: Counter[str]) -> Iterator[str]:
    """Check the vectors, and the word index against the passages."""
    dim = meta(connection)["dim"] or 0
    for pk, blob in connection.execute("SELECT id, CAST(vector AS BLOB) FROM vectors"):
        vector = np.frombuffer(blob, np.float16) if len(blob) == 2 * dim else np.array([np.nan], np.float16)
        if not np.isfinite(vector).all() or abs(float(np.linalg.norm(vector.astype(np.float32))) - 1) > 0.01:
            yield f"vector {pk}: not {dim} finite numbers of length 1"
    passages = {row[0] for row in connection.execute("SELECT id FROM passages")}
    if {row[0] for row in connection.execute("SELECT rowid FROM words")} != passages:
        yield "word index: it does not hold the passages of the archive; run `baoda index rebuild`"
    elif dict(connection.execute("SELECT term, doc FROM vocabulary")) != terms:
        yield "word index: its words are not those of the passages; run `baoda index rebuild`"


def backup(store: Store, file: Path, progress: Progress | None) -> None:
    """Copy the archive to `file`, as of one commit, while others read and write."""
    partial = file.with_name(f"{file.name}.{os.getpid()}.partial")  # two processes may back up to one file at once
    try:
        partial.write_bytes(b"")
        with store.reading() as connection, closing(sqlite3.connect(partial)) as copy:
            connection.execute("SELECT 1 FROM meta").fetchone()  # the snapshot begins, and no write restarts the copy
            _copy(connection, copy, "Backing up", progress)
            copy.execute("PRAGMA journal_mode = DELETE")
        put_in_place(partial, file)
    except OSError as error:
        raise ArchiveError(f"{file}: the backup cannot be written ({error.strerror}); name another file") from None
    finally:
        with suppress(OSError):
            partial.unlink()


def restore_backup(file: Path, data: Path, progress: Progress | None) -> None:
    """Put the archive of a backup into the folder `data`, in one transaction of whoever uses it meanwhile."""
    if not file.is_file():
        raise ArchiveError(f"{file}: no such file; nothing was restored")
    with closing(Store(data, write=True)) as store:
        partial = data / (FILE + ".restored")
        try:
            shutil.copyfile(file, partial)
            with closing(sqlite3.connect(partial, isolation_level=None)) as copy:
                _check_backup(file, copy)
                with store.reading() as connection:
                    generation = meta(connection)["generation"]
                commit.stamp(copy, generation=max(generation, meta(copy)["generation"]) + 1, epoch=os.urandom(8).hex())
                with store.outside() as connection:
                    _copy(copy, connection, "Restoring", progress)
        except OSError as error:
            raise ArchiveError(f"{error.filename or file}: {error.strerror}; nothing was restored") from None
        finally:
            partial.unlink(missing_ok=True)


def _check_backup(file: Path, copy: sqlite3.Connection) -> None:
    try:
        version = copy.execute("PRAGMA user_version").fetchone()[0]
        is_whole = copy.execute("PRAGMA quick_check").fetchone()[0] == "ok"
    except sqlite3.DatabaseError:
        version, is_whole = 0, False
    if version != SCHEMA_VERSION or not is_whole:
        raise ArchiveError(f"{file}: not a whole backup of an archive that this baoda can read; nothing was restored")


def _copy(source: sqlite3.Connection, target: sqlite3.Connection, what: str, progress: Progress | None) -> None:
    def report(_: int, remaining: int, total: int) -> None:
        if progress:
            progress(what, total - remaining, total)

    source.backup(target, pages=_STEP, progress=report)


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
