"""The `baoda` command: add issues, look after articles, ask, run the bot.

Everything heavy (torch, faiss, jieba) is imported by the command that needs it, so that `--help` is quick.
"""

from __future__ import annotations

import json
import sys
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from index.errors import BaodaError, QuestionError
from scripts import articles_command, eval_command, index_command
from scripts.terminal import AsJson, Data, console, print_json, settings_of

app = typer.Typer(
    help="报答: ask a newspaper, get its own words back.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(index_command.app, name="index")
app.add_typer(articles_command.app, name="articles")
app.add_typer(eval_command.app, name="eval")


@app.callback()
def common(context: typer.Context, data: Data = None) -> None:
    """Keep a `--data` that stands before the command's name."""
    context.obj = data


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
    settings = settings_of(context, data)
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
                print_json(answer.model_dump(mode="json"))
            else:
                console().print(terminal(answer), soft_wrap=True)


@app.command()
def asked(
    context: typer.Context,
    days: Annotated[int, typer.Option(min=1, help="How far back to look.")] = 30,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """List what residents asked in vain, the most frequent first."""
    from bot.asked import Asked
    from index.store import Store

    folder = settings_of(context, data).data
    Store(folder, write=False).close()  # that there is an archive whose questions these are
    with closing(Asked(folder)) as record:
        for item in record.in_vain(days):
            if as_json:
                print_json(item.model_dump(mode="json"))
            else:
                typer.echo(f"{item.times:>4} ×  {item.last}  {item.question}")


@app.command()
def bot(context: typer.Context, data: Data = None) -> None:
    """Answer in Telegram until stopped. Needs BAODA_TELEGRAM_TOKEN."""
    settings = settings_of(context, data)
    from bot.telegram import run

    run(settings)


def main() -> None:
    """Run the command; a mistake that the user can mend is one line on stderr and exit status 2."""
    try:
        app(prog_name="baoda")
    except BaodaError as error:
        typer.echo(f"baoda: {' '.join(str(error).split())}", err=True)
        sys.exit(2)


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


if __name__ == "__main__":
    main()
