"""Sources that the archive knows: by content and path, what was said of them, which one another takes the place of."""

from __future__ import annotations

import datetime as dt
import hashlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import SourceError
from index.models import Article, Page, page_of
from index.records import SourceRow

if TYPE_CHECKING:
    from index.sources import Source


@dataclass(frozen=True)
class Given:
    """What the caller says of the sources."""

    paper: str | None
    published: dt.date | None
    page: int | str | None

    def of(self, source: SourceRow) -> Given:
        """Return this with what is not said filled by what was said when `source` was added."""
        return Given(self.paper or source.paper, self.published or source.published, self.page or source.page)


_COLUMNS = "id, path, name, sha256, kind, paper, published, page, complete"


def same(connection: sqlite3.Connection, path: str, sha256: str) -> SourceRow | None:
    """Return the source of this content, that at this path if there are several."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM sources WHERE sha256 = ? AND current ORDER BY path <> ?, id LIMIT 1",  # noqa: S608
        (sha256, path),
    ).fetchone()
    if row is None:
        return None
    pk, path, name, sha256, kind, paper, published, page, complete = row
    day = published and dt.date.fromisoformat(published)
    return SourceRow(pk, path, name, sha256, kind, paper, day, page, bool(complete))


def is_unchanged(connection: sqlite3.Connection, file: Path, sha256: str, given: Given) -> bool:
    """Tell whether a file is there already, and whether all that is said of it was said before."""
    row = same(connection, path_of(file), sha256)
    return bool(row and row.complete and given.of(row) == Given(row.paper, row.published, row.page))


def row_of(connection: sqlite3.Connection, source: Source, given: Given) -> tuple[SourceRow, str]:
    """Return the row of a source, new or with corrected metadata, and what that makes of it."""
    kind = "pages" if source.articles is None else "articles"
    row = same(connection, path_of(source.path), source.sha256)
    state = "replaced" if row and row.complete else "added"
    row = row or SourceRow(None, path_of(source.path), source.name, source.sha256, kind)
    merged = given.of(row)
    row.paper, row.published, row.page = merged.paper, merged.published, merged.page
    row.complete = True
    return row, state


def replaced(connection: sqlite3.Connection, row: SourceRow, dates: set[dt.date | None]) -> set[int]:
    """Ids of the sources at the same path that `row`, which holds `dates`, takes the place of."""
    gone: set[int] = set()
    for (other,) in connection.execute("SELECT id FROM sources WHERE path = ? AND current", (row.path,)).fetchall():
        theirs = {
            published and dt.date.fromisoformat(published)
            for table in ("pages", "articles")
            for (published,) in connection.execute(
                f"SELECT DISTINCT published FROM {table} WHERE source = ?",  # noqa: S608 - two names of ours
                (other,),
            )
        }
        another_day = len(dates) == len(theirs) == 1 and None not in dates | theirs and dates != theirs
        if other != row.id and not another_day:
            gone.add(other)
    return gone


def pages_of(source: Source, given: Given) -> list[Page]:
    """The pages of a source; what was given corrects what they say. `given.page` is that of the first one."""
    pages = []
    for position, page in enumerate(source.pages):
        said: dict[str, object] = {"paper": given.paper, "published": given.published}
        said = {name: value for name, value in said.items() if value is not None}
        if given.page is not None:
            said["number"], said["label"] = page_of(_counted_on(given.page, position))
        pages.append(page.model_copy(update=said))
    return pages


def _counted_on(page: int | str, by: int) -> int | str:
    """The name of the page `by` pages behind `page`: B04 behind B03."""
    if isinstance(page, int):
        return page + by
    letter, digits = page[0], page[1:]
    return f"{letter}{int(digits) + by:0{len(digits)}}"


def filled(article: Article, given: Given) -> Article:
    """An article that says itself where it stood is believed; what was given fills the rest."""
    said: dict[str, object] = {"paper": given.paper, "published": given.published}
    if given.page is not None and not article.pages:
        number, label = page_of(given.page)
        first = article.places[0].model_copy(update={"page": number, "label": label})
        article = article.model_copy(update={"page": number, "places": (first, *article.places[1:])})
    return article.model_copy(update={k: v for k, v in said.items() if v is not None and getattr(article, k) is None})


def path_of(path: Path | str) -> str:
    """The path by which a source is known: absolute, links followed."""
    return str(Path(path).resolve())


def sha256_of(path: Path) -> str:
    """Return the hash of a file's content.

    Raises:
        SourceError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror})") from None
