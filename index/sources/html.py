"""HTML as paragraphs of text: what a reader sees, decoded, without scripts.

Slices between marks are found in one pass each, so that no hostile page takes long.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from index.errors import SourceError

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([\w-]{2,20})", re.IGNORECASE)
_ENCODINGS = dict.fromkeys(("gb2312", "gbk", "gb18030"), "gb18030") | {"big5": "big5hkscs", "big5-hkscs": "big5hkscs"}
_UNSEEN = dict.fromkeys([*range(9), 11, *range(14, 32), *range(127, 160), 0xAD, 0x200B, 0x2060, 0xFEFF])
_SCRIPTS = [
    (re.compile(rf"<{tag}\b", re.IGNORECASE), re.compile(rf"</{tag}\s*>", re.IGNORECASE)) for tag in ("script", "style")
]
_SPACE = re.compile(r"[ \t\r\n\f]+")
_SKIPPED = {"script", "style", "noscript", "template", "head", "title", "select", "textarea", "iframe", "object"}
_INLINE = re.compile(
    "a|abbr|acronym|b|bdi|bdo|big|cite|code|data|del|dfn|em|font|hi|i|img|input|ins|kbd|label|mark|nobr|q|ref|ruby|rp|rt|s|samp|"
    "small|span|strike|strong|sub|sup|time|tt|u|var|wbr|o:p|st1:[a-z]+"
)
_CAPTION = re.compile(
    r"pic[-_]?te?xt|(?:pic|photo|img|image)[-_]?caption|pci_c|attachment|newspic|tu-?shuo", re.IGNORECASE
)


def decode(data: bytes) -> str:
    """Return a page without its scripts and styles, in the encoding that it names, else UTF-8 or GB18030.

    A byte that is no character there becomes U+FFFD; what is never seen (control characters, U+FEFF) goes.
    """
    html = _decoded(data).translate(_UNSEEN)
    for opening, closing in _SCRIPTS:
        html = without(html, opening, closing)
    return html


def _decoded(data: bytes) -> str:
    named = _CHARSET.search(data, 0, 4096)
    encoding = _ENCODINGS.get(named[1].decode().lower(), "utf-8") if named else "utf-8"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    for attempt in (encoding, "utf-8", "gb18030"):
        try:
            return data.decode(attempt)
        except UnicodeDecodeError:
            continue
    return data.decode(encoding, "replace")


def parse(html: str, name: str) -> HtmlElement:
    """Return the root of a page or a piece of one; `name` is that of its file, for messages.

    Raises:
        SourceError: It is nested so deep that the parser leaves some of it out.
    """
    from lxml import html as lxml_html

    parser = lxml_html.HTMLParser(encoding="utf-8", huge_tree=True, remove_pis=True)
    root: HtmlElement = lxml_html.fromstring(f"<html><body>{html}".encode(), parser=parser)
    if any("depth" in error.message.lower() for error in parser.error_log):
        raise SourceError(f"{name}: its tags are nested too deep to be an article page")
    return root


def between(html: str, opening: re.Pattern[str], closing: re.Pattern[str]) -> Iterator[tuple[int, int, int, int]]:
    """Where two marks enclose a slice: begin of the first, its end, begin of the second, its end."""
    at = 0
    while (first := opening.search(html, at)) and (last := closing.search(html, first.end())):
        yield first.start(), first.end(), last.start(), last.end()
        at = last.end()


def without(html: str, opening: re.Pattern[str], closing: re.Pattern[str]) -> str:
    """Return `html` without what two marks enclose, and without them."""
    kept: list[str] = []
    at = 0
    for start, _, _, end in between(html, opening, closing):
        kept.append(html[at:start])
        at = end
    return "".join([*kept, html[at:]])


def with_id(root: HtmlElement, identity: str) -> HtmlElement | None:
    """The first element of this id, whose case varies between papers."""
    return next((node for node in root.iter() if (node.get("id") or "").lower() == identity.lower()), None)


def plain(root: HtmlElement) -> str:
    """All text that is seen, a line a paragraph."""
    return "\n".join(text for found in paragraphs(root) for text in found)


def paragraphs(root: HtmlElement) -> tuple[list[str], list[str]]:
    """The paragraphs below `root`, and apart from them those of photo captions.

    White space at the ends of a paragraph (its indent) goes, and line breaks of the markup, which are no spaces between
    Chinese characters; every other character stays.
    """
    from lxml import etree

    told: tuple[list[str], list[str]] = ([], [])
    parts: list[str] = []
    caption: HtmlElement | None = None

    def end() -> None:
        text = _SPACE.sub(_space, "".join(parts)).strip()
        parts.clear()
        if text:
            told[caption is not None].append(text)

    walk = etree.iterwalk(root, events=("start", "end", "comment"))
    for event, node in walk:
        if event == "comment":
            parts.append(node.tail or "")
            continue
        is_block = not _INLINE.fullmatch(node.tag)
        if event == "start":
            if is_block:
                end()
            if node.tag in _SKIPPED:
                walk.skip_subtree()
            else:
                parts.append(node.text or "")
                marks = f"{node.get('class', '')} {node.get('id', '')}"
                if caption is None and node is not root and (node.tag == "figcaption" or _CAPTION.search(marks)):
                    caption = node
            continue
        if is_block:
            end()
        if node is caption:
            end()
            caption = None
        if node is not root:
            parts.append(node.tail or "")
    end()
    return told


def _space(found: re.Match[str]) -> str:
    before, after = found.string[max(0, found.start() - 1) : found.start()], found.string[found.end() : found.end() + 1]
    is_break = "\n" in found.group() and (ord(before or " ") > 0x2E7F or ord(after or " ") > 0x2E7F)
    return "" if is_break else " "
