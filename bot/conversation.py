"""Who is spoken to, what is asked, and what is said: one Telegram message in, at most one reply out."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from telegram import LinkPreviewOptions, Message, MessageEntity, ReplyParameters, Update, User
from telegram.constants import ChatAction, ChatType, ParseMode
from telegram.error import Forbidden, TelegramError

from bot.language import PHRASES, Language, language_of
from bot.question import LONGEST
from bot.render import telegram_html
from index.errors import ArchiveError, BaodaError, QuestionError

if TYPE_CHECKING:
    from typing import Any

    from telegram.ext import CallbackContext

    from bot.answering import Answerer
    from bot.asked import Asked
    from bot.models import Answer

MOST_AT_ONCE = 3
"""Messages of one sender that are read at once: the one being answered and those that wait."""

_TYPING_SECONDS = 4.5  # Telegram shows it for five
_log = logging.getLogger(__name__)


@dataclass
class _Turn:
    """One sender's place: their messages are answered one after another, so that senders take turns."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    messages: int = 0
    told: bool = False


class Conversation:
    """Answers Telegram messages, each question in one thread that serves nothing else.

    Args:
        answerer: Answers the questions.
        asked: Keeps the questions, without who asked, for staff; None keeps none.
    """

    def __init__(self, answerer: Answerer, asked: Asked | None = None) -> None:
        self._answerer = answerer
        self._asked = asked
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="answers")
        self._turns: dict[int, _Turn] = {}
        self._typing: set[asyncio.Task[None]] = set()
        self._albums: deque[str] = deque(maxlen=100)

    async def receive(self, update: Update, context: CallbackContext[Any, Any, Any, Any]) -> None:
        """Reply to the message of `update` where it is for the bot; never log what it says."""
        message, sender = update.message, update.effective_sender
        if message is None or sender is None:
            return
        said = _said(message, context.bot.bot)
        if said is None or message.media_group_id in self._albums:
            return
        if message.media_group_id:  # an album comes as one message a picture
            self._albums.append(message.media_group_id)
        turn = self._turns.setdefault(sender.id, _Turn())
        if turn.messages >= MOST_AT_ONCE:
            if not turn.told:
                turn.told = True
                await _reply(message, PHRASES[_language(message, said)].too_many)
            return
        turn.messages += 1
        try:
            async with turn.lock:
                await self._respond(message, said)
        finally:
            turn.messages -= 1
            if not turn.messages:
                del self._turns[sender.id]

    async def _respond(self, message: Message, said: str) -> None:
        language = _language(message, said)
        phrases = PHRASES[language]
        if said.startswith("/") or (not said and _words(message)):
            await _reply(message, phrases.help)
        elif said:
            await _reply(message, await self._answer(message, said, language))
        else:
            await _reply(message, phrases.only_text)

    async def _answer(self, message: Message, question: str, language: Language) -> str:
        """What to reply to a question, as HTML."""
        answered = asyncio.Event()
        typing = asyncio.create_task(_show_typing(message, answered))
        self._typing.add(typing)  # a loop keeps no task from being collected
        typing.add_done_callback(self._typing.discard)
        try:
            loop = asyncio.get_running_loop()
            answer = await loop.run_in_executor(self._thread, self._ask, question)
        except QuestionError:
            phrases = PHRASES[language]
            return phrases.too_long if len(question) > LONGEST else phrases.nothing_asked
        except Exception as error:  # noqa: BLE001 - whatever it was, the next question is answered
            _log.error("a question failed: %s", without_words(error))
            return PHRASES[language].failed
        finally:
            answered.set()
        _log.info("%s in %d ms", "answered" if answer.answered else "refused", answer.took_ms)
        return telegram_html(answer, language)

    def _ask(self, question: str) -> Answer:
        """Answer, and note what was asked; runs in the one thread that answers."""
        answer = self._answerer.ask(question)
        if self._asked:
            try:
                self._asked.note(answer)
            except ArchiveError as error:
                _log.warning("%s", error)
        return answer


def without_words(error: Exception) -> str:
    """What an error was and where it came from, for the log, without any words of the user's that it may hold."""
    if isinstance(error, BaodaError | TelegramError):
        return str(error)
    return f"{type(error).__name__}\n{''.join(traceback.format_tb(error.__traceback__))}"


def _said(message: Message, me: User) -> str | None:
    """What a message says to the bot, without its mention and stripped; None where it is not for the bot.

    A picture says its caption. Empty for a mere mention, and in a private chat for anything without words. Commands
    start with a slash.
    """
    author = message.from_user
    if message.via_bot or message.is_automatic_forward or (author and author.is_bot and not message.sender_chat):
        return None
    entities = message.entities or message.caption_entities
    text, called = _without_calls(_words(message), entities, me)
    private = message.chat.type == ChatType.PRIVATE
    if message.text is None and not message.caption:
        return "" if private and message.effective_attachment is not None else None
    if any(entity.type == MessageEntity.BOT_COMMAND and entity.offset == 0 for entity in entities):
        command, _, bot = text.split(maxsplit=1)[0].partition("@")
        if bot:
            return command if bot.casefold() == (me.username or "").casefold() else None
        return command if private or called or command in {"/start", "/help"} else None
    replied = message.reply_to_message
    to_me = replied is not None and replied.from_user is not None and replied.from_user.id == me.id
    return text if private or called or to_me else None


def _words(message: Message) -> str:
    return message.text or message.caption or ""


def _without_calls(text: str, entities: tuple[MessageEntity, ...], me: User) -> tuple[str, bool]:
    """`text` without mentions of the bot, and whether there were any. Entities count in UTF-16 units."""
    units = text.encode("utf-16-le", "surrogatepass")
    name = f"@{me.username}".casefold()
    called = False
    for entity in sorted(entities, key=lambda entity: entity.offset, reverse=True):
        start, end = 2 * entity.offset, 2 * (entity.offset + entity.length)
        by_name = entity.type == MessageEntity.MENTION and units[start:end].decode("utf-16-le").casefold() == name
        by_link = entity.type == MessageEntity.TEXT_MENTION and entity.user is not None and entity.user.id == me.id
        if by_name or by_link:
            units = units[:start] + units[end:]
            called = True
    text = units.decode("utf-16-le", "surrogatepass").strip()
    return text.lstrip(",，:：、 ") if called else text, called


def _language(message: Message, said: str) -> Language:
    code = message.from_user.language_code if message.from_user else None
    return language_of("" if said.startswith("/") else said, code)


async def _reply(message: Message, html: str) -> None:
    """Send `html` as a reply; a chat that has shut the bot out is no fault."""
    try:
        await message.reply_text(
            html,
            parse_mode=ParseMode.HTML,
            link_preview_options=LinkPreviewOptions(is_disabled=True),
            reply_parameters=ReplyParameters(message.message_id, allow_sending_without_reply=True),
        )
    except Forbidden:
        _log.info("a reply was not wanted: the bot is blocked or was removed from the chat")


async def _show_typing(message: Message, until: asyncio.Event) -> None:
    """Show that the bot is typing; that it cannot be shown does not matter."""
    thread = message.message_thread_id if message.is_topic_message else None
    with suppress(TelegramError):
        while not until.is_set():
            await message.get_bot().send_chat_action(message.chat_id, ChatAction.TYPING, message_thread_id=thread)
            with suppress(TimeoutError):
                await asyncio.wait_for(until.wait(), _TYPING_SECONDS)
