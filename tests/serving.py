"""The bot in this process, with an answerer that answers as it is told."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from botapi import PATIENCE, TOKEN, BotApi

from bot.models import Answer
from bot.question import read
from bot.settings import BotSettings


class Scripted:
    """Answers as it is told: what holds 慢 waits until `go`, what holds 坏 fails with the question in its message.

    What is no question is told as such.
    """

    def __init__(self) -> None:
        self.go, self.asked = threading.Event(), list[str]()

    def ask(self, text: str) -> Answer:
        read(text)
        self.asked.append(text)
        if "慢" in text:
            assert self.go.wait(PATIENCE)
        if "坏" in text:
            raise ValueError(text)
        return Answer(question=text, answered=False, answer=None, quotes=(), nearest=(), took_ms=1)


@contextmanager
def serving(api: BotApi, answerer: Scripted) -> Iterator[Callable[[], None]]:
    """The bot in this process, with an answerer of the test's; gives what makes it stop."""
    from bot.telegram import application, serve

    settings = BotSettings(telegram_token=TOKEN, telegram_api=api.address)
    app = application(settings, answerer)  # type: ignore[arg-type]
    stopping = threading.Event()

    async def until_stopped() -> None:
        task = asyncio.create_task(serve(app))
        await asyncio.to_thread(stopping.wait)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    thread = threading.Thread(target=asyncio.run, args=(until_stopped(),))
    thread.start()
    try:
        yield stopping.set
    finally:
        stopping.set()
        thread.join(PATIENCE)
        assert not thread.is_alive()
