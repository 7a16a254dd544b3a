"""The `baoda` command: add issues, list articles, ask, run the bot.

Everything heavy (torch, faiss, jieba) is imported by the command that needs it, so that `--help` is quick.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from index.errors import ArchiveError, BaodaError, QuestionError

if TYPE_CHECKING:
    from rich.console import Console

    from bot.settings import BotSettings
    from index.archive import AddReport, Progress
    from index.models import Article

app = typer.Typer(help="报答: ask a newspaper, get its own words back.", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
index_app = typer.Typer(help="Add issues to the archive and see what it holds.", no_args_is_help=True)
articles_app = typer.Typer(help="List and show articles.", no_args_is_help=True)
app.add_typer(index_app, name="index")
app.add_typer(articles_app, name="articles")

Data = Annotated[Path | None, typer.Option("--data", metavar="DIR", help="The archive's folder (BAODA_DATA).")]
MOST_ROWS = 40
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


@app.callback()
def common(context: typer.Context, data: Data = None) -> None:
    """Keep a `--data` that stands before the command's name."""
    context.obj = data


@index_app.command("add")
def index_add(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Page dumps, JSON lines, or folders of them.")],
    paper: Annotated[str | None, typer.Option(help="The paper's name, where the page does not say.")] = None,
    date: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="The date of the issue.")] = None,
    page: Annotated[int | None, typer.Option(min=1, help="The page's number, for a single page.")] = None,
    data: Data = None,
) -> None:
    """Add pages or articles. Adding a file again changes nothing; adding a changed one replaces it."""
    published = _date(date)
    settings = _settings(context, data)
    from index.archive import Archive
    from index.embedding import Embedder

    with Archive.open(settings.data, embedder=Embedder(settings.embedding_model), write=True) as archive:
        with _progress() as progress:
            report = archive.add(paths, paper=paper, published=published, page=page, progress=progress)
        _show_report(report, archive.articles())


@index_app.command("status")
def index_status(context: typer.Context, as_json: AsJson = False, data: Data = None) -> None:
    """Say what the archive holds."""
    from index.archive import Archive

    with Archive.open(_settings(context, data).data) as archive:
        status = archive.status().model_dump(mode="json")
    if as_json:
        _print_json(status)
        return
    for name, value in status.items():
        typer.echo(f"{name.replace('_', ' '):<14} {'' if value is None else value}")


@articles_app.command("list")
def articles_list(context: typer.Context, as_json: AsJson = False, data: Data = None) -> None:
    """List all articles."""
    from index.archive import Archive

    with Archive.open(_settings(context, data).data) as archive:
        for article in archive.articles():
            if as_json:
                _print_json(_contract(article))
            else:
                where = " ".join(str(part) for part in (article.published, _page(article.page)) if part)
                typer.echo(f"{article.id}  {where:<14}  {article.title or '(no headline)'}")


