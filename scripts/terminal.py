"""What the commands share: options, settings, progress bars and JSON lines."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from index.errors import ArchiveError

if TYPE_CHECKING:
    from rich.console import Console

    from bot.settings import BotSettings
    from index.archive import Archive, Progress

Data = Annotated[Path | None, typer.Option("--data", metavar="DIR", help="The archive's folder (BAODA_DATA).")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


def settings_of(context: typer.Context, data: Path | None) -> BotSettings:
    """Settings from the environment, with a `--data` before or behind the command's name.

    Raises:
        ArchiveError: A setting is not usable; it is named.
    """
    from pydantic import ValidationError

    from bot.settings import BotSettings

    folder = data or context.obj
    try:
        return BotSettings(data=folder) if folder else BotSettings()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = "BAODA_" + "_".join(str(part) for part in first["loc"]).upper()
        raise ArchiveError(f"the setting {name} is not usable: {first['msg']}") from None


def open_to_write(settings: BotSettings) -> Archive:
    """The archive that `settings` name, made where there is none, with its model and engine."""
    from index.archive import Archive
    from index.embedding import Embedder

    return Archive.open(
        settings.data, embedder=Embedder(settings.embedding_model), write=True, milvus=settings.milvus_address
    )


def open_to_change(settings: BotSettings) -> Archive:
    """The archive that `settings` name, which must be there."""
    from index.archive import Archive

    Archive.open(settings.data).close()
    return Archive.open(settings.data, write=True, milvus=settings.milvus_address)


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A progress bar with rate and time left on stderr; silent where that is not a terminal."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed or 0.0
            return Text(f"{speed:,.0f}/s" if speed >= 1 else f"{60 * speed:.1f}/min" if speed else "", style="dim")

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Rate(), TimeRemainingColumn())
    # A scanned page takes half a minute: its rate is that of the last ten.
    with Progress(*columns, console=console, disable=not console.is_terminal, speed_estimate_period=600) as bar:
        tasks: dict[str, Any] = {}

        def advance(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total)
            bar.update(tasks[stage], completed=done, total=total)

        yield advance


def print_json(value: dict[str, Any]) -> None:
    """One line of JSON on stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def console() -> Console:
    """Stdout as a rich console that colours only what is asked of it."""
    from rich.console import Console

    return Console(highlight=False)


def page_name(pages: Sequence[int | str]) -> str:
    """Such as 第3版 or 第1、B03版."""
    return f"第{'、'.join(map(str, pages))}版" if pages else ""
