"""The bot's process: polling that outlives faults, a token that stays out of logs, an end that finishes answers."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import signal
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import closing, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import httpx
from telegram import Update
from telegram.error import BadRequest, Conflict, InvalidToken, NetworkError, RetryAfter, TelegramError, TimedOut
from telegram.ext import Application, ApplicationBuilder, BaseRateLimiter, CallbackContext, MessageHandler, filters
from telegram.request import HTTPXRequest

from bot.conversation import Conversation, without_words
from bot.language import COMMANDS
from bot.logs import keep_out_of_logs, log_quietly
from index.errors import BaodaError

if TYPE_CHECKING:
    from bot.answering import Answerer
    from bot.asked import Asked
    from bot.settings import BotSettings

    App = Application[Any, Any, Any, Any, Any, Any]

T = TypeVar("T")

LONG_POLL_SECONDS = 25
_MOST_CONCURRENT = 256
_SEND_ATTEMPTS = 5
_LONGEST_PAUSE = 30.0
_TOKEN = re.compile(r"[\w:/-]+", re.ASCII)
_log = logging.getLogger(__name__)


def run(settings: BotSettings) -> None:
    """Answer in Telegram until SIGTERM or SIGINT; answers that were begun are finished first.

    Raises:
        BaodaError: The token is missing or not accepted, or there is no archive to answer from.
    """
    token = settings.telegram_token.get_secret_value().strip() if settings.telegram_token else ""
    if not token:
        raise BaodaError("there is no token: set BAODA_TELEGRAM_TOKEN to the one that @BotFather gave you")
    if not _TOKEN.fullmatch(token):
        raise BaodaError("BAODA_TELEGRAM_TOKEN is not a token: copy it again from @BotFather, without quotes or spaces")
    keep_out_of_logs(token)
    log_quietly()
    from bot.answering import Answerer
    from bot.asked import Asked

    with Answerer.open(settings) as answerer, closing(Asked(settings.data)) as asked:
        answerer.ask("预热")  # models that are loaded on first use, or cannot be, are so now and not for a resident
        try:
            asyncio.run(_until_signalled(application(settings, answerer, asked)))
        except BaodaError:
            raise
        except Exception:  # noqa: BLE001 - not raised on: a traceback printed outside of logging could hold the token
            _log.critical("the bot stopped by a fault of its own", exc_info=True)
            raise SystemExit(1) from None


def application(settings: BotSettings, answerer: Answerer, asked: Asked | None = None) -> App:
    """The bot as an application for `serve`; `asked` keeps what residents ask."""
    token = settings.telegram_token.get_secret_value().strip() if settings.telegram_token else ""
    app = (
        ApplicationBuilder()
        .token(token)
        .base_url(f"{settings.telegram_api.rstrip('/')}/bot")
        .request(HTTPXRequest(connection_pool_size=_MOST_CONCURRENT, read_timeout=20, pool_timeout=60))
        .get_updates_request(_UpdatesRequest(connection_pool_size=2))
        .rate_limiter(_Patience())
        .concurrent_updates(_MOST_CONCURRENT)
        .updater(None)
        .job_queue(None)
        .build()
    )
    app.add_handler(MessageHandler(filters.UpdateType.MESSAGE, Conversation(answerer, asked).receive))
    app.add_error_handler(_note_error)
    return app


async def serve(app: App) -> None:
    """Connect and poll until cancelled, then finish what was begun. Messages that came while down are answered.

    Raises:
        BaodaError: Telegram does not accept the token.
    """
    offset: int | None = None
    seen: deque[int] = deque(maxlen=1000)
    try:
        await _retried(app.initialize)
        await _retried(app.bot.delete_webhook)
        await app.start()
        await _introduce(app)
        _log.info("answering as @%s", app.bot.username)
        while True:
            poll = partial(app.bot.get_updates, offset, timeout=LONG_POLL_SECONDS, allowed_updates=[Update.MESSAGE])
            for update in await _retried(poll):
                offset = update.update_id + 1
                if update.update_id not in seen:
                    seen.append(update.update_id)
                    app.update_queue.put_nowait(update)
    except InvalidToken:
        # Its message holds the token. A wrong address answers 404, which is told as a wrong token too.
        host = httpx.URL(app.bot.base_url).host
        raise BaodaError(f"{host} does not accept the token in BAODA_TELEGRAM_TOKEN: copy it from @BotFather") from None
    finally:
        if app.running:
            await app.stop()
            with suppress(TelegramError):  # tells Telegram what has been read, so that a restart does not answer twice
                await app.bot.get_updates(offset, limit=1, timeout=0)
        await app.shutdown()
        await app.bot.shutdown()


async def _introduce(app: App) -> None:
    """Show the commands in Telegram's menu; without them the bot answers as well."""
    try:
        for code, words in COMMANDS.items():
            await app.bot.set_my_commands(words, language_code=code)
    except TelegramError as error:
        _log.warning("Telegram: %s; its menu does not show the commands", error)


