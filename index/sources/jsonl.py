"""JSON lines: articles that someone else has told apart already."""

from __future__ import annotations

import datetime as dt
import json
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from index.errors import SourceError
from index.models import Article, Byline, Kind, Line, Page, Place, Run, page_of
from index.sources.dump import decode


def _byline(value: object) -> object:
    return {"role": "", "name": value} if isinstance(value, str) else value


def _page(value: object) -> tuple[int | None, str | None]:
    if value in (None, ""):
        return None, None
    if not isinstance(value, int | str) or isinstance(value, bool):
        raise ValueError("want a number, or a text such as B03")
    return page_of(value)


class _Record(BaseModel):
    model_config = ConfigDict(extra="ignore")

    id: Annotated[str, BeforeValidator(lambda value: str(value) if isinstance(value, int) else value)] = Field(
        min_length=1
    )
    body: str
    title: str | None = None
    subtitle: str | None = None
    bylines: tuple[Annotated[Byline, BeforeValidator(_byline)], ...] | None = None
    published: dt.date | None = None
    paper: str | None = None
    page: Annotated[tuple[int | None, str | None], BeforeValidator(_page)] = (None, None)
    url: str | None = None
    kind: Kind = "news"


def read(data: bytes, name: str) -> tuple[tuple[Page, ...], tuple[Article, ...]]:
    """Read articles, one JSON object a line; the lines kept are the bodies as decoded.

    Raises:
        SourceError: A line is no article; its number and field are named, and nothing is taken.
    """
    articles: list[Article] = []
    lines: list[Line] = []
    seen: dict[str, int] = {}
    for number, raw in enumerate(decode(data, name).split("\n"), 1):
        if not raw.strip():
            continue
        record = _record(raw, f"{name}, line {number}")
        if record.id in seen:
            raise SourceError(f"{name}, line {number}: the id {record.id!r} stands in line {seen[record.id]} already")
        seen[record.id] = number
        body = record.body.replace("\r\n", "\n").replace("\r", "\n")
        lines.append(Line(number=number, text=body))
        articles.append(
            Article(
                **record.model_dump(exclude={"body", "title", "bylines", "page"}),
                page=record.page[0],
                title=record.title or "",
                bylines=record.bylines or (),
                body=body,
                places=(Place(source=name, page=record.page[0], label=record.page[1], lines=((number, number),)),),
                trace=(Run(start=0, end=len(body), place=0, line=number, column=0),),
            )
        )
    if not articles:
        raise SourceError(f"{name}: holds no article")
    return (Page(source=name, lines=tuple(lines)),), tuple(articles)


def _record(raw: str, where: str) -> _Record:
    try:
        value = json.loads(raw)
    except (json.JSONDecodeError, RecursionError) as error:
        raise SourceError(f"{where}: not JSON ({error})") from None
    if not isinstance(value, dict):
        raise SourceError(f"{where}: want one JSON object a line")
    try:
        record = _Record.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise SourceError(f"{where}: the field {field!r} is wrong ({first['msg']})") from None
    if not record.body.strip():
        raise SourceError(f"{where}: the field 'body' is empty")
    return record
