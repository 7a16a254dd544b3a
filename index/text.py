"""Folding text for search without moving an offset, and cutting it into sentences that can be quoted."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import opencc

END = "。！？!?"
CLOSERS = '”’」』）)】〉》"'
PAIRS = {"“": "”", "‘": "’", "「": "」", "『": "』", "《": "》", "〈": "〉", "（": "）", "(": ")", "【": "】"}

# 本报讯, 新华社北京5月1日电, a column's name in 【】: they introduce a sentence and are not part of it.
_LEAD = re.compile(
    r"(?:【[^】\n]{1,20}】|■|●|▲|◆)?[\s　]*"
    r"(?:(?:本报|本台|新华社|中新社|中新网)[^\s　，。（(]{0,12}?[讯电][\s　]*(?:[（(][^）)\n]{1,60}[）)][\s　]*)?"
    r"|[（(](?:本报)?(?:记者|通讯员)[^）)\n]{1,60}[）)][\s　]*)?"
)
_SAYS = re.compile(
    r"[^。！？!?，,；;：:“”\n]{1,40}(?:说|表示|介绍|告诉记者|坦言|认为|称|道|笑言|感慨|回忆)(?:道)?[。！？!?]"
)
_ENGLISH_END = re.compile(r"(?<=[A-Za-z0-9)\"’”%]{2})\.(?=[\"’”)]*(?:\s|$))")

_RADICALS = dict(
    zip(
        "⺠⻁⻄⻅⻆⻉⻋⻓⻔⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻨⻩⻬⻮⻰⻳",
        "民虎西见角贝车长门青韦页风飞食马骨鬼鱼鸟麦黄齐齿龙龟",
        strict=True,
    )
)
UNIFIED = {
    code: unicodedata.normalize("NFKC", chr(code)) for code in (*range(0x2F00, 0x2FD6), *range(0xF900, 0xFADA))
} | {ord(radical): character for radical, character in _RADICALS.items()}
"""`str.translate` table for text layers: a font may call 行 a radical or a compatibility form, which looks the same."""
UNIFIED |= {0x2010: "-", 0x2011: "-"}


class _SingleCharacters(dict[int, str]):
    """`str.translate` table of NFKC and lower case, kept to changes that stay one character long."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        folded = unicodedata.normalize("NFKC", character).lower()
        self[code] = folded if len(folded) == 1 else character
        return self[code]


_FOLDED = _SingleCharacters()


@cache
def _simplifier() -> opencc.OpenCC:
    import opencc

    return opencc.OpenCC("t2s")


def fold(text: str) -> str:
    """Return `text` in the form that is searched: NFKC, simplified, lower case.

    The result is as long as `text`, so that offsets in one hold in the other; characters that NFKC
    would expand (℃, ㎡) stay. 繁→简 is OpenCC's t2s, character by character where a phrase would change length.
    """
    folded = text.translate(_FOLDED)
    simplified: str = _simplifier().convert(folded)
    if len(simplified) != len(folded):
        simplified = "".join(_same_length(character) for character in folded)
    return simplified


@cache
def _same_length(character: str) -> str:
    simplified: str = _simplifier().convert(character)
    return simplified if len(simplified) == 1 else character


def is_traditional(text: str) -> bool:
    """Tell whether `text` has characters that only traditional Chinese writes."""
    plain = text.translate(_FOLDED)
    return sum(a != b for a, b in zip(plain, fold(text), strict=True)) > 0


def sentences(text: str) -> list[tuple[int, int]]:
    """Return the (start, end) of each sentence of `text`, in order and without overlap.

    A sentence ends at 。！？ (or an English full stop) with its closing marks, or at a line end; …… does not end one.
    A quotation keeps the short 某某说。 behind it. Leads (本报讯), white space, and a quotation mark
    whose partner stands outside, or that encloses the whole sentence, are left out of the span.
    """
    spans: list[tuple[int, int]] = []
    position = 0
    for paragraph in text.split("\n"):
        spans += _paragraph_sentences(text, position, position + len(paragraph))
        position += len(paragraph) + 1
    return spans


def _paragraph_sentences(text: str, first: int, last: int) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    lead = _LEAD.match(text, first, last)
    start = lead.end() if lead else first
    for end in _ends(text, start, last):
        span = _trim(text, start, end)
        if span[0] < span[1] and any(character.isalnum() for character in text[span[0] : span[1]]):
            spans.append(span)
        start = end
    return spans


def _ends(text: str, start: int, last: int) -> list[int]:
    """Offsets behind each sentence of one paragraph."""
    ends: list[int] = []
    english = {match.start() for match in _ENGLISH_END.finditer(text, start, last)}
    opened: list[tuple[str, int]] = []
    sentence, at = start, start
    while at < last:
        character = text[at]
        if character in PAIRS:
            opened.append((PAIRS[character], at))
        elif opened and character == opened[-1][0]:
            opened.pop()
        at += 1
        ellipsis = character == "…" and at < last and text[at] in "”’」』"
        if not (character in END or at - 1 in english or ellipsis) or any(mark in "》〉）)】" for mark, _ in opened):
            continue
        while at < last and (text[at] in END or text[at] in CLOSERS):
            closes = bool(opened) and text[at] == opened[-1][0]
            if closes:
                _, quoted_from = opened.pop()
            at += 1
            if closes and _is_exclamation_inside(text, sentence, quoted_from, at):
                break
        else:
            if at < last and text[at] in "，、；：,;:":
                continue
            says = _SAYS.match(text, at, last) if text[at - 1] in "”’」』" else None
            at = says.end() if says else at
            ends.append(at)
            sentence = at
    if not ends or ends[-1] < last:
        ends.append(last)
    return ends


def _is_exclamation_inside(text: str, sentence: int, opening: int, closing: int) -> bool:
    """他喊“加油！”并…: a short exclamation within a sentence does not end it."""
    inside = text[opening + 1 : closing - 2]
    before = text[sentence:opening].rstrip()
    return bool(before) and before[-1] not in "：:，,。”" and len(inside) <= 12 and not re.search("[，。；]", inside)


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    """Leave out white space at both ends, and quotation marks that are unpaired or enclose everything."""
    while start < end:
        if text[start].isspace():
            start += 1
        elif text[end - 1].isspace():
            end -= 1
        elif text[start] in "“‘「『" and _closing(text, start, end) in (None, end - 1):
            whole = _closing(text, start, end) == end - 1
            start, end = start + 1, end - whole
        elif text[end - 1] in "”’」』" and _unopened(text, start, end - 1):
            end -= 1
        elif text[start] in CLOSERS:
            start += 1
        else:
            break
    return start, end


def _closing(text: str, opening: int, end: int) -> int | None:
    """Offset of the mark that closes the quotation opened at `opening`, None where it is not before `end`."""
    opener, closer, depth = text[opening], PAIRS[text[opening]], 0
    for at in range(opening, end):
        depth += (text[at] == opener) - (text[at] == closer)
        if depth == 0:
            return at
    return None


def _unopened(text: str, start: int, closing: int) -> bool:
    """Tell whether the quotation mark at `closing` has no opening mark after `start`."""
    closer = text[closing]
    opener = next(mark for mark, partner in PAIRS.items() if partner == closer)
    return text.count(opener, start, closing) < text.count(closer, start, closing + 1)