@articles_app.command("show")
def articles_show(
    context: typer.Context,
    article_id: Annotated[str, typer.Argument(metavar="ID")],
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Show one article, whole."""
    from index.archive import Archive

    with Archive.open(_settings(context, data).data) as archive:
        article = archive.article(article_id)
    if as_json:
        _print_json(_contract(article))
        return
    from bot.render import terminal_article

    typer.echo(terminal_article(article))


@app.command()
def ask(
    context: typer.Context,
    question: Annotated[str | None, typer.Argument(help="A question, in Chinese or English.")] = None,
    questions: Annotated[
        Path | None, typer.Option(metavar="FILE", help="JSON lines of {id, question}; models are loaded once.")
    ] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Ask the archive; the answer is in the newspaper's own words, or there is none."""
    if (question is None) == (questions is None):
        raise QuestionError("ask one question, or give a file with --questions FILE")
    asked = [(None, question)] if question is not None else _read_questions(questions or Path())
    settings = _settings(context, data)
    from bot.question import read

    for where, text in asked:
        try:
            read(text or "")
        except QuestionError as error:
            raise QuestionError(f"{questions}: question {where}: {error}" if questions else str(error)) from None
    from bot.answering import Answerer
    from bot.render import terminal

    with Answerer.open(settings) as answerer:
        for identity, text in asked:
            answer = answerer.ask(text or "", id=identity)
            if as_json:
                _print_json(answer.model_dump(mode="json"))
            else:
                _console().print(terminal(answer), soft_wrap=True)


@app.command()
def asked(
    context: typer.Context,
    days: Annotated[int, typer.Option(min=1, help="How far back to look.")] = 30,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """List what residents asked in vain, the most frequent first."""
    from bot.asked import Asked

    with closing(Asked(_settings(context, data).data)) as record:
        for item in record.in_vain(days):
            if as_json:
                _print_json(item.model_dump(mode="json"))
            else:
                typer.echo(f"{item.times:>4} ×  {item.last}  {item.question}")


@app.command()
def bot(context: typer.Context, data: Data = None) -> None:
    """Answer in Telegram until stopped. Needs BAODA_TELEGRAM_TOKEN."""
    settings = _settings(context, data)
    from bot.telegram import run

    run(settings)


def main() -> None:
    """Run the command; a mistake that the user can mend is one line on stderr and exit status 2."""
    try:
        app(prog_name="baoda")
    except BaodaError as error:
        typer.echo(f"baoda: {' '.join(str(error).split())}", err=True)
        sys.exit(2)


def _settings(context: typer.Context, data: Path | None) -> BotSettings:
    from pydantic import ValidationError

    from bot.settings import BotSettings

    folder = data or context.obj
    try:
        return BotSettings(**({"data": folder} if folder else {}))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = "BAODA_" + "_".join(str(part) for part in first["loc"]).upper()
        raise ArchiveError(f"the setting {name} is not usable: {first['msg']}") from None


def _date(text: str | None) -> dt.date | None:
    if text is None:
        return None
    try:
        return dt.datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise ArchiveError(f"--date {text} is not a date of the calendar: give YYYY-MM-DD, e.g. 2024-11-30") from None


def _read_questions(path: Path) -> list[tuple[str | int | None, str]]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionError(f"{path}: cannot be read as UTF-8 text ({_reason(error)})") from None
    found: list[tuple[str | int | None, str]] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
        except json.JSONDecodeError as error:
            raise QuestionError(f"{path}, line {number}: not JSON ({error.msg})") from None
        if not isinstance(item, dict) or not isinstance(item.get("question"), str):
            raise QuestionError(f'{path}, line {number}: want {{"id": …, "question": "…"}}')
        identity = item.get("id", number)
        found.append((identity if isinstance(identity, str | int) else str(identity), item["question"]))
    if not found:
        raise QuestionError(f"{path}: holds no question")
    return found


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return (
        error.strerror or type(error).__name__ if isinstance(error, OSError) else f"byte {error.start}: {error.reason}"
    )


@contextmanager
def _progress() -> Iterator[Progress]:
    """A progress bar with rate and time left on stderr; silent where that is not a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        tasks: dict[str, Any] = {}

        def advance(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total)
            bar.update(tasks[stage], completed=done, total=total)

        yield advance


def _show_report(report: AddReport, articles: Iterator[Article]) -> None:
    """Say what became of each source, then the articles found, doubtful ones first."""
    from rich.markup import escape
    from rich.table import Table

    for source in report.sources:
        typer.echo(f"{source.name}: {source.state}, {source.articles} article{'' if source.articles == 1 else 's'}")
    names = {source.name for source in report.sources if source.state != "unchanged"}
    found = [article for article in articles if article.source in names]
    if not found:
        return
    doubtful_first = sorted(found, key=lambda article: article.confidence)
    table = Table("sure", "page", "kind", "headline", "bylines", "characters", box=None, header_style="dim")
    for article in doubtful_first[:MOST_ROWS]:
        names_of = " ".join(byline.name for byline in article.bylines)
        table.add_row(
            f"{article.confidence:.2f}",
            _page(article.page) or "",
            article.kind,
            escape(article.title or "(no headline)"),
            escape(names_of),
            f"{len(article.body):,}",
        )
    _console().print(table)
    if len(found) > MOST_ROWS:
        typer.echo(f"… and {len(found) - MOST_ROWS:,} more: baoda articles list")


def _contract(article: Article) -> dict[str, Any]:
    """An article in the shape that `articles list --json` promises."""
    dumped = article.model_dump(mode="json", exclude={"trace"})
    return dumped | {"source": article.source, "lines": [list(span) for span in article.lines]}


def _page(number: int | None) -> str | None:
    return None if number is None else f"第{number}版"


def _print_json(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False)


if __name__ == "__main__":
    main()
