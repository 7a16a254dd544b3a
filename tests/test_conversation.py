"""Who is spoken to, in which words, and in what turn; the answers are scripted."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from botapi import ME, BotApi
from entities import ApiError, Json
from serving import Scripted, serving

from bot.language import COMMANDS, PHRASES

QUESTION = "净菜工坊要用多少人？"
GROUP = {"chat": {"id": -100, "type": "supergroup", "title": "G"}}
PHOTO = [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]
SAID = f"@{ME['username']}"
HELP = {language: phrases.help.split("\n")[0] for language, phrases in PHRASES.items()}
REFUSAL = PHRASES["zh-hans"].refusal


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


def test_the_menu_shows_the_commands_in_the_users_language(api: BotApi) -> None:
    with serving(api, Scripted()):
        api.wait(lambda: len([method for method, _ in api.requests if method == "setMyCommands"]) == len(COMMANDS))
    shown = {p.get("language_code"): p["commands"] for method, p in api.requests if method == "setMyCommands"}
    assert shown == {
        code: [{"command": command, "description": words} for command, words in listed]
        for code, listed in COMMANDS.items()
    }


def test_a_menu_that_cannot_be_shown_keeps_nobody_from_asking(api: BotApi) -> None:
    api.fail("setMyCommands", ApiError(500, "Internal Server Error"))
    with serving(api, Scripted()):
        api.say("一", user=1)
        api.replies(1)


@pytest.fixture(scope="module")
def bot() -> Iterator[tuple[BotApi, Scripted]]:
    """One bot for many tests; no request of its may be invalid."""
    scripted = Scripted()
    with BotApi() as opened, serving(opened, scripted):
        yield opened, scripted
    assert opened.problems == []


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
    "photo with a caption": ({"text": None, "photo": PHOTO, "caption": QUESTION}, REFUSAL),
    "caption that mentions the bot": ({"text": None, "photo": PHOTO, "caption": f"{SAID} {QUESTION}"} | GROUP, REFUSAL),
    "voice": ({"text": None, "voice": {"file_id": "f", "file_unique_id": "u", "duration": 1}}, PHRASES["zh-hans"].only_text),
    "mention in other case": ({"text": f"{SAID.swapcase()} {QUESTION}"} | GROUP, REFUSAL),
    "mention behind an emoji": ({"text": f"👨‍👩‍👧🎉 {SAID} {QUESTION}"} | GROUP, REFUSAL),
    "mention at the end": ({"text": f"{QUESTION} {SAID}"} | GROUP, REFUSAL),
    "mention alone": ({"text": SAID} | GROUP, HELP["zh-hans"]),
    "command for the bot": ({"text": f"/help{SAID.upper()}"} | GROUP, HELP["zh-hans"]),
    "reply to the bot": ({"text": QUESTION, "reply_to_message": {"message_id": 1, "date": 1, "from": ME} | GROUP} | GROUP, REFUSAL),
    "anonymous admin": (
        {"text": f"{SAID} {QUESTION}", "sender_chat": GROUP["chat"], "from": {"id": 1087968824, "is_bot": True, "first_name": "G"}} | GROUP,
        REFUSAL,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", SPOKEN)
def test_who_speaks_to_the_bot_gets_one_reply(bot: tuple[BotApi, Scripted], case: str) -> None:
    api, scripted = bot
    message, wanted = SPOKEN[case]
    user = 1000 + list(SPOKEN).index(case)
    chat = {"chat": {**GROUP["chat"], "id": -user}} if "chat" in message else {}
    said = api.say(**{"user": user, **message, **chat})
    reply = api.replies(said["chat"]["id"])[0]
    assert reply["text"].startswith(wanted)
    assert reply["reply_parameters"]["message_id"] == said["message_id"]
    if wanted == REFUSAL:
        assert scripted.asked[-1].endswith(QUESTION)
        assert SAID.casefold() not in scripted.asked[-1].casefold()


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
    "a caption in a group": {"message": message(None, **GROUP, photo=PHOTO, caption=QUESTION)},
    "an edited caption": {"edited_message": message(None, **PRIVATE, photo=PHOTO, caption=QUESTION, edit_date=2)},
    "someone joins": {"message": message(None, **PRIVATE, new_chat_members=[ME])},
    "nothing at all": {},
    "what nobody knows yet": {"mind_reading": {"thought": QUESTION}},
}


@pytest.mark.parametrize("case", UNSPOKEN)
def test_what_is_not_said_to_the_bot_is_let_be(bot: tuple[BotApi, Scripted], case: str) -> None:
    api, _ = bot
    before = len(api.sent())
    api.push(UNSPOKEN[case])
    api.say("/help", user=20)
    api.wait(lambda: len(api.sent()) > before)
    api.say("/help", user=21)
    api.wait(lambda: len(api.sent()) > before + 1)
    assert [reply["chat"]["id"] for reply in api.sent()[before:]] == [20, 21]


def test_an_album_gets_one_hint(bot: tuple[BotApi, Scripted]) -> None:
    api, _ = bot
    for _ in range(5):
        api.say(None, user=50, photo=PHOTO, media_group_id="album")
    api.say("/help", user=50)
    assert [reply["text"].split("\n")[0] for reply in api.replies(50, 2)] == [
        PHRASES["zh-hans"].only_text,
        HELP["zh-hans"],
    ]


def test_an_update_that_comes_twice_is_answered_once(bot: tuple[BotApi, Scripted]) -> None:
    api, _ = bot
    number = api.push({"message": message("/help", **PRIVATE) | {"chat": {**PRIVATE["chat"], "id": 40}}})
    api.replies(40)
    api.push({"update_id": number, "message": message("/help", **PRIVATE) | {"chat": {**PRIVATE["chat"], "id": 40}}})
    api.say("/help", user=41)
    api.replies(41)
    assert len(api.sent(to=40)) == 1
