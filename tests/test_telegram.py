from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Self

import pytest
from botapi import ME, PATIENCE, TOKEN, ApiError, BotApi, Json, entity_texts

from bot.asked import Asked
from bot.language import PHRASES
from bot.models import Answer
from bot.settings import BotSettings

ROOT = Path(__file__).resolve().parents[1]
ARTICLES = [
    {
        "id": "a1", "title": "净菜工坊添人手", "published": "2024-11-30", "paper": "云渡日报", "page": 2,
        "url": "https://news.example/1?a=1&b=2", "bylines": [{"role": "记者", "name": "林旭东"}],
        "body": "净菜工坊今天要用20名阿姨处理订单。\n工坊设在东港村。",
    },
    {"id": "a2", "title": "图书馆延时开放", "body": "县图书馆闭馆时间从晚上八点半推迟到十点。"},
]  # fmt: skip
QUESTION = "净菜工坊要用多少人？"
GROUP = {"chat": {"id": -100, "type": "supergroup", "title": "G"}}
PHOTO = [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]
SAID = f"@{ME['username']}"
HELP = {language: phrases.help.split("\n")[0] for language, phrases in PHRASES.items()}


class Bot:
    """A real bot process that polls `api`."""

    def __init__(self, api: BotApi, log: Path, *, token: str = TOKEN, debug: bool = False, **settings: str) -> None:
        program = "import logging\n"
        if debug:
            program += "logging.basicConfig(level=logging.DEBUG)\n"
            program += (
                "for name in ('httpx', 'httpcore', 'telegram'): logging.getLogger(name).setLevel(logging.DEBUG)\n"
            )
        program += "import sys; sys.argv = ['baoda', 'bot']; from scripts.baoda import main; main()"
        environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        environment |= {"BAODA_TELEGRAM_API": api.address, "BAODA_TELEGRAM_TOKEN": token} | settings
        self._log = log
        with log.open("ab") as out:
            self._process = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, env=environment, stderr=out)

    def log(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def wait(self) -> int:
        return self._process.wait(PATIENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self.wait()

    def stop(self, number: int = signal.SIGTERM) -> int:
        self._process.send_signal(number)
        return self.wait()


class Scripted:
    """Answers as it is told: what holds 慢 waits until `go`, what holds 坏 fails with the question in its message."""

    def __init__(self) -> None:
        self.go, self.asked = threading.Event(), list[str]()

    def ask(self, text: str) -> Answer:
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


@pytest.fixture
def api() -> Iterator[BotApi]:
    with BotApi() as opened:
        yield opened
    assert opened.problems == []


def test_one_senders_slow_question_does_not_hold_up_another(api: BotApi) -> None:
    scripted = Scripted()
    with serving(api, scripted):
        api.say("慢", user=1)
        api.wait(lambda: scripted.asked)
        api.say("/help", user=2)
        assert api.replies(2)[0]["text"].startswith(HELP["zh-hans"])
        assert not api.sent(to=1)
        scripted.go.set()
        api.replies(1)


def test_senders_take_turns_and_a_flood_is_told_once(api: BotApi) -> None:
    scripted = Scripted()
    with serving(api, scripted):
        for text in ("慢", "一", "二", "三", "四"):
            api.say(text, user=1)
        api.wait(lambda: len(api.sent(to=1)) == 1)
        assert api.sent(to=1)[0]["text"] == PHRASES["zh-hans"].too_many
        api.say("别人", user=2)
        api.say("/help", user=3)
        api.replies(3)
        scripted.go.set()
        api.replies(1, 4)
        api.replies(2)
    assert scripted.asked == ["慢", "别人", "一", "二"]
    assert len(api.sent(to=1)) == 4


def test_a_fault_is_told_politely_and_logged_without_the_users_words(
    api: BotApi, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(api, Scripted()):
        api.say("坏消息", user=1)
        assert api.replies(1)[0]["text"] == PHRASES["zh-hans"].failed
        api.say("好消息", user=1)
        assert api.replies(1, 2)[1]["text"].startswith(PHRASES["zh-hans"].refusal)
    assert "a question failed: ValueError" in caplog.text
    assert "消息" not in caplog.text


def test_what_was_begun_is_finished_before_the_end(api: BotApi) -> None:
    scripted = Scripted()
    with serving(api, scripted) as stop:
        api.say("慢", user=1)
        api.say("二", user=1)
        api.wait(lambda: scripted.asked and api.is_read())
        stop()
        scripted.go.set()
    assert len(api.sent(to=1)) == 2
    assert api.is_read()


def test_typing_is_shown_while_answering(api: BotApi) -> None:
    scripted = Scripted()
    with serving(api, scripted):
        api.say(f"{SAID} 慢", user=1, **GROUP)
        api.wait(lambda: ("sendChatAction", {"chat_id": -100, "action": "typing"}) in api.requests)
        assert not api.sent()
        scripted.go.set()
        api.replies(-100)


def test_a_sender_that_blocked_the_bot_is_no_fault(api: BotApi, caplog: pytest.LogCaptureFixture) -> None:
    api.fail("sendMessage", ApiError(403, "Forbidden: bot was blocked by the user"))
    with serving(api, Scripted()):
        api.say("一", user=1)
        api.wait(lambda: api.is_read() and not api.has_faults())
        api.say("二", user=2)
        api.replies(2)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_lost_connection_does_not_lose_the_reply(api: BotApi) -> None:
    api.fail("sendMessage", None)
    with serving(api, Scripted()):
        api.say("一", user=1)
        api.replies(1)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a real archive."""
    folder = tmp_path_factory.mktemp("archive")
    source = folder / "articles.jsonl"
    source.write_text("".join(json.dumps(article, ensure_ascii=False) + "\n" for article in ARTICLES), encoding="utf-8")
    command = [sys.executable, "-m", "scripts.baoda", "index", "add", str(source), "--data", str(folder / "data")]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return folder / "data"


@pytest.fixture(scope="module")
def real(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[BotApi, Bot]]:
    """One bot process for many tests; it must end well, and no request of its may be invalid."""
    log = tmp_path_factory.mktemp("bot") / "log"
    with BotApi() as opened, Bot(opened, log, BAODA_DATA=str(archive)) as bot:
        yield opened, bot
        assert bot.stop() == 0, bot.log()
    assert opened.problems == []
    assert TOKEN not in bot.log()


def test_a_question_is_answered_in_the_papers_own_words(real: tuple[BotApi, Bot]) -> None:
    api, _ = real
    asked = api.say(QUESTION, user=10)
    reply = api.replies(10)[0]
    assert reply["reply_parameters"] == {"message_id": asked["message_id"], "allow_sending_without_reply": True}
    quote = entity_texts(reply, "blockquote")[0]
    assert quote == "净菜工坊今天要用20名阿姨处理订单。"
    assert entity_texts(reply, "bold") == ["20名"]
    assert f"{quote}\n《净菜工坊添人手》 云渡日报 2024-11-30 第2版 记者 林旭东" in reply["text"]
    link = next(entity for entity in reply["entities"] if entity["type"] == "text_link")
    assert link["url"] == ARTICLES[0]["url"]


@pytest.mark.parametrize(
    ("question", "refusal"),
    [
        ("市长的生日是哪天？", PHRASES["zh-hans"].refusal),
        ("市長的生日是哪天？", PHRASES["zh-hant"].refusal),
        ("Who won the chess match?", PHRASES["en"].refusal),
    ],
)
def test_what_the_paper_does_not_say_is_refused_in_the_askers_language(
    real: tuple[BotApi, Bot], archive: Path, question: str, refusal: str
) -> None:
    api, _ = real
    before = len(api.sent(to=11))
    api.say(question, user=11)
    reply = api.replies(11, before + 1)[-1]
    assert reply["text"].startswith(refusal)
    assert not entity_texts(reply, "blockquote")
    assert "《" in reply["text"]
    with closing(Asked(archive)) as asked:
        assert question in [item.question for item in asked.in_vain()]


SPOKEN = {
    "start": ({"text": "/start"}, HELP["zh-hans"]),
    "start with a payload": ({"text": "/start abc"}, HELP["zh-hans"]),
    "help in English": ({"text": "/help", "code": "en"}, HELP["en"]),
    "help in traditional": ({"text": "/help", "code": "zh-hant"}, HELP["zh-hant"]),
    "unknown command": ({"text": "/什么"}, HELP["zh-hans"]),
    "too long": ({"text": "长" * 501}, PHRASES["zh-hans"].too_long),
    "nothing asked": ({"text": "？？？"}, PHRASES["zh-hans"].nothing_asked),
    "photo": ({"text": None, "photo": PHOTO}, PHRASES["zh-hans"].only_text),
    "sticker": ({"text": None, "code": "en", "dice": {"emoji": "🎲", "value": 3}}, PHRASES["en"].only_text),
    "voice": ({"text": None, "voice": {"file_id": "f", "file_unique_id": "u", "duration": 1}}, PHRASES["zh-hans"].only_text),
    "mention in other case": ({"text": f"{SAID.swapcase()} {QUESTION}"} | GROUP, "20名"),
    "mention behind an emoji": ({"text": f"👨‍👩‍👧🎉 {SAID} {QUESTION}"} | GROUP, "20名"),
    "mention at the end": ({"text": f"{QUESTION} {SAID}"} | GROUP, "20名"),
    "mention alone": ({"text": SAID} | GROUP, HELP["zh-hans"]),
    "command for the bot": ({"text": f"/help{SAID.upper()}"} | GROUP, HELP["zh-hans"]),
    "reply to the bot": ({"text": QUESTION, "reply_to_message": {"message_id": 1, "date": 1, "from": ME} | GROUP} | GROUP, "20名"),
    "anonymous admin": (
        {"text": f"{SAID} {QUESTION}", "sender_chat": GROUP["chat"], "from": {"id": 1087968824, "is_bot": True, "first_name": "G"}} | GROUP,
        "20名",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", SPOKEN)
def test_who_speaks_to_the_bot_gets_one_reply(real: tuple[BotApi, Bot], case: str) -> None:
    api, _ = real
    message, wanted = SPOKEN[case]
    user = 1000 + list(SPOKEN).index(case)
    chat = {"chat": {**GROUP["chat"], "id": -user}} if "chat" in message else {}
    said = api.say(**{"user": user, **message, **chat})
    reply = api.replies(said["chat"]["id"])[0]
    assert wanted in reply["text"]
    assert reply["reply_parameters"]["message_id"] == said["message_id"]


def message(text: str | None, **fields: object) -> Json:
    sender = {"id": 20, "is_bot": False, "first_name": "U"}
    return {"message_id": 1, "date": 1, "from": sender} | ({} if text is None else {"text": text}) | fields


PRIVATE = {"chat": {"id": 20, "type": "private", "first_name": "U"}}
CHANNEL = {"id": -200, "type": "channel", "title": "C"}
UNSPOKEN: dict[str, Json] = {
    "an edit": {"edited_message": message(QUESTION, **PRIVATE, edit_date=2)},
    "a channel post": {"channel_post": message(QUESTION, chat=CHANNEL)},
    "talk in a group": {"message": message(QUESTION, **GROUP)},
    "a photo in a group": {"message": message(None, **GROUP, photo=PHOTO)},
    "a mention of another": {
        "message": message("@other_bot 谁", **GROUP, entities=[{"type": "mention", "offset": 0, "length": 10}])
    },
    "a command for another": {
        "message": message("/help@other_bot", **GROUP, entities=[{"type": "bot_command", "offset": 0, "length": 15}])
    },
    "an unknown command in a group": {
        "message": message("/roll", **GROUP, entities=[{"type": "bot_command", "offset": 0, "length": 5}])
    },
    "another bot": {"message": message(QUESTION, **PRIVATE) | {"from": {**ME, "id": 77}}},
    "words sent through the bot": {"message": message(QUESTION, **PRIVATE, via_bot=ME)},
    "a channel's automatic forward": {
        "message": message(f"{SAID} 谁", **GROUP, sender_chat=CHANNEL, is_automatic_forward=True)
    },
    "someone joins": {"message": message(None, **PRIVATE, new_chat_members=[ME])},
    "nothing at all": {},
    "what nobody knows yet": {"mind_reading": {"thought": QUESTION}},
}


@pytest.mark.parametrize("case", UNSPOKEN)
def test_what_is_not_said_to_the_bot_is_let_be(real: tuple[BotApi, Bot], case: str) -> None:
    api, _ = real
    before = len(api.sent())
    api.push(UNSPOKEN[case])
    api.say("/help", user=20)
    api.wait(lambda: len(api.sent()) > before)
    api.say("/help", user=21)
    api.wait(lambda: len(api.sent()) > before + 1)
    assert [reply["chat"]["id"] for reply in api.sent()[before:]] == [20, 21]


def test_an_update_that_cannot_be_read_blocks_nothing_and_is_not_logged(real: tuple[BotApi, Bot]) -> None:
    api, bot = real
    number = api.push({"message": {"message_id": 1, "text": "私密的话", "chat": "not a chat"}})
    api.say("/help", user=30)
    api.replies(30)
    assert f"update {number} cannot be read" in bot.log()
    assert "私密的话" not in bot.log()


def test_an_update_that_comes_twice_is_answered_once(real: tuple[BotApi, Bot]) -> None:
    api, _ = real
    number = api.push({"message": message("/help", **PRIVATE) | {"chat": {**PRIVATE["chat"], "id": 40}}})
    api.replies(40)
    api.push({"update_id": number, "message": message("/help", **PRIVATE) | {"chat": {**PRIVATE["chat"], "id": 40}}})
    api.say("/help", user=41)
    api.replies(41)
    assert len(api.sent(to=40)) == 1


def test_an_album_gets_one_hint(real: tuple[BotApi, Bot]) -> None:
    api, _ = real
    for _ in range(5):
        api.say(None, user=50, photo=PHOTO, media_group_id="album")
    api.say("/help", user=50)
    assert [reply["text"].split("\n")[0] for reply in api.replies(50, 2)] == [
        PHRASES["zh-hans"].only_text,
        HELP["zh-hans"],
    ]


def test_telegram_may_put_off_fail_or_hang_up(real: tuple[BotApi, Bot]) -> None:
    api, bot = real
    api.fail("sendMessage", ApiError(429, "Too Many Requests: retry after 1", retry_after=1))
    api.fail(
        "getUpdates", ApiError(502, "Bad Gateway"), None, ApiError(409, "Conflict: terminated by other getUpdates")
    )
    api.say("/help", user=60)
    api.replies(60)
    api.wait(lambda: not api.has_faults())
    api.say("/help", user=61)
    api.replies(61)
    assert len(api.sent(to=60)) == 1
    assert "another bot polls with the same token" in bot.log()


def test_a_restart_answers_what_came_meanwhile_and_nothing_twice(archive: Path, api: BotApi, tmp_path: Path) -> None:
    with Bot(api, tmp_path / "log", debug=True, BAODA_DATA=str(archive)) as bot:
        api.say("/help", user=1)
        api.replies(1)
        assert bot.stop(signal.SIGINT) == 0
    api.say(QUESTION, user=2)
    with Bot(api, tmp_path / "log", debug=True, BAODA_DATA=str(archive)) as bot:
        assert "20名" in api.replies(2)[0]["text"]
        assert bot.stop() == 0
    assert len(api.sent()) == 2
    assert "HTTP Request: POST" in bot.log()
    assert TOKEN.partition(":")[2] not in bot.log()


def test_a_wrong_token_is_one_line_without_the_token(archive: Path, api: BotApi, tmp_path: Path) -> None:
    wrong = TOKEN[:-3] + "XYZ"
    with Bot(api, tmp_path / "log", token=wrong, debug=True, BAODA_DATA=str(archive)) as bot:
        assert bot.wait() == 2
    assert "HTTP Request: POST" in bot.log()
    assert wrong.partition(":")[2] not in bot.log()
    assert bot.log().splitlines()[-1].startswith("baoda: 127.0.0.1 does not accept the token")
    assert "Traceback" not in bot.log()
    assert "ERROR" not in bot.log()


@pytest.mark.parametrize("token", ["", "123:A B", "“123:AB”"])
def test_what_is_no_token_is_said_at_once(api: BotApi, tmp_path: Path, token: str) -> None:
    with Bot(api, tmp_path / "log", token=token, BAODA_DATA=str(tmp_path)) as bot:
        assert bot.wait() == 2
    assert bot.log().startswith("baoda: ")
    assert "BAODA_TELEGRAM_TOKEN" in bot.log()
    assert "123" not in bot.log()
    assert bot.log().count("\n") == 1
