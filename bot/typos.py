"""Typing mistakes of a pinyin keyboard: 青石大侨 for 青石大桥, mended where the passages found have the right characters."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from index.lexical import in_words

_CHINESE = re.compile(r"[一-鿿]+")
_GRAMMAR = "几谁哪吗呢的了是在有和与及被把从到对多少个"


def mended(question: str, passages: Iterable[str]) -> str:
    """The question with characters replaced by others that sound the same, where only those stand in the passages.

    Three characters running, or two, must fit in all but the one; a word of jieba's dictionary stays, and so does a name
    that sounds otherwise (河东村 for 河湾村): it is another name. Both are folded by `index.text.fold`; lengths stay the same.
    """
    text = "\n".join(passages)
    certain = in_words(question)
    typed = question
    for at, character in enumerate(question):
        if at in certain or character in _GRAMMAR or not _CHINESE.fullmatch(character):
            continue
        windows = [
            (typed[start : start + length], at - start)
            for length in (3, 2)
            for start in range(max(at - length + 1, 0), min(at, len(question) - length) + 1)
        ]
        if any(window in text for window, _ in windows):
            continue
        options = (_meant(window, place, text) for window, place in windows if _CHINESE.fullmatch(window))
        if meant := next(filter(None, options), None):
            typed = typed[:at] + meant + typed[at + 1 :]
    return typed


def _meant(window: str, at: int, text: str) -> str | None:
    """The one character that fits into `window` at `at` by the text, and sounds like what stands there."""
    around = re.escape(window[:at]) + "([一-鿿])" + re.escape(window[at + 1 :])
    options = {found.group(1) for found in re.finditer(f"(?={around})", text)}
    alike = {option for option in options if option != window[at] and _sounds(option) & _sounds(window[at])}
    return alike.pop() if len(alike) == 1 else None


@cache
def _sounds(character: str) -> frozenset[str]:
    from pypinyin import Style, pinyin

    return frozenset(pinyin(character, style=Style.NORMAL, heteronym=True)[0])
