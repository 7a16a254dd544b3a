"""Markdown with front matter: one article a file, which staff correct in an editor and add again.

The front matter holds an article's fields, the text below it the body, a paragraph a line; blank lines count for nothing.
A body is text, not markup: what Markdown would take for markup is written with its backslash and read back without.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from html import unescape
from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from index.errors import SourceError
from index.models import Article, Byline, Kind, Line, Page, Place, Run, page_of
from index.sources.dump import check_length, decode

_FRONT = re.compile(r"---[ \t]*\n(?P<fields>(?:.*\n)*?)---[ \t]*(?:\n|\Z)")
_FRONT_SIZE = 64 * 2**10
_EMPTY = "<br>"
_MARKUP = re.compile(r"[\\*_`<&\[~]|^[#>+=|-]|(?<=\d)[.)](?=\s)")
_HIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\r]|^\s+\Z")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])|&(?:#(\d{1,7})|([A-Za-z]\w{1,31}));")


def _byline(value: object) -> object:
    """`记者 林旭东` is a role and a name, `林旭东` a name."""
    if not isinstance(value, str):
        return value
    role, _, name = value.partition(" ")
    return {"role": role, "name": name} if name else {"role": "", "name": role}


def _listed(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value] if value else []


def _pages(value: object) -> list[tuple[int | None, str | None]]:
    return [page_of(name) for name in _listed(value)]


_Text = Annotated[str | None, BeforeValidator(lambda value: value or None)]


class _Fields(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: _Text = None
    title: str = ""
    kicker: _Text = None
    subtitle: _Text = None
    column: _Text = None
    bylines: Annotated[tuple[Annotated[Byline, BeforeValidator(_byline)], ...], BeforeValidator(_listed)] = ()
    kind: Kind = "news"
    paper: _Text = None
    published: Annotated[dt.date | None, BeforeValidator(lambda value: value or None)] = Field(
        None, validation_alias=AliasChoices("published", "date")
    )
    page: Annotated[tuple[tuple[int | None, str | None], ...], BeforeValidator(_pages)] = ()
    url: _Text = None
    jump: _Text = None


def read(data: bytes, name: str) -> tuple[tuple[Page, ...], tuple[Article, ...]]:
    """Read one article; the lines kept are its paragraphs as decoded, under their line numbers in the file.

    Raises:
        SourceError: The front matter is missing or wrong (its line or field is named), or there is no body.
    """
    text = decode(data, name).replace("\r\n", "\n")
    check_length(len(text), name)
    front = _FRONT.match(text)
    if front is None or len(front["fields"]) > _FRONT_SIZE:
        raise SourceError(f"{name}: does not begin with front matter: a line ---, fields such as title:, a line ---")
    fields = _fields(front["fields"], name)
    lines = [
        Line(number=number, text="" if line.strip() == _EMPTY else _plain(line))
        for number, line in enumerate(text[front.end() :].split("\n"), 1 + text.count("\n", 0, front.end()))
        if line.strip()
    ]
    body = "\n".join(line.text for line in lines)
    if not body.strip():
        raise SourceError(f"{name}: there is no text below the front matter")
    trace, at = [], 0
    for line in lines:
        if line.text:
            trace.append(Run(start=at, end=at + len(line.text), place=0, line=line.number, column=0))
        at += len(line.text) + 1
    whole = ((lines[0].number, lines[-1].number),)
    pages = fields.page or ((None, None),)
    try:
        article = Article(
            **fields.model_dump(exclude={"id", "page", "bylines"}),
            id=fields.id or _identity(name, fields),
            bylines=fields.bylines,
            body=body,
            page=pages[0][0],
            places=tuple(
                Place(source=name, page=number, label=label, lines=() if n else whole)
                for n, (number, label) in enumerate(pages)
            ),
            trace=tuple(trace),
        )
    except ValidationError as error:
        raise SourceError(f"{name}: {_first(error)}") from None
    page = Page(source=name, lines=tuple(lines), paper=article.paper, published=article.published, number=article.page)
    return (page,), (article,)


def write(article: Article) -> str:
    """Return `article` as a file that `read` takes for the same one: every field but where it stands and its confidence."""
    front = [f"id: {_quoted(article.id)}", f"title: {_quoted(article.title)}"]
    for name in ("kicker", "subtitle", "column", "bylines", "kind", "paper", "published", "pages", "url", "jump"):
        value = getattr(article, name)
        if name == "bylines" and value:
            front += ["bylines:", *(f"- {_written(byline)}" for byline in value)]
        elif name == "pages" and value:
            names = ", ".join(map(str, value))
            front.append(f"page: [{names}]" if len(value) > 1 else f"page: {names}")
        elif value:
            front.append(f"{name}: {value if name in ('kind', 'published') else _quoted(value)}")
    body = "\n\n".join(_marked(paragraph) or _EMPTY for paragraph in article.body.split("\n"))
    return "\n".join(["---", *front, "---", "", body, ""])


def file_name(article: Article) -> str:
    """A name for the file of `article` that no id can lead out of its folder."""
    plain = re.sub(r"[^\w-]", "_", article.id)[:60]
    mark = hashlib.sha1(article.id.encode(), usedforsecurity=False).hexdigest()[:8]
    return f"{plain}.md" if plain == article.id else f"{plain}-{mark}.md"


def _fields(text: str, name: str) -> _Fields:
    import yaml  # type: ignore[import-untyped]

    try:
        # Every value is read as text, so that a headline may be 2020 or No.
        loaded = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - safer than SafeLoader
        return _Fields.model_validate(loaded if loaded else {})
    except yaml.MarkedYAMLError as error:
        line = (error.problem_mark.line if error.problem_mark else 0) + 2
        raise SourceError(f'{name}, line {line}: {error.problem}; put the value in "quotation marks"') from None
    except ValidationError as error:
        raise SourceError(f"{name}: {_first(error)}") from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise SourceError(f"{name}: the front matter is no YAML ({' '.join(str(error).split())[:100]})") from None


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"the field {field!r} is unknown (want {', '.join(_Fields.model_fields)})"
    return f"the field {field!r} is wrong ({first['msg']})"


def _identity(name: str, fields: _Fields) -> str:
    told = f"{name}\0{fields.paper}\0{fields.published}"
    return f"md-{hashlib.sha1(told.encode(), usedforsecurity=False).hexdigest()[:12]}"


def _written(byline: Byline) -> str:
    short = f"{byline.role} {byline.name}".strip(" ")
    if _byline(short) == byline.model_dump():
        return _quoted(short)
    return f"{{role: {_quoted(byline.role)}, name: {_quoted(byline.name)}}}"


def _quoted(value: str) -> str:
    """A string of YAML, in quotes so that an editor's colon or number stays text."""
    return "".join(
        character if character.isprintable() or character == "　" else f"\\U{ord(character):08x}"
        for character in json.dumps(value, ensure_ascii=False)
    )


def _marked(paragraph: str) -> str:
    marked = _MARKUP.sub(r"\\\g<0>", paragraph)
    return _HIDDEN.sub(lambda found: "".join(f"&#{ord(character)};" for character in found.group()), marked)


def _plain(line: str) -> str:
    return _ESCAPED.sub(_character, line)


def _character(found: re.Match[str]) -> str:
    escaped, number, named = found.groups()
    if number:
        return chr(int(number)) if int(number) < 0x110000 else found.group()
    return escaped if escaped else unescape(f"&{named};")
