"""The asker's language, and everything the bot says in its own words. What it quotes is never translated."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from bot.question import LONGEST
from index.text import is_traditional

Language = Literal["zh-hans", "zh-hant", "en"]

_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_LATIN_WORD = re.compile(r"[A-Za-z]+")
_TRADITIONAL_CODES = re.compile(r"zh-(?:hant|tw|hk|mo)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Phrases:
    """The bot's own words in one language: plain text, but for `help`, which is Telegram HTML."""

    refusal: str
    nearest: str
    page: str
    also: str
    corrected: str
    doubtful: str
    differ: str
    uncertain: str
    untitled: str
    help: str
    only_text: str
    too_long: str
    nothing_asked: str
    too_many: str
    failed: str


PHRASES: dict[Language, Phrases] = {
    "zh-hans": Phrases(
        refusal="报上没有找到能回答这个问题的原话。",
        nearest="最接近的报道：",
        page="第{}版",
        also="另见{}篇",
        corrected="已更正（{}）",
        doubtful="（扫描件识别，可能有误字）",
        differ="两处说法不一：",
        uncertain="不敢肯定，最接近的原话：",
        untitled="（无标题）",
        help="直接发问，我用报纸的原话回答，注明文章、日期和版面；报上没有的，就说没有。\n"
        "问题会不记名留存一年，让编辑部知道大家想知道什么。\n"
        "群里请 @ 我，或回复我的消息。\n\n例如（点一下就能复制）：\n"
        "<code>图书馆几点闭馆？</code>\n<code>哪里停水？</code>",
        only_text="我听不懂语音，也看不懂图片：请把问题打成文字发给我。",
        too_long=f"问题太长了，请缩短到{LONGEST}字以内。",
        nothing_asked="没看到要问什么，请写一个问题，例如：图书馆几点闭馆？",
        too_many="问题有点多，我先答完前面的，其余请稍后再发。",
        failed="抱歉，刚才出了点问题，没能答上来。请稍后再问一次。",
    ),
    "zh-hant": Phrases(
        refusal="報上沒有找到能回答這個問題的原話。",
        nearest="最接近的報道：",
        page="第{}版",
        also="另見{}篇",
        corrected="已更正（{}）",
        doubtful="（掃描件辨識，可能有誤字）",
        differ="兩處說法不一：",
        uncertain="不敢肯定，最接近的原話：",
        untitled="（無標題）",
        help="直接發問，我用報紙的原話回答，註明文章、日期和版面；報上沒有的，就說沒有。\n"
        "問題會不記名留存一年，讓編輯部知道大家想知道什麼。\n"
        "群組裡請 @ 我，或回覆我的訊息。\n\n例如（點一下就能複製）：\n"
        "<code>圖書館幾點閉館？</code>\n<code>哪裡停水？</code>",
        only_text="我聽不懂語音，也看不懂圖片：請把問題打成文字發給我。",
        too_long=f"問題太長了，請縮短到{LONGEST}字以內。",
        nothing_asked="沒看到要問什麼，請寫一個問題，例如：圖書館幾點閉館？",
        too_many="問題有點多，我先答完前面的，其餘請稍後再發。",
        failed="抱歉，剛才出了點問題，沒能答上來。請稍後再問一次。",
    ),
    "en": Phrases(
        refusal="The paper has no sentence that answers this.",
        nearest="Nearest articles:",
        page="page {}",
        also="also in {} more",
        corrected="(corrected {})",
        doubtful="(read from a scan, characters may be wrong)",
        differ="Two articles say different things:",
        uncertain="Not certain; the closest words are:",
        untitled="(no headline)",
        help="Ask me anything. I answer in the newspaper's own words, with article, date and page, "
        "and say so when it has no answer.\n"
        "Questions are kept for a year, without who asked, so that the newsroom learns what people want to know.\n"
        "In a group, mention me or reply to me.\n\nFor example (tap to copy):\n"
        "<code>When does the library close?</code>\n<code>Where is the water cut off?</code>",
        only_text="I cannot listen or look at pictures: please type your question.",
        too_long=f"That is too long: please ask in at most {LONGEST} characters.",
        nothing_asked="I see no question there. Try: When does the library close?",
        too_many="That is a lot at once: I answer the first ones, please send the rest a little later.",
        failed="Sorry, something went wrong and I have no answer. Please ask again in a moment.",
    ),
}


# By Telegram's two-letter codes, None for all other languages: 使用方法 is written alike in both scripts.
COMMANDS: dict[str | None, list[tuple[str, str]]] = {
    "zh": [("help", "使用方法")],
    None: [("help", "How to ask")],
}


def language_of(text: str, code: str | None = None) -> Language:
    """The language to answer `text` in; `code` (IETF tag, as Telegram gives it) decides where the text does not.

    Chinese without a traditional character is simplified; a single Latin word (GDP?) does not make a text English.
    """
    if _HAN.search(text):
        return "zh-hant" if is_traditional(text) else "zh-hans"
    if code is None:
        return "en" if _LATIN_WORD.search(text) else "zh-hans"
    if len(_LATIN_WORD.findall(text)) > 1 or not code.lower().startswith("zh"):
        return "en"
    return "zh-hant" if _TRADITIONAL_CODES.match(code) else "zh-hans"
