"""What is Milvus's own: healing, export, damage, and errors in one line."""

from __future__ import annotations

import fcntl
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from hashing import HashingEmbedder
from test_archive import LIBRARY, WORKSHOP, found, write
from test_engines import milvus, needs_milvus

from index.archive import Archive
from index.errors import ArchiveError
from index.milvus import MilvusEngine, export

__all__ = ["milvus"]

EXPORT = """
import sys
from pathlib import Path
from index import milvus
milvus._BATCH = 10
milvus.export(Path(sys.argv[1]), sys.argv[2], lambda what, done, total: print(done, total, flush=True))
"""


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Archive]:
    """An archive with two articles that Milvus knows nothing of."""
    needs_milvus()
    with Archive.open(tmp_path / "archive", embedder=HashingEmbedder(), write=True) as opened:
        opened.add([write(tmp_path / "a.jsonl", WORKSHOP, LIBRARY)])
        yield opened


def with_milvus(tmp_path: Path, uri: str) -> Archive:
    return Archive.open(tmp_path / "archive", embedder=HashingEmbedder(), milvus=uri)


def test_opening_heals_what_a_kill_left_between_two_commits(local: Archive, milvus: str, tmp_path: Path) -> None:
    """The local archive commits and tells Milvus nothing, as a process does that dies there."""
    with_milvus(tmp_path, milvus).close()
    local.retract("workshop", "失实")
    local.add([write(tmp_path / "b.jsonl", {"id": "festival", "body": "社区办了邻舍节。"})])
    local.add([write(tmp_path / "a.jsonl", WORKSHOP, LIBRARY | {"body": "闭馆时间推迟到十一点。"})])
    with with_milvus(tmp_path, milvus) as archive:
        assert archive.verify() == []
        assert found(archive, "邻舍节") == ["festival"]
        assert found(archive, "净菜工坊") == []
        assert found(archive, "十一点") == ["library"]


def test_what_the_database_does_not_serve_is_not_found_while_milvus_is_behind(
    local: Archive, milvus: str, tmp_path: Path
) -> None:
    with with_milvus(tmp_path, milvus) as archive:
        with FileLock(tmp_path / "archive" / "milvus.lock"):  # another process is bringing Milvus up to date
            local.retract("library", "失实")
            local.add([write(tmp_path / "b.jsonl", {"id": "festival", "body": "社区办了邻舍节。"})])
            assert [hit.article.id for hit in archive.search("图书馆")] == ["workshop"]
            assert found(archive, "邻舍节") == []
            assert archive.verify() != []
        assert found(archive, "邻舍节") == ["festival"]
        assert archive.verify() == []


def test_paper_and_year_are_the_key(local: Archive, milvus: str, tmp_path: Path) -> None:
    def keys() -> list[str]:
        from pymilvus import MilvusClient

        with_milvus(tmp_path, milvus).close()
        client = MilvusClient(milvus)
        (name,) = set(client.list_collections()) - {"baoda_stamps"}
        rows = client.query(name, filter="id > 0", output_fields=["issue"])
        client.close()
        return sorted(row["issue"] for row in rows)

    assert keys() == [" ", "云渡日报 2024"]
    local.add([tmp_path / "a.jsonl"], paper="晚报")
    assert keys() == ["云渡日报 2024", "晚报 "]


def test_export_mends_and_embeds_nothing(local: Archive, milvus: str, tmp_path: Path) -> None:
    from pymilvus import MilvusClient

    told: list[tuple[str, int, int]] = []
    assert export(tmp_path / "archive", milvus, lambda *what: told.append(what)) == 2
    assert told == [("Bringing passages to Milvus", 2, 2)]
    client = MilvusClient(milvus)
    (name,) = set(client.list_collections()) - {"baoda_stamps"}
    (row,) = client.query(name, filter="id == 1", output_fields=["id", "issue", "dense", "words"])
    client.delete(name, ids=[1])
    local.retract("workshop", "失实")
    local.restore("workshop")
    client.upsert(name, [row | {"id": 1}])
    with with_milvus(tmp_path, milvus) as archive:
        assert archive.verify() == []  # what came back by a race went again with its removal
        client.upsert(name, [row | {"id": 1}])
        client.delete(name, ids=[2])
        assert len(archive.verify()) == 1
        assert export(tmp_path / "archive", milvus) == 2
        assert archive.verify() == []
    client.close()


def test_an_export_killed_at_any_moment_goes_on_where_it_stopped(milvus: str, tmp_path: Path) -> None:
    dice = random.Random()  # noqa: S311
    with Archive.open(tmp_path / "archive", embedder=HashingEmbedder(), write=True) as archive:
        archive.add([write(tmp_path / "many.jsonl", *({"id": f"n{n}", "body": f"第{n}期新闻。"} for n in range(300)))])
    command = [sys.executable, "-c", EXPORT, str(tmp_path / "archive"), milvus]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(dice.randrange(2, 5)):
            process.stdout.readline()
        time.sleep(dice.uniform(0, 0.1))
        process.send_signal(signal.SIGKILL)
    left: list[int] = []
    export(tmp_path / "archive", milvus, lambda what, done, total: left.append(total))
    assert 0 < left[0] < 300
    with with_milvus(tmp_path, milvus) as archive:
        assert archive.verify() == []
        assert "n77" in found(archive, "77")


def test_an_archive_that_was_never_exported_is_refused_where_it_is_large(
    local: Archive, milvus: str, tmp_path: Path
) -> None:
    engine = MilvusEngine(local._store, None, milvus)  # noqa: SLF001
    with pytest.raises(ArchiveError, match="baoda index export"):
        engine.follow(at_most=1)
    engine.follow(at_most=2)
    engine.close()


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("http://someone:secret@127.0.0.1:1", "Milvus at 127.0.0.1:1: .*BAODA_ENGINE=local"),
        ("milvus", r"neither http.* nor a file that ends in \.db"),
        ("/nowhere/milvus.db", "folder is missing"),
    ],
)
def test_addresses_that_lead_nowhere(local: Archive, tmp_path: Path, uri: str, said: str) -> None:
    with pytest.raises(ArchiveError, match=said) as caught:
        with_milvus(tmp_path, uri)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_file_that_another_process_has_open(local: Archive, tmp_path: Path) -> None:
    (tmp_path / "held.db").mkdir()
    with (tmp_path / "held.db" / "LOCK").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(ArchiveError, match="another process has it open"):
            with_milvus(tmp_path, str(tmp_path / "held.db"))


def test_a_collection_of_others_and_one_of_another_model(local: Archive, milvus: str, tmp_path: Path) -> None:
    from pymilvus import MilvusClient

    with_milvus(tmp_path, milvus).close()
    client = MilvusClient(milvus)
    (stamp,) = client.query("baoda_stamps", filter="generation > 0", output_fields=["*"])
    client.upsert("baoda_stamps", [stamp | {"model": "other"}])
    with pytest.raises(ArchiveError, match="made by other, not hashing"):
        with_milvus(tmp_path, milvus)
    client.drop_collection(stamp["name"])
    client.create_collection(stamp["name"], dimension=3)
    with pytest.raises(ArchiveError, match="not this archive's"):
        with_milvus(tmp_path, milvus)
    client.close()


def test_without_the_extra_it_is_said_what_to_install(
    local: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pymilvus.exceptions", None)
    with pytest.raises(ArchiveError, match=r"baoda\[milvus\]"):
        with_milvus(tmp_path, "http://127.0.0.1:1")
