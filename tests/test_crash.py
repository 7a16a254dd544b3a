"""Killed at any moment, many asking at once: what is committed is served, nothing is lost, doubled or half seen."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hashing import HashingEmbedder

import scripts
from bot.answering import Answerer
from bot.reader import Reader
from index.archive import Archive
from index.errors import ArchiveError

ROOT = Path(scripts.__file__).parents[1]
ISSUES = 6
ARTICLES = 5

WORK = """
import sys
from pathlib import Path
from hashing import HashingEmbedder
from bot.answering import Answerer
from bot.reader import Reader
from index.archive import Archive
from index.errors import ArchiveError

folder = Path(sys.argv[1])
with Archive.open(folder / "archive", embedder=HashingEmbedder(), write=True) as archive:
    print("ready", flush=True)
    for issue in sorted(folder.glob("issue-*")):
        archive.add([issue])
    for change in (archive.retract, lambda id, reason: archive.restore(id), archive.retract):
        try:
            change("2-1", "有误")
        except ArchiveError:
            pass
    archive.backup(folder / "backup")
    archive.rebuild()
"""


def write_issues(folder: Path) -> None:
    """Issues of JSON lines and of pages; each article names its issue, so that half an issue can be told."""
    folder.mkdir()
    for issue in range(1, ISSUES + 1):
        lines = [
            {
                "id": f"{issue}-{n}",
                "title": f"第{issue}期要闻之{n}",
                "body": f"编号{issue}期的第{n}条消息说了很多。" * (1 + n * 6),
                "paper": "日报",
                "published": f"2025-01-{issue:02}",
            }
            for n in range(ARTICLES)
        ]
        text = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
        (folder / f"issue-{issue}.jsonl").write_text(text, encoding="utf-8")
    for page in (ROOT / "scripts" / "sample").glob("*.txt"):
        (folder / f"issue-{page.name}").write_bytes(page.read_bytes())


def start(folder: Path) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    process = subprocess.Popen(
        [sys.executable, "-c", WORK, str(folder)], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def state(folder: Path) -> list[str]:
    """All that is served, and that it is whole."""
    with Archive.open(folder / "archive", embedder=HashingEmbedder()) as archive:
        assert archive.verify() == []
        assert archive.status().sources == ISSUES + 2
        return sorted(article.model_dump_json() for article in archive.articles())


def assert_no_half_issue(folder: Path) -> None:
    with suppress(NothingYetError), opened(folder) as archive:
        assert archive.verify() == []
        ids = [article.id for article in archive.articles() if article.paper == "日报"]
        assert len(ids) == len(set(ids))
        assert (len(ids) + archive.status().retracted) % ARTICLES == 0


class NothingYetError(Exception):
    """Killed before the first commit."""


def opened(folder: Path) -> Archive:
    try:
        return Archive.open(folder / "archive", embedder=HashingEmbedder())
    except ArchiveError as error:
        if "nothing was added" not in str(error):
            raise
        raise NothingYetError from None


@contextmanager
def bot(folder: Path, reader: Reader) -> Iterator[None]:
    """One that answers from the archive all the time, as soon as anything is committed: no question fails."""
    done = threading.Event()

    def ask() -> int:
        while not done.is_set():
            with suppress(ArchiveError), Archive.open(folder / "archive"):
                break
        with Archive.open(folder / "archive", embedder=HashingEmbedder()) as archive:
            answerer = Answerer(archive, reader, strictness=0)
            asked = 0
            while not done.is_set():
                answer = answerer.ask(f"第{asked % ISSUES + 1}期的第2条消息说了什么？")
                assert answer.nearest
                listed = [article.id for article in archive.articles() if article.paper == "日报"]
                assert len(listed) % ARTICLES in (0, ARTICLES - 1)  # one may be retracted
                asked += 1
            return asked

    with ThreadPoolExecutor(1) as thread:
        asked = thread.submit(ask)
        try:
            yield
        finally:
            done.set()
        assert asked.result(timeout=60) > 0


def kill_and_finish(
    folder: Path, undisturbed: tuple[list[str], float], moments: random.Random, reader: Reader, kills: int
) -> None:
    wanted, seconds = undisturbed
    write_issues(folder)
    with bot(folder, reader):
        for _ in range(kills):
            process = start(folder)
            time.sleep(moments.uniform(0, seconds))
            process.send_signal(signal.SIGKILL)
            process.communicate()
            assert_no_half_issue(folder)
        process = start(folder)
        process.communicate(timeout=120)
        assert process.returncode == 0
    assert state(folder) == wanted
    if (folder / "backup").exists():
        Archive.restore_backup(folder / "backup", folder / "again")
        with Archive.open(folder / "again", embedder=HashingEmbedder()) as again:
            assert again.verify() == []


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], float]:
    """What an undisturbed run leaves, and the seconds it takes."""
    folder = tmp_path_factory.mktemp("undisturbed") / "work"
    write_issues(folder)
    process = start(folder)
    began = time.monotonic()
    process.communicate(timeout=120)
    assert process.returncode == 0
    return state(folder), time.monotonic() - began


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


def test_a_sample_of_kills_loses_and_doubles_nothing_and_fails_no_question(
    tmp_path: Path, undisturbed: tuple[list[str], float], reader: Reader
) -> None:
    kill_and_finish(tmp_path / "work", undisturbed, random.Random(1), reader, kills=4)  # noqa: S311


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_two_hundred_kills_lose_and_double_nothing_and_fail_no_question(
    tmp_path: Path, undisturbed: tuple[list[str], float], reader: Reader
) -> None:
    moments = random.Random(2)  # noqa: S311
    for round_ in range(50):
        kill_and_finish(tmp_path / f"work-{round_}", undisturbed, moments, reader, kills=4)


def test_fifty_questions_from_eight_threads_while_issues_are_added(tmp_path: Path) -> None:
    write_issues(tmp_path / "work")
    issues = sorted((tmp_path / "work").glob("*.jsonl"))
    with Archive.open(tmp_path / "archive", embedder=HashingEmbedder(), write=True) as writer:
        writer.add(issues[:1])
        added = threading.Event()

        def ask(reader: Archive, number: int) -> None:
            while True:
                is_last = added.is_set()
                hits = reader.search(f"编号{number % ISSUES + 1}期的消息", 30)
                assert hits
                for hit in hits:
                    assert hit.passage.text == hit.article.body[hit.passage.start : hit.passage.end]
                listed = [article.id for article in reader.articles()]
                assert len(listed) % ARTICLES == 0
                if is_last:
                    assert len(listed) == ISSUES * ARTICLES
                    return

        with (
            Archive.open(tmp_path / "archive", embedder=HashingEmbedder()) as reader,
            ThreadPoolExecutor(8) as threads,
        ):
            asked = [threads.submit(ask, reader, number) for number in range(8)]
            try:
                for issue in issues[1:]:
                    writer.add([issue])
            finally:
                added.set()
            asked += [threads.submit(ask, reader, number) for number in range(42)]
            for one in asked:
                one.result(timeout=60)


def test_two_processes_may_add_at_once(tmp_path: Path) -> None:
    write_issues(tmp_path / "work")
    together = [start(tmp_path / "work"), start(tmp_path / "work")]
    for process in together:
        process.communicate(timeout=120)
        assert process.returncode == 0
    assert len(state(tmp_path / "work")) > ISSUES * ARTICLES
