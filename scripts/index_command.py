"""`baoda index`: add issues, see what the archive holds, prove it whole, back it up."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from index.errors import ArchiveError
from index.models import page_of
from scripts.terminal import (
    AsJson,
    Data,
    console,
    open_to_write,
    page_name,
    print_json,
    progress_bar,
    settings_of,
)

if TYPE_CHECKING:
    from index.archive import AddReport, Archive

MOST_ROWS = 40

app = typer.Typer(help="Add issues to the archive and look after it.", no_args_is_help=True)


@app.command()
def add(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Pages, articles, or folders of them.")],
    paper: Annotated[str | None, typer.Option(help="The paper's name, where the page does not say.")] = None,
    date: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="The date of the issue.")] = None,
    page: Annotated[str | None, typer.Option(help="The page, e.g. 3 or B03; of several, the first.")] = None,
    data: Data = None,
) -> None:
    """Add pages or articles. Adding a file again changes nothing; adding a changed one replaces it."""
    published, name = _date(date), _page(page)
    with open_to_write(settings_of(context, data)) as archive:
        with progress_bar() as progress:
            report = archive.add(paths, paper=paper, published=published, page=name, progress=progress)
        _show(report, archive)


@app.command()
def status(context: typer.Context, as_json: AsJson = False, data: Data = None) -> None:
    """Say what the archive holds."""
    from index.archive import Archive

    with Archive.open(settings_of(context, data).data) as archive:
        found = archive.status().model_dump(mode="json")
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        typer.echo(f"{name:<12} {'' if value is None else value}")


@app.command()
def verify(context: typer.Context, data: Data = None) -> None:
    """Prove the archive whole: hashes, offsets, traces, passages, vectors and indexes. Exit status 1 if it is not."""
    from index.archive import Archive
    from index.embedding import Embedder

    settings = settings_of(context, data)
    embedder = Embedder(settings.embedding_model)
    with (
        Archive.open(settings.data, embedder=embedder, milvus=settings.milvus_address) as archive,
        progress_bar() as progress,
    ):
        faults = archive.verify(progress)
    for fault in faults:
        typer.echo(fault)
    if faults:
        raise typer.Exit(1)
    typer.echo("the archive is whole")


@app.command()
def rebuild(context: typer.Context, data: Data = None) -> None:
    """Make anew from the stored sources what is derived from them; nothing that is unchanged is embedded again."""
    with open_to_write(settings_of(context, data)) as archive, progress_bar() as progress:
        archive.rebuild(progress)
    typer.echo("all that is derived from the sources is made anew")


@app.command()
def backup(context: typer.Context, file: Annotated[Path, typer.Argument()], data: Data = None) -> None:
    """Copy the archive, as of one commit, to FILE; it may be in use meanwhile."""
    from index.archive import Archive

    with Archive.open(settings_of(context, data).data) as archive, progress_bar() as progress:
        archive.backup(file, progress)
    typer.echo(f"{file}: the whole archive, {file.stat().st_size / 1e6:,.1f} MB")


@app.command()
def restore(context: typer.Context, file: Annotated[Path, typer.Argument()], data: Data = None) -> None:
    """Put the backup FILE in the archive's place."""
    from index.archive import Archive

    with progress_bar() as progress:
        Archive.restore_backup(file, settings_of(context, data).data, progress)
    typer.echo(f"the archive is now that of {file}")


@app.command()
def export(
    context: typer.Context,
    engine: Annotated[Literal["milvus"], typer.Option(help="Where to.")] = "milvus",
    data: Data = None,
) -> None:
    """Bring the archive to the Milvus at BAODA_MILVUS_URI without embedding anything again; it can be resumed."""
    settings = settings_of(context, data)
    if not settings.milvus_uri:
        raise ArchiveError("set BAODA_MILVUS_URI to the address of the Milvus, or to a file *.db for Milvus Lite")
    from index.milvus import export as bring

    with progress_bar() as progress:
        passages = bring(settings.data, settings.milvus_uri, progress)
    typer.echo(f"{passages:,} passages are in {engine} at {settings.milvus_uri}")


def _date(text: str | None) -> dt.date | None:
    if text is None:
        return None
    try:
        return dt.datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise ArchiveError(f"--date {text} is not a date of the calendar: give YYYY-MM-DD, e.g. 2024-11-30") from None


def _page(text: str | None) -> int | str | None:
    if text is None:
        return None
    try:
        number, label = page_of(text)
    except ValueError:
        raise ArchiveError(
            f"--page {text} is no page's name: give a number, or a letter and a number, e.g. 3 or B03"
        ) from None
    return label or number


def _show(report: AddReport, archive: Archive) -> None:
    """Say what became of each source, then the articles found, doubtful ones first."""
    from rich.markup import escape
    from rich.table import Table

    unchanged = [source.name for source in report.sources if source.state == "unchanged"]
    for source in report.sources:
        if source.state != "unchanged":
            count = f"{source.articles} article{'' if source.articles == 1 else 's'}"
            typer.echo(f"{source.name}: {source.state}, {count if source.articles else 'no article found'}")
    if unchanged:
        typer.echo(f"{unchanged[0] if len(unchanged) == 1 else f'{len(unchanged):,} files'}: unchanged")
    ids = (identity for source in report.sources if source.state != "unchanged" for identity in source.article_ids)
    found = [archive.article(identity) for identity in dict.fromkeys(ids)]
    if not found:
        return
    doubtful_first = sorted(found, key=lambda article: article.confidence)
    table = Table("sure", "page", "kind", "headline", "bylines", "characters", box=None, header_style="dim")
    for article in doubtful_first[:MOST_ROWS]:
        names_of = " ".join(byline.name for byline in article.bylines)
        table.add_row(
            f"{article.confidence:.2f}",
            page_name(article.pages),
            article.kind,
            escape(article.title or "(no headline)"),
            escape(names_of),
            f"{len(article.body):,}",
        )
    console().print(table)
    if len(found) > MOST_ROWS:
        typer.echo(f"… and {len(found) - MOST_ROWS:,} more: baoda articles list")
