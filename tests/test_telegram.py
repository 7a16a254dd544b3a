"""The bot's process: what a resident gets, faults of Telegram's, restarts, and a token that stays secret."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Self

import pytest
from botapi import PATIENCE, TOKEN, BotApi
from entities import ApiError, entity_texts

from bot.asked import Asked
from bot.language import PHRASES

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


@pytest.fixture
def api() -> Iterator[BotApi]:
    with BotApi() as opened:
        yield opened
    assert opened.problems == []


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


def test_an_update_that_cannot_be_read_blocks_nothing_and_is_not_logged(real: tuple[BotApi, Bot]) -> None:
    api, bot = real
    number = api.push({"message": {"message_id": 1, "text": "私密的话", "chat": "not a chat"}})
    api.say("/help", user=30)
    api.replies(30)
    assert f"update {number} cannot be read" in bot.log()
    assert "私密的话" not in bot.log()


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
