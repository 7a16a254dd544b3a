"""Retracting and restoring, proving the archive whole, backups while it is in use."""

from __future__ import annotations

import datetime as dt
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hashing import HashingEmbedder
from test_archive import LIBRARY, WORKSHOP, contents, found, write

from index.archive import Archive
from index.errors import ArchiveError
from scripts.baoda import __file__ as command

SAMPLE = Path(command).parent / "sample"


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """An archive with two articles given as such, and two pages of the sample issue."""
    with Archive.open(tmp_path / "archive", embedder=HashingEmbedder(), write=True) as opened:
        opened.add([write(tmp_path / "a.jsonl", WORKSHOP, LIBRARY), *sorted(SAMPLE.glob("*.txt"))])
        yield opened


def damage(archive: Archive, tmp_path: Path, statement: str) -> list[str]:
    """Change the database behind the archive's back, and verify."""
    connection = sqlite3.connect(tmp_path / "archive" / "archive.db", isolation_level=None)
    assert connection.execute(statement).rowcount
    connection.close()
    return archive.verify()


def test_a_retracted_article_is_quoted_by_nobody_until_it_is_restored(archive: Archive, tmp_path: Path) -> None:
    body = archive.article("library").body
    with Archive.open(tmp_path / "archive", embedder=HashingEmbedder()) as reader:
        assert reader.search("县图书馆闭馆时间")[0].article.id == "library"
        archive.retract("library", "数字有误")
        assert "library" not in {hit.article.id for hit in reader.search("图书馆")}
        assert "library" not in dict(contents(reader))
        for refused in (lambda: reader.article("library"), lambda: reader.verify_quote("library", 0, 1, body[0])):
            with pytest.raises(ArchiveError, match="数字有误"):
                refused()
        assert (reader.standing("library", 0, 5, body[:5]).state, reader.status().retracted) == ("retracted", 1)
        assert archive.verify() == []
        archive.restore("library")
        assert reader.search("县图书馆闭馆时间")[0].article.id == "library"
        assert reader.standing("library", 0, 5, body[:5]).state == "current"
    assert archive.verify() == []


def test_a_retraction_outlives_a_new_version(archive: Archive, tmp_path: Path) -> None:
    archive.retract("library", "数字有误")
    archive.add([write(tmp_path / "b.jsonl", LIBRARY | {"body": "县图书馆闭馆时间推迟到十一点。"})])
    assert "library" not in found(archive, "县图书馆闭馆时间")
    archive.restore("library")
    assert found(archive, "闭馆时间推迟到十一点")[0] == "library"
    assert archive.verify() == []


def test_what_cannot_be_retracted_or_restored_is_said(archive: Archive) -> None:
    with pytest.raises(ArchiveError, match="no article nowhere"):
        archive.retract("nowhere", "x")
    with pytest.raises(ArchiveError, match="not retracted"):
        archive.restore("library")
    archive.retract("library", "一次")
    with pytest.raises(ArchiveError, match="一次"):
        archive.retract("library", "两次")


def test_quotes_of_an_old_version_are_told_as_corrected(archive: Archive, tmp_path: Path) -> None:
    body = archive.article("library").body
    archive.add([write(tmp_path / "b.jsonl", LIBRARY | {"body": body.replace("十点", "九点")})])
    assert archive.standing("library", 0, len(body), body).state == "corrected"
    assert archive.standing("library", 0, 5, body[:5]).state == "current"
    assert archive.standing("library", 0, 5, "从未说过的").state == "unknown"
    archive.add([write(tmp_path / "b.jsonl", {"id": "other", "body": "另一篇。"})])
    assert archive.standing("library", 0, 5, body[:5]).state == "gone"


def test_words_that_took_the_place_of_others_are_told_as_corrected_since(archive: Archive, tmp_path: Path) -> None:
    body = archive.article("library").body
    since = archive.standing("library", 0, len(body), body).since
    corrected = body.replace("十点", "九点")
    archive.add([write(tmp_path / "b.jsonl", LIBRARY | {"body": corrected + "另有新馆。"})])
    archive.add([write(tmp_path / "b.jsonl", LIBRARY | {"body": corrected + "另有新馆。", "title": "新题"})])
    end = len(corrected)
    told = archive.standing("library", 0, end, corrected)
    assert since is None
    assert (told.state, told.since and told.since.date()) == ("current", dt.datetime.now(dt.UTC).date())
    assert archive.standing("library", end, end + 5, "另有新馆。").since is None


