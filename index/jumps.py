"""Articles that go on on another page of their issue: what 下转 ends and 上接 begins is one.

Layout joins what stands on pages of lines. Here are joined articles that come whole, such as those of an e-paper, whose
halves are files of their own and may come on different days.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable

from index.identity import current_version
from index.issues import followed
from index.models import Article, page_of
from index.records import Item, Plan, SourceRow, issue_of, read_article

_PAGE = r"(?:第)?([A-Z]?0*[1-9]\d{0,2}|[一二三四五六七八九十])版[^）)】。]{0,12}[）)】]?"
FROM = re.compile(rf"[（(【]?(上接|紧接){_PAGE}\s*")
TO = re.compile(rf"\s*[（(【]?(下转|紧转){_PAGE}$")


def joined(articles: Iterable[Article]) -> tuple[Article, ...]:
    """Join halves of one issue whose marks name each other's pages; where several could be meant, those of one headline."""
    found = {article.id: article for article in articles}
    for back in list(found.values()):
        if not back.jump or not (origin := FROM.match(back.jump)):
            continue
        fronts = [
            front
            for front in found.values()
            if (onward := TO.search(front.jump or ""))
            and (front.paper, front.published) == (back.paper, back.published)
            and (_named(origin[2]), _named(onward[2])) == (_standing(front), _standing(back))
        ]
        alike = [front for front in fronts if front.title and (front.title in back.title or back.title in front.title)]
        if len(alike or fronts) == 1:
            front = (alike or fronts)[0]
            found[front.id] = _whole(front, back)
            del found[back.id]
    return tuple(found.values())


def plan_joined(connection: sqlite3.Connection, issue: int, generation: int) -> Plan:
    """Join the halves that articles of one issue are, whenever each came; one that lost its other half stands alone again.

    A half is the newest version with a jump mark of an article whose source is still in use.
    """
    halves: dict[str, tuple[Article, SourceRow]] = {}
    for record, body, trace, *source in connection.execute(
        "SELECT record, body, trace, sources.id, path, name, sha256, kind FROM articles "
        "JOIN sources ON sources.id = articles.source AND sources.kind = 'articles' AND sources.current "
        "WHERE issue = ? AND json_extract(record, '$.jump') IS NOT NULL ORDER BY pk",
        (issue,),
    ):
        half = read_article(record, body, trace)
        halves[half.id] = half, SourceRow(*source)
    plan = Plan(generation)
    wholes = {article.id: article for article in joined(half for half, _ in halves.values())}
    for identity, article in wholes.items():
        source = halves[identity][1]
        key = issue_of(source, article.paper, article.published)
        item = followed(connection, Item(article, source, key, [], current_version(connection, identity)))
        if item and not item.is_unchanged:
            plan.items.append(item)
    gone = (current_version(connection, identity) for identity in halves.keys() - wholes.keys())
    plan.retired = [old.pk for old in gone if old]
    return plan


def _named(page: str) -> tuple[int | None, str | None]:
    """The page that a mark names, such as that of an article: 2 is also A02."""
    chinese = "一二三四五六七八九十".find(page) + 1
    number, label = page_of(chinese or page)
    return number, None if number else label


def _standing(article: Article) -> tuple[int | None, str | None]:
    place = article.places[0]
    return place.page, None if place.page else place.label


def _whole(front: Article, back: Article) -> Article:
    between = "\n" if front.body[-1] in "。！？”" else ""
    shift = len(front.body) + len(between)
    behind = [
        run.model_copy(update={"start": run.start + shift, "end": run.end + shift, "place": run.place + 1})
        for run in back.trace
    ]
    return front.model_copy(
        update={
            "body": front.body + between + back.body,
            "bylines": front.bylines or back.bylines,
            "places": front.places + back.places,
            "jump": None,
            "trace": (*front.trace, *behind),
        }
    )
