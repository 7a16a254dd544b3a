"""What residents asked, and whether the archive could say: for staff who wonder what to write about.

Kept apart from the archive, which holds only what the paper printed, and without who asked.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from pathlib import Path

from bot.models import Answer, AskedInVain
from index.errors import ArchiveError

FILE = "asked.db"
KEPT = dt.timedelta(days=365)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS asked(at TEXT NOT NULL, question TEXT NOT NULL, answered INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS asked_at ON asked(at);
"""


class Asked:
    """The questions of the last year, in the archive's folder. Use from one thread."""

    def __init__(self, data: Path) -> None:
        """Open the record beside the archive in `data`.

        Raises:
            ArchiveError: The folder cannot be written.
        """
        try:
            self._connection = sqlite3.connect(data / FILE, isolation_level=None, check_same_thread=False, timeout=5)
            self._connection.executescript("PRAGMA journal_mode=WAL;" + _SCHEMA)
        except sqlite3.Error as error:
            raise ArchiveError(f"{data / FILE}: cannot be opened ({error}); is the folder writable?") from None

    def close(self) -> None:
        """Close the record."""
        self._connection.close()

    def note(self, answer: Answer) -> None:
        """Note one question; what is older than a year goes.

        Raises:
            ArchiveError: It cannot be written, e.g. the disk is full. Nothing else is lost by that.
        """
        now = dt.datetime.now(dt.UTC)
        try:
            with self._connection:
                self._connection.execute(
                    "INSERT INTO asked VALUES (?, ?, ?)", (now.isoformat(), answer.question, answer.answered)
                )
                self._connection.execute("DELETE FROM asked WHERE at < ?", ((now - KEPT).isoformat(),))
        except sqlite3.Error as error:
            raise ArchiveError(f"{FILE}: the question was not noted ({error})") from None

    def in_vain(self, days: int = 30, most: int = 100) -> list[AskedInVain]:
        """Questions of the last `days` that were refused, the most frequent first, then the newest."""
        since = dt.datetime.now(dt.UTC) - dt.timedelta(days=days)
        rows = self._connection.execute(
            "SELECT question, count(*), max(at) FROM asked WHERE NOT answered AND at >= ? "
            "GROUP BY question ORDER BY 2 DESC, 3 DESC LIMIT ?",
            (since.isoformat(), most),
        )
        return [
            AskedInVain(question=question, times=times, last=dt.date.fromisoformat(last[:10]))
            for question, times, last in rows
        ]