async def _until_signalled(app: App) -> None:
    serving = asyncio.create_task(serve(app))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, serving.cancel)
    with suppress(asyncio.CancelledError):
        await serving
    _log.info("stopped")


async def _retried(request: Callable[[], Awaitable[T]], attempts: int | None = None) -> T:
    """Result of `request`, made again after growing pauses until there is one.

    With `attempts`, no more often than that, and not where Telegram may have acted on it already.
    """
    pause, attempt = 1.0, 0
    while True:
        attempt += 1
        try:
            return await request()
        except InvalidToken:
            raise
        except TelegramError as error:
            if attempts is not None and (attempt >= attempts or not _not_acted_on(error)):
                raise
            wait = _seconds(error) if isinstance(error, RetryAfter) else pause
            two = "another bot polls with the same token, stop one of the two"
            _log.warning("Telegram: %s; trying again in %g s", two if isinstance(error, Conflict) else error, wait)
        await asyncio.sleep(wait)
        pause = min(2 * pause, _LONGEST_PAUSE)


def _seconds(error: RetryAfter) -> float:
    return error._retry_after.total_seconds()  # noqa: SLF001 - the public attribute warns that its type will change


def _not_acted_on(error: TelegramError) -> bool:
    """Tell whether a request can be repeated and hardly be seen twice: after a lost connection, not after silence."""
    if isinstance(error, TimedOut):
        return isinstance(error.__cause__, httpx.ConnectTimeout | httpx.PoolTimeout)
    return isinstance(error, RetryAfter | NetworkError) and not isinstance(error, BadRequest)


class _Patience(BaseRateLimiter[None]):
    """Sends again what Telegram put off (429) or never got; each chat waits for itself alone."""

    async def initialize(self) -> None:
        """Nothing to prepare."""

    async def shutdown(self) -> None:
        """Nothing to release."""

    async def process_request(
        self,
        callback: Callable[..., Coroutine[Any, Any, Any]],
        args: Any,  # noqa: ANN401
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: None,
    ) -> Any:  # noqa: ANN401
        """Make one request of the bot's; the library calls it for all but getUpdates."""
        if endpoint != "sendMessage":
            return await callback(*args, **kwargs)
        return await _retried(partial(callback, *args, **kwargs), _SEND_ATTEMPTS)


class _UpdatesRequest(HTTPXRequest):
    """Requests for updates. One that the library cannot parse would come back for ever and hold up all others."""

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Parse Telegram's reply, with updates that cannot be parsed emptied but for their id.

        Raises:
            TelegramError: It is not a JSON object; unlike the library, its text is not logged.
        """
        try:
            reply = json.loads(payload)
        except ValueError:
            reply = None
        if not isinstance(reply, dict):
            raise TelegramError("the reply is not a JSON object")
        if isinstance(reply.get("result"), list):
            reply["result"] = [_readable(raw) for raw in reply["result"] if _is_numbered(raw)]
        return reply


def _is_numbered(raw: object) -> bool:
    return isinstance(raw, dict) and isinstance(raw.get("update_id"), int)


def _readable(raw: dict[str, Any]) -> dict[str, Any]:
    try:
        Update.de_json(raw, None)
    except Exception as error:  # noqa: BLE001 - the library names none, and any would stop polling for good
        _log.warning("update %d cannot be read (%s) and is skipped", raw["update_id"], type(error).__name__)
        return {"update_id": raw["update_id"]}
    return raw


async def _note_error(_: object, context: CallbackContext[Any, Any, Any, Any]) -> None:
    if context.error:
        _log.error("a message got no reply: %s", without_words(context.error))
