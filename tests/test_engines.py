"""Both engines find the same: FAISS with FTS5, and Milvus."""

from __future__ import annotations

import importlib.util
import os
import random
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from hashing import HashingEmbedder
from test_archive import LIBRARY, WORKSHOP, found, write

from index.archive import Archive

Open = Callable[..., Archive]
SUBJECTS = ["水厂", "公交", "社区", "学校", "果园", "渡口", "医院", "书店"]
EVENTS = ["扩建", "停运", "开放", "搬迁", "涨价", "验收"]


def needs_milvus() -> None:
    """Skip where the extra is not installed, but never in CI."""
    if importlib.util.find_spec("pymilvus") is None or importlib.util.find_spec("milvus_lite") is None:
        if os.environ.get("CI"):
            pytest.fail("pymilvus or milvus-lite is missing in CI")
        pytest.skip("the extra baoda[milvus] is not installed")


@pytest.fixture
def milvus(tmp_path: Path) -> Iterator[str]:
    """Address of an empty Milvus Lite."""
    needs_milvus()
    from milvus_lite.server_manager import server_manager_instance

    uri = str(tmp_path / "milvus.db")
    yield uri
    server_manager_instance.release_server(uri)


@pytest.fixture(params=["local", "milvus"])
def open_(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Open the test's archive with one engine or the other."""
    uri = request.getfixturevalue("milvus") if request.param == "milvus" else None
    opened: list[Archive] = []

    def open_one(**how: bool) -> Archive:
        opened.append(Archive.open(tmp_path / "archive", embedder=HashingEmbedder(), milvus=uri, **how))
        return opened[-1]

    yield open_one
    for archive in opened:
        archive.close()


@pytest.fixture
def archive(open_: Open, tmp_path: Path) -> Iterator[Archive]:
    """An archive with two articles from `a.jsonl`, whole at the end of each test."""
    archive = open_(write=True)
    archive.add([write(tmp_path / "a.jsonl", WORKSHOP, LIBRARY)])
    yield archive
    assert archive.verify() == []


def test_words_and_vectors_find(archive: Archive) -> None:
    hits = archive.search("净菜工坊需要多少名阿姨")
    assert hits[0].article.id == "workshop"
    assert hits[0].passage.text == hits[0].article.body[hits[0].passage.start : hits[0].passage.end]
    assert (hits[0].bm25 or 0) > 0
    assert {hit.article.id for hit in hits} == {"workshop", "library"}
    assert all(-1 <= (hit.cosine or 0) <= 1.01 for hit in hits)
    assert archive.search("净菜工坊需要多少名阿姨") == hits
    assert len(archive.search("净菜工坊", k=1)) == 1


def test_word_forms(archive: Archive) -> None:
    assert found(archive, "圖書館幾點閉館") == ["library"]
    assert found(archive, "２０名") == ["workshop"]


def test_queries_without_known_words_find_nothing_by_words(archive: Archive) -> None:
    for query in ["", "的", "？！", '"', "🙂", "\x00", "id > 0", "NEAR(a b)"]:
        assert found(archive, query) == [], query


def test_a_changed_file_replaces(archive: Archive, tmp_path: Path) -> None:
    archive.add([write(tmp_path / "a.jsonl", LIBRARY | {"body": "县图书馆闭馆时间推迟到十一点。"})])
    assert found(archive, "八点半") == []
    assert found(archive, "净菜工坊") == []
    assert found(archive, "十一点") == ["library"]


def test_metadata_given_later_is_corrected(archive: Archive, tmp_path: Path) -> None:
    archive.add([tmp_path / "a.jsonl"], paper="晚报")
    (hit,) = [hit for hit in archive.search("图书馆") if hit.bm25]
    assert hit.article.paper == "晚报"


def test_what_is_retracted_is_not_found_until_restored(archive: Archive, open_: Open) -> None:
    reader = open_()
    archive.retract("library", "失实")
    assert [hit.article.id for hit in reader.search("图书馆")] == ["workshop"]
    archive.restore("library")
    assert found(reader, "图书馆") == ["library"]


def test_a_reader_serves_the_next_commit(archive: Archive, open_: Open, tmp_path: Path) -> None:
    reader = open_()
    assert found(reader, "邻舍节") == []
    archive.add([write(tmp_path / "b.jsonl", {"id": "festival", "body": "社区办了邻舍节。"})])
    archive.add([write(tmp_path / "a.jsonl", WORKSHOP)])
    assert [hit.article.id for hit in reader.search("社区办了邻舍节")] == ["festival", "workshop"]


def test_a_restored_backup_is_served(archive: Archive, open_: Open, tmp_path: Path) -> None:
    archive.backup(tmp_path / "backup.db")
    archive.retract("workshop", "失实")
    archive.add([write(tmp_path / "b.jsonl", {"id": "festival", "body": "社区办了邻舍节。"})])
    Archive.restore_backup(tmp_path / "backup.db", tmp_path / "archive")
    restored = open_()
    assert found(restored, "净菜工坊") == ["workshop"]
    assert found(restored, "邻舍节") == []


def test_rebuilding_keeps_what_is_found(archive: Archive) -> None:
    archive.rebuild()
    assert found(archive, "图书馆") == ["library"]


def test_questions_from_many_threads_while_issues_are_added(archive: Archive, open_: Open, tmp_path: Path) -> None:
    reader = open_()
    errors: list[BaseException] = []

    def ask() -> None:
        try:
            for _ in range(5):
                assert "library" in found(reader, "图书馆")
        except BaseException as error:  # noqa: BLE001 - whatever it is, the main thread tells
            errors.append(error)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for number in range(3):
        archive.add([write(tmp_path / f"{number}.jsonl", {"id": f"n{number}", "body": f"第{number}期新闻。"})])
    for thread in threads:
        thread.join()
    assert errors == []
    assert sorted(found(reader, "新闻")) == ["n0", "n1", "n2"]


def test_both_engines_find_the_same_after_whatever_happened(milvus: str, tmp_path: Path) -> None:
    """Thirty random steps through the one engine; then both are asked for all words of all articles."""
    dice = random.Random(5)  # noqa: S311 - the same steps each time
    embedder = HashingEmbedder()
    local = partial(Archive.open, tmp_path / "archive", embedder=embedder)
    with local(write=True, milvus=milvus) as archive:
        for step in range(30):
            body = f"{dice.choice(SUBJECTS)}{dice.choice(EVENTS)}，涉及{dice.randrange(90)}户，{dice.choice(SUBJECTS)}除外。"
            identity = f"n{dice.randrange(8)}"
            served = {article.id for article in archive.articles()}
            if step < 8 or dice.random() < 0.5:
                archive.add([write(tmp_path / f"{identity}.jsonl", {"id": identity, "body": body})])
            elif identity in served:
                archive.retract(identity, "失实")
            elif archive.status().retracted:
                archive.restore(next(name for name in (f"n{n}" for n in range(8)) if is_retracted(archive, name)))
        assert archive.verify() == []
        with local() as other:
            for query in SUBJECTS + EVENTS + ["涉及", "除外", *map(str, range(90))]:
                assert sorted(found(archive, query)) == sorted(found(other, query)), query
                assert {hit.passage.id for hit in archive.search(query)} == {
                    hit.passage.id for hit in other.search(query)
                }


def is_retracted(archive: Archive, identity: str) -> bool:
    return archive.standing(identity, 0, 1, "").state == "retracted"