def test_a_whole_archive_is_proved_whole(archive: Archive, tmp_path: Path) -> None:
    assert archive.verify() == []
    archive.add([write(tmp_path / "a.jsonl", WORKSHOP)])
    assert archive.verify() == []
    archive.rebuild()
    assert archive.verify() == []


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE articles SET body = '甲' || substr(body, 2) WHERE id = 'library'", "article library"),
        ("UPDATE articles SET title = '假' WHERE id = 'library'", "article library"),
        ("UPDATE articles SET record = replace(record, '2024', '2025') WHERE id = 'workshop'", "article workshop"),
        ("UPDATE pages SET lines = replace(lines, '的', '地') WHERE id = 1", "page 1"),
        ('UPDATE passages SET "end" = "end" - 1 WHERE id = 1', "passages"),
        ("DELETE FROM passages WHERE id = 1", "passages"),
        ("UPDATE passages SET vector = 3 - vector WHERE id < 3", "vectors"),
        ("DELETE FROM vectors WHERE id = 1", "vectors"),
        ("UPDATE vectors SET vector = zeroblob(128) WHERE id = 1", "vector 1"),
        ("UPDATE vectors SET vector = x'ff7e' || substr(vector, 3) WHERE id = 1", "vector 1"),
        ("UPDATE vectors SET vector = x'00' WHERE id = 1", "vector 1"),
        ("INSERT INTO words(words) VALUES ('delete-all')", "word index"),
        ("INSERT INTO words(rowid, title, body) VALUES (999, '', '多余')", "word index"),
        ("INSERT INTO words(words, rowid, title, body) VALUES ('delete', 1, '', '阿姨')", "word index"),
        ("UPDATE articles SET current = 0 WHERE id = 'library'", "article library"),
    ],
)
def test_damage_is_found(archive: Archive, tmp_path: Path, statement: str, named: str) -> None:
    assert any(named in line for line in damage(archive, tmp_path, statement))


def test_a_corrupted_page_of_the_database_is_told(archive: Archive, tmp_path: Path) -> None:
    archive.close()
    file = tmp_path / "archive" / "archive.db"
    content = bytearray(file.read_bytes())
    content[4096:8192] = b"\xa5" * 4096
    file.write_bytes(content)
    with (
        pytest.raises(ArchiveError, match="damaged"),
        Archive.open(tmp_path / "archive", embedder=HashingEmbedder()) as opened,
    ):
        raise ArchiveError("damaged: " + opened.verify()[0])


def test_rebuild_mends_the_word_index(archive: Archive, tmp_path: Path) -> None:
    assert damage(archive, tmp_path, "INSERT INTO words(words) VALUES ('delete-all')")
    archive.rebuild()
    assert archive.verify() == []
    assert found(archive, "县图书馆闭馆时间")[0] == "library"


def test_words_cut_otherwise_are_not_mixed_in(archive: Archive, tmp_path: Path) -> None:
    assert damage(archive, tmp_path, "UPDATE meta SET value = 'other' WHERE name = 'words'") == []
    with pytest.raises(ArchiveError, match="rebuild"):
        archive.retract("library", "x")
    archive.rebuild()
    archive.retract("library", "x")
    assert archive.verify() == []


def test_a_backup_made_while_others_write_is_one_commit(archive: Archive, tmp_path: Path) -> None:
    stop = threading.Event()

    def write_on() -> None:
        with Archive.open(tmp_path / "archive", embedder=HashingEmbedder(), write=True) as other:
            number = 0
            while not stop.is_set():
                number += 1
                issue = [{"id": f"{number}-{n}", "body": f"第{number}期第{n}条。"} for n in range(5)]
                other.add([write(tmp_path / f"{number}.jsonl", *issue)])

    writer = threading.Thread(target=write_on)
    writer.start()
    try:
        for number in range(5):
            archive.backup(tmp_path / f"{number}.baoda")
    finally:
        stop.set()
        writer.join()
    for number in range(5):
        Archive.restore_backup(tmp_path / f"{number}.baoda", tmp_path / f"restored-{number}")
        with Archive.open(tmp_path / f"restored-{number}", embedder=HashingEmbedder()) as restored:
            assert restored.verify() == []
            assert restored.status().articles % 5 == archive_size(archive) % 5


def archive_size(archive: Archive) -> int:
    """Articles besides the issues of five."""
    return sum("-" not in article.id or article.source.endswith(".txt") for article in archive.articles())


def test_a_backup_restored_under_a_reader_is_served(archive: Archive, tmp_path: Path) -> None:
    archive.backup(tmp_path / "backup")
    before = contents(archive)
    with Archive.open(tmp_path / "archive", embedder=HashingEmbedder()) as reader:
        archive.add([write(tmp_path / "a.jsonl", WORKSHOP)])
        archive.add([write(tmp_path / "b.jsonl", {"id": "late", "body": "后来的消息。"})])
        assert reader.search("后来的消息")[0].article.id == "late"
        Archive.restore_backup(tmp_path / "backup", tmp_path / "archive")
        assert contents(reader) == before
        assert found(reader, "县图书馆闭馆时间")[0] == "library"
        assert "late" not in {hit.article.id for hit in reader.search("后来的消息")}
        assert reader.verify() == []
    assert not list((tmp_path / "archive").glob("*.restored"))


def test_what_is_no_backup_is_not_restored(archive: Archive, tmp_path: Path) -> None:
    before = contents(archive)
    (tmp_path / "nonsense").write_bytes(b"nonsense" * 1000)
    sqlite3.connect(tmp_path / "empty.db").close()
    for file in ("nonsense", "empty.db", "missing"):
        with pytest.raises(ArchiveError, match=file):
            Archive.restore_backup(tmp_path / file, tmp_path / "archive")
    with pytest.raises(ArchiveError, match="cannot be written"):
        archive.backup(tmp_path / "no" / "such" / "folder")
    assert contents(archive) == before
