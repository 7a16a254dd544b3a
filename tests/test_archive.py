"""The archive: what is added is found, unchanged, once; what goes is never quoted again."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hashing import HashingEmbedder

from index.archive import Archive
from index.errors import ArchiveError
from index.store import Store

DAY = dt.date(2024, 11, 30)
WORKSHOP = {
    "id": "workshop",
    "title": "净菜工坊添人手",
    "body": "今天订单需要3吨青甘蓝、1吨洋葱。大概需要20名阿姨处理。\n工坊设在东港村。",
    "published": "2024-11-30",
    "paper": "云渡日报",
    "page": 2,
}
LIBRARY = {"id": "library", "title": "图书馆延时开放", "body": "县图书馆闭馆时间从晚上八点半推迟到十点。"}


def write(path: Path, *articles: dict[str, object]) -> Path:
    path.write_text("".join(json.dumps(article, ensure_ascii=False) + "\n" for article in articles), encoding="utf-8")
    return path


@pytest.fixture
def embedder() -> HashingEmbedder:
    return HashingEmbedder()


@pytest.fixture
def archive(tmp_path: Path, embedder: HashingEmbedder) -> Iterator[Archive]:
    """An archive with two articles from `a.jsonl`."""
    with Archive.open(tmp_path / "archive", embedder=embedder, write=True) as opened:
        opened.add([write(tmp_path / "a.jsonl", WORKSHOP, LIBRARY)])
        yield opened


def contents(archive: Archive) -> list[tuple[str, str]]:
    return [(article.id, article.title) for article in archive.articles()]


def found(archive: Archive, query: str) -> list[str]:
    """Ids of the articles that words find, so that the nearest of no near vectors do not blur the test."""
    return [hit.article.id for hit in archive.search(query) if hit.bm25 is not None]


def test_what_is_added_is_listed_and_found(archive: Archive) -> None:
    assert contents(archive) == [("workshop", "净菜工坊添人手"), ("library", "图书馆延时开放")]
    hit = archive.search("净菜工坊需要多少名阿姨")[0]
    assert hit.article == archive.article("workshop")
    assert (hit.article.published, hit.article.page) == (DAY, 2)
    assert hit.passage.text == hit.article.body[hit.passage.start : hit.passage.end]


def test_search_is_the_same_twice_and_over_word_forms(archive: Archive) -> None:
    assert archive.search("圖書館幾點閉館") == archive.search("圖書館幾點閉館")
    assert found(archive, "圖書館幾點閉館") == ["library"]
    assert found(archive, "２０名") == ["workshop"]


@pytest.mark.parametrize("query", ["", "的", "？！", '"', "NEAR(a b)", "title:x OR *", "🙂", "\x00"])
def test_queries_without_words_find_nothing_by_words(archive: Archive, query: str) -> None:
    assert found(archive, query) == []


def test_articles_can_be_changed_while_they_are_listed(archive: Archive) -> None:
    for article in archive.articles():
        archive.retract(article.id, "撤稿")
        assert article.id not in {hit.article.id for hit in archive.search(article.title)}
    assert contents(archive) == []


def test_k_bounds_the_hits(archive: Archive) -> None:
    assert len(archive.search("工坊 图书馆", k=1)) == 1


def test_adding_again_changes_nothing(archive: Archive, embedder: HashingEmbedder, tmp_path: Path) -> None:
    generation, embedded = archive.generation, embedder.embedded
    report = archive.add([tmp_path / "a.jsonl"])
    assert [(source.state, source.articles) for source in report.sources] == [("unchanged", 2)]
    assert (archive.generation, embedder.embedded) == (generation, embedded)


def test_a_copy_elsewhere_is_the_same_source(archive: Archive, tmp_path: Path) -> None:
    shutil.copy(tmp_path / "a.jsonl", tmp_path / "b.jsonl")
    assert archive.add([tmp_path / "b.jsonl"]).sources[0].state == "unchanged"


def test_a_changed_file_replaces_and_only_what_changed_is_embedded(
    archive: Archive, embedder: HashingEmbedder, tmp_path: Path
) -> None:
    embedded = embedder.embedded
    changed = LIBRARY | {"body": "县图书馆闭馆时间推迟到十一点。"}
    report = archive.add([write(tmp_path / "a.jsonl", WORKSHOP, changed)])
    assert report.sources[0].state == "replaced"
    assert (report.new, report.changed, report.unchanged, report.retired) == (0, 1, 1, 0)
    assert embedder.embedded == embedded + 1
    assert found(archive, "八点半") == []
    assert found(archive, "十一点") == ["library"]


def test_what_a_changed_file_lacks_is_served_no_more_but_kept(archive: Archive, tmp_path: Path) -> None:
    assert archive.add([write(tmp_path / "a.jsonl", WORKSHOP)]).retired == 1
    assert contents(archive) == [("workshop", "净菜工坊添人手")]
    assert found(archive, "图书馆") == []
    with sqlite3.connect(tmp_path / "archive" / "archive.db") as connection:
        kept = connection.execute("SELECT body FROM articles WHERE id = 'library'").fetchall()
    connection.close()
    assert kept == [(LIBRARY["body"],)]


def test_a_file_name_used_for_another_day_is_a_new_source(archive: Archive, tmp_path: Path) -> None:
    today = write(tmp_path / "today.jsonl", {"id": "d1", "body": "周一的消息。", "published": "2024-12-02"})
    assert archive.add([today]).sources[0].state == "added"
    write(today, {"id": "d2", "body": "周二的消息。", "published": "2024-12-03"})
    assert archive.add([today]).sources[0].state == "added"
    assert found(archive, "周一") == ["d1"]
    assert found(archive, "周二") == ["d2"]


def test_an_article_given_again_in_another_file_is_replaced(archive: Archive, tmp_path: Path) -> None:
    archive.add([write(tmp_path / "correction.jsonl", LIBRARY | {"title": "图书馆开到十点"})])
    assert archive.article("library").title == "图书馆开到十点"
    assert archive.article("library").source == "correction.jsonl"
    assert archive.add([write(tmp_path / "a.jsonl", WORKSHOP)]).retired == 0
    assert "library" in dict(contents(archive))


def test_metadata_given_later_is_corrected_without_embedding(
    archive: Archive, embedder: HashingEmbedder, tmp_path: Path
) -> None:
    embedded = embedder.embedded
    report = archive.add([tmp_path / "a.jsonl"], paper="晚报", published=dt.date(2025, 1, 1))
    assert report.sources[0].state == "replaced"
    library, workshop = archive.article("library"), archive.article("workshop")
    assert (library.paper, library.published) == ("晚报", dt.date(2025, 1, 1))
    assert (workshop.paper, workshop.published) == ("云渡日报", DAY)
    assert embedder.embedded == embedded
    assert found(archive, "图书馆") == ["library"]
    assert archive.add([tmp_path / "a.jsonl"]).sources[0].state == "unchanged"


def test_a_quote_is_an_exact_slice_of_the_current_article(archive: Archive) -> None:
    body = archive.article("library").body
    archive.verify_quote("library", 1, 4, body[1:4])
    for start, end, text in [(0, 3, body[1:4]), (1, 4, "圖書館"), (-3, -1, body[-3:-1]), (2, 2, "")]:
        with pytest.raises(ArchiveError, match="library"):
            archive.verify_quote("library", start, end, text)
    with pytest.raises(ArchiveError, match="nowhere"):
        archive.verify_quote("nowhere", 0, 1, "x")


def test_a_text_changed_behind_our_back_is_not_quoted(archive: Archive, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "archive" / "archive.db") as connection:
        connection.execute("UPDATE articles SET body = replace(body, '十点', '九点')")
    connection.close()
    body = archive.article("library").body
    with pytest.raises(ArchiveError, match="changed"):
        archive.verify_quote("library", 0, len(body), body)


def test_a_reader_serves_the_next_commit_of_a_writer(archive: Archive, tmp_path: Path) -> None:
    with Archive.open(tmp_path / "archive", embedder=HashingEmbedder()) as reader:
        before = reader.generation
        assert found(reader, "邻舍节") == []
        archive.add([write(tmp_path / "b.jsonl", {"id": "festival", "body": "社区办了邻舍节。"})])
        archive.add([write(tmp_path / "a.jsonl", WORKSHOP)])
        hits = reader.search("社区办了邻舍节")
        assert (hits[0].article.id, hits[0].cosine) == ("festival", pytest.approx(1, abs=0.2))
        assert "library" not in {hit.article.id for hit in hits}
        assert reader.generation == before + 2


def test_without_an_embedder_words_are_searched_and_nothing_is_added(archive: Archive, tmp_path: Path) -> None:
    with Archive.open(tmp_path / "archive") as plain:
        assert [hit.cosine for hit in plain.search("图书馆")] == [None]
        with pytest.raises(ArchiveError, match="model"):
            plain.add([tmp_path / "a.jsonl"])


def test_status_counts(archive: Archive, embedder: HashingEmbedder) -> None:
    status = archive.status()
    assert (status.sources, status.articles, status.passages, status.vectors) == (1, 2, 2, embedder.embedded)
    assert (status.model, status.generation, status.retracted) == ("hashing", archive.generation, 0)
    assert status.bytes > 0


def test_another_model_is_refused(archive: Archive, tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="hashing, not other"):
        Archive.open(tmp_path / "archive", embedder=HashingEmbedder("other"))


def test_no_archive_is_said_and_none_is_made(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="baoda index add"):
        Archive.open(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


def test_a_newer_format_and_a_foreign_file_are_refused(archive: Archive, tmp_path: Path) -> None:
    archive.close()
    with sqlite3.connect(tmp_path / "archive" / "archive.db") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    for write_ in (False, True):
        with pytest.raises(ArchiveError, match="newer baoda"):
            Archive.open(tmp_path / "archive", write=write_)
        (tmp_path / "foreign").mkdir(exist_ok=True)
        (tmp_path / "foreign" / "archive.db").write_bytes(b"not a database at all" * 100)
        with pytest.raises(ArchiveError, match="not a database"):
            Archive.open(tmp_path / "foreign", write=write_)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of one megabyte."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("may not mount a small disk here")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def test_a_full_disk_leaves_the_archive_as_it_was(small_disk: Path, tmp_path: Path, embedder: HashingEmbedder) -> None:
    with Archive.open(small_disk, embedder=embedder, write=True) as archive:
        archive.add([write(tmp_path / "a.jsonl", WORKSHOP, LIBRARY)])
        before = contents(archive)
        big = write(tmp_path / "big.jsonl", *({"id": f"n{n}", "body": f"第{n}条消息。" * 300} for n in range(200)))
        with pytest.raises(ArchiveError, match="disk is full"):
            archive.add([big])
        assert contents(archive) == before
        assert found(archive, "图书馆") == ["library"]
    with Archive.open(small_disk, embedder=embedder) as reader:
        assert contents(reader) == before


def test_read_only_media_can_be_searched_but_not_added_to(
    small_disk: Path, tmp_path: Path, embedder: HashingEmbedder
) -> None:
    with Archive.open(small_disk, embedder=embedder, write=True) as archive:
        archive.add([write(tmp_path / "a.jsonl", WORKSHOP, LIBRARY)])
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with Archive.open(small_disk, embedder=embedder) as reader:
        assert found(reader, "图书馆") == ["library"]
    with (
        pytest.raises(ArchiveError, match=r"cannot be (opened|written)"),
        Archive.open(small_disk, embedder=embedder, write=True) as archive,
    ):
        archive.add([write(tmp_path / "b.jsonl", {"id": "b", "body": "正文。"})])


def test_a_second_writer_is_told_to_wait(archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.store.BUSY_SECONDS", 0.05)
    holder = sqlite3.connect(tmp_path / "archive" / "archive.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with (
        Archive.open(tmp_path / "archive", embedder=HashingEmbedder(), write=True) as second,
        pytest.raises(ArchiveError, match="another process"),
    ):
        second.add([write(tmp_path / "b.jsonl", {"id": "b", "body": "正文。"})])
    holder.close()


def test_an_archive_tells_what_computed_its_vectors(archive: Archive, tmp_path: Path) -> None:
    assert archive.status().arithmetic == "float32"
    integers = HashingEmbedder()
    integers.arithmetic = "int8"
    with Archive.open(tmp_path / "archive", embedder=integers, write=True) as second:
        second.add([write(tmp_path / "b.jsonl", {"id": "b", "body": "河水昨夜上涨两米。"})])
    assert archive.status().arithmetic == "float32, int8"
    with Store(tmp_path / "archive", write=True).writing() as connection:  # as one of before this was recorded
        connection.execute("DELETE FROM meta WHERE name = 'arithmetic'")
    assert archive.status().arithmetic is None
    with Archive.open(tmp_path / "archive", embedder=integers, write=True) as second:
        second.add([write(tmp_path / "c.jsonl", {"id": "c", "body": "河堤今晨加高。"})])
    assert archive.status().arithmetic == "float32, int8"
    assert found(archive, "河堤") == ["c"]
