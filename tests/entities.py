"""Telegram's message entities: what its HTML and its clients' typing mark, in UTF-16 code units."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

Json = dict[str, Any]

_TAGS = {"b": "bold", "i": "italic", "code": "code", "blockquote": "blockquote", "a": "text_link"}


class ApiError(Exception):
    """A reply of the API that is an error."""

    def __init__(self, code: int, description: str, **parameters: object) -> None:
        super().__init__(description)
        self.code, self.parameters = code, parameters


def units_of(text: str) -> int:
    """Length as Telegram counts it: UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


def typed_entities(text: str) -> list[Json]:
    """Commands and mentions, as Telegram's clients mark them."""
    found = []
    position = 0
    for word in text.split(" "):
        kind = "bot_command" if word[:1] == "/" else "mention" if word[:1] == "@" else None
        if kind:
            found.append({"type": kind, "offset": units_of(text[:position]), "length": units_of(word)})
        position += len(word) + 1
    return found


def parse_html(html: str) -> tuple[str, list[Json]]:
    """The text and entities (UTF-16 offsets) of Telegram's HTML; `ApiError` where Telegram could not parse it."""
    text, entities, opened = "", [], []

    class Parser(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            if tag not in _TAGS or (tag == "blockquote" and any(kind["type"] == "blockquote" for kind in opened)):
                raise ApiError(400, f"Bad Request: can't parse entities: unsupported start tag {tag}")
            url = {"url": dict(attrs)["href"]} if tag == "a" else {}
            opened.append({"type": _TAGS[tag], "offset": units_of(text)} | url)

        def handle_endtag(self, tag: str) -> None:
            if not opened or opened[-1]["type"] != _TAGS.get(tag):
                raise ApiError(400, f"Bad Request: can't parse entities: unmatched end tag {tag}")
            entity = opened.pop()
            entities.append(entity | {"length": units_of(text) - entity["offset"]})

        def handle_data(self, data: str) -> None:
            nonlocal text
            text += data

    parser = Parser(convert_charrefs=True)
    parser.feed(html)
    parser.close()
    if opened:
        raise ApiError(400, "Bad Request: can't parse entities: can't find end tag")
    return text, sorted(entities, key=lambda entity: (entity["offset"], -entity["length"]))


def entity_texts(message: Json, kind: str) -> list[str]:
    """The texts of a message's entities of one kind."""
    units = message["text"].encode("utf-16-le")
    marked = [(e["offset"], e["offset"] + e["length"]) for e in message["entities"] if e["type"] == kind]
    return [units[2 * start : 2 * end].decode("utf-16-le") for start, end in marked]
