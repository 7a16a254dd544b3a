"""Near duplicates: one speaks for all, and no figure is lost by it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hashing import HashingEmbedder
from test_archive import write

from index.archive import Archive
from index.duplicates import are_near

WIRE = (
    "新华社电 县供水集团昨日宣布，青石水厂二期工程将于明年三月开工，总投资2.4亿元。"
    "项目建成后，日供水能力将从5万吨提高到12万吨，惠及沿线七个乡镇。"
    "集团负责人说，工程采用新的过滤工艺，能耗比一期降低近三成，居民水价不因此调整。"
)
COPY = WIRE.replace("新华社电 县供水集团昨日", "本报讯 县供水集团昨天") + "（完）"
OTHER_FIGURES = WIRE.replace("2.4亿元", "3.1亿元").replace("5万吨", "6万吨").replace("12万吨", "15万吨")
QUESTION = "青石水厂二期工程总投资多少亿元"


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive.open(tmp_path / "archive", embedder=HashingEmbedder(), write=True) as opened:
        opened.add([write(tmp_path / "a.jsonl", {"id": "wire", "body": WIRE, "published": "2025-01-02"})])
        opened.add([write(tmp_path / "b.jsonl", {"id": "copy", "body": COPY, "published": "2025-01-03"})])
        opened.add([write(tmp_path / "c.jsonl", {"id": "figures", "body": OTHER_FIGURES, "published": "2025-02-01"})])
        yield opened
        assert opened.verify() == []


def hits(archive: Archive) -> dict[str, int]:
    return {hit.article.id: hit.also for hit in archive.search(QUESTION)}


def test_a_copy_is_near_and_other_figures_are_not() -> None:
    assert are_near(WIRE, COPY)
    assert are_near(WIRE, "原标题：水厂二期将开工。" + WIRE)
    assert not are_near(WIRE, OTHER_FIGURES)
    assert not are_near(WIRE, "县图书馆闭馆时间推迟到十点。" * 10)


def test_one_of_a_group_is_found_and_tells_of_the_others(archive: Archive) -> None:
    found = hits(archive)
    assert found.pop("figures") == 0
    ((first, also),) = found.items()
    assert also == 1
    other = {"wire": "copy", "copy": "wire"}[first]
    assert [article.id for article in archive.near_duplicates(first)] == [other]


def test_the_other_speaks_when_one_is_retracted(archive: Archive) -> None:
    archive.retract("wire", "撤稿")
    assert hits(archive) == {"copy": 0, "figures": 0}
    archive.restore("wire")
    assert len(hits(archive)) == 2


def test_a_corrected_copy_leaves_its_group(archive: Archive, tmp_path: Path) -> None:
    archive.add(
        [write(tmp_path / "b.jsonl", {"id": "copy", "body": OTHER_FIGURES + "（更正）", "published": "2025-01-03"})]
    )
    assert hits(archive).get("wire") == 0
    assert [article.id for article in archive.near_duplicates("copy")] == ["figures"]
    archive.add([tmp_path / "b.jsonl"], paper="晚报")
    assert [article.id for article in archive.near_duplicates("copy")] == ["figures"]


def test_an_article_that_links_two_groups_joins_them(archive: Archive, tmp_path: Path) -> None:
    archive.add([write(tmp_path / "d.jsonl", {"id": "third", "body": WIRE + "记者从现场获悉。"})])
    assert {article.id for article in archive.near_duplicates("third")} == {"wire", "copy"}
    assert next(also for article, also in hits(archive).items() if article != "figures") == 2
