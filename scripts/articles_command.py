"""`baoda articles`: list, show, take back, correct."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from index.errors import ArchiveError
from scripts.terminal import AsJson, Data, open_to_change, page_name, print_json, settings_of

if TYPE_CHECKING:
    from index.models import Article

ArticleId = Annotated[str, typer.Argument(metavar="ID", show_default=False)]

app = typer.Typer(help="List, show, correct and take back articles.", no_args_is_help=True)


@app.command("list")
def list_articles(context: typer.Context, as_json: AsJson = False, data: Data = None) -> None:
    """List all articles."""
    from rich.cells import cell_len

    from index.archive import Archive

    with Archive.open(settings_of(context, data).data) as archive:
        for article in archive.articles():
            if as_json:
                print_json(_contract(article))
            else:
                where = " ".join(str(part) for part in (article.published, page_name(article.pages)) if part)
                typer.echo(f"{article.id}  {where}{' ' * (18 - cell_len(where))}  {article.title or '(no headline)'}")


@app.command()
def show(context: typer.Context, article_id: ArticleId, as_json: AsJson = False, data: Data = None) -> None:
    """Show one article, whole."""
    from index.archive import Archive

    with Archive.open(settings_of(context, data).data) as archive:
        article = archive.article(article_id)
    if as_json:
        print_json(_contract(article))
        return
    from bot.render import terminal_article

    typer.echo(terminal_article(article))


@app.command()
def retract(
    context: typer.Context,
    article_id: ArticleId,
    reason: Annotated[str, typer.Option(help="Why, for whoever asks later.")],
    data: Data = None,
) -> None:
    """Quote an article no more, at once, also by a bot that is running. It stays stored."""
    with open_to_change(settings_of(context, data)) as archive:
        archive.retract(article_id, reason)
    typer.echo(f"{article_id} is quoted no more; `baoda articles restore {article_id}` undoes it")


@app.command()
def restore(context: typer.Context, article_id: ArticleId, data: Data = None) -> None:
    """Undo a retraction."""
    with open_to_change(settings_of(context, data)) as archive:
        archive.restore(article_id)
    typer.echo(f"{article_id} is quoted again")


@app.command()
def export(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", show_default=False)],
    issue: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="Only the issue of this date.")] = None,
    data: Data = None,
) -> None:
    """Write one Markdown file an article, to be corrected in an editor and taken in by `baoda index add DIR`."""
    from index.archive import Archive
    from index.sources.markdown import file_name, write

    written = 0
    with Archive.open(settings_of(context, data).data) as archive:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for article in archive.articles():
                if issue in (None, str(article.published)):
                    (folder / file_name(article)).write_text(write(article), encoding="utf-8")
                    written += 1
        except OSError as error:
            raise ArchiveError(f"{error.filename or folder}: cannot be written ({error.strerror})") from None
    typer.echo(f"{written:,} articles are in {folder}")


def _contract(article: Article) -> dict[str, Any]:
    """An article in the shape that `articles list --json` promises."""
    dumped = article.model_dump(mode="json", exclude={"trace"})
    return dumped | {"source": article.source, "lines": [list(span) for span in article.lines]}
