"""Pages of an issue are one: jumps join when the second page comes, ids and corrections stay."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hashing import HashingEmbedder

import scripts
from index.archive import Archive

SAMPLE = sorted((Path(scripts.__file__).parent / "sample").glob("*.txt"))
BRIDGE = "青石大桥"


@pytest.fixture
def pages(tmp_path: Path) -> list[Path]:
    """The two pages of the sample issue, to be changed at will."""
    return [Path(shutil.copy(page, tmp_path)) for page in SAMPLE]


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive.open(tmp_path / "archive", embedder=HashingEmbedder(), write=True) as opened:
        yield opened
        assert opened.verify() == []


def titled(archive: Archive, begin: str) -> list[str]:
    return [article.id for article in archive.articles() if article.title.startswith(begin)]


def snapshot(archive: Archive) -> list[str]:
    return sorted(article.model_dump_json(exclude={"id"}) for article in archive.articles())


def test_a_jump_is_joined_when_the_second_page_comes(archive: Archive, pages: list[Path]) -> None:
    archive.add(pages[:1])
    (bridge,) = titled(archive, BRIDGE)
    first_half = archive.article(bridge)
    assert first_half.jump
    archive.add(pages[1:])
    whole = archive.article(bridge)
    assert whole.jump is None
    assert whole.body.startswith(first_half.body)
    assert [place.page for place in whole.places] == [1, 2]
    assert whole.body[-30:] in archive.search(whole.body[-30:], 1)[0].passage.text
    archive.verify_quote(bridge, len(whole.body) - 9, len(whole.body), whole.body[-9:])


def test_the_order_in_which_pages_come_does_not_matter(archive: Archive, pages: list[Path], tmp_path: Path) -> None:
    archive.add(pages[1:])
    archive.add(pages[:1])
    with Archive.open(tmp_path / "other", embedder=HashingEmbedder(), write=True) as other:
        other.add(pages)
        assert snapshot(archive) == snapshot(other)


def test_ids_stay_when_a_page_is_corrected(archive: Archive, pages: list[Path]) -> None:
    archive.add(pages)
    before = {article.id: article for article in archive.articles()}
    text = pages[1].read_text(encoding="utf-8")
    assert "银发专窗" in text
    pages[1].write_text(text.replace("银发专窗", "长者专窗"), encoding="utf-8")
    report = archive.add(pages)
    assert [source.state for source in report.sources] == ["unchanged", "replaced"]
    after = {article.id: article for article in archive.articles()}
    assert after.keys() == before.keys()
    changed = [key for key in after if after[key] != before[key]]
    assert (len(changed), report.changed) == (1, 1)
    old = before[changed[0]].body
    assert archive.standing(changed[0], 0, len(old), old).state == "corrected"


def test_pages_given_another_date_become_another_issue(archive: Archive, pages: list[Path]) -> None:
    archive.add(pages)
    (bridge,) = titled(archive, BRIDGE)
    archive.add(pages[1:], published=dt.date(2025, 3, 19))
    assert archive.article(bridge).jump
    archive.add(pages[1:], published=dt.date(2025, 3, 18))
    assert archive.article(bridge).jump is None
    assert archive.status().sources == 2


def test_a_correction_outlives_a_new_layout(archive: Archive, pages: list[Path], tmp_path: Path) -> None:
    archive.add(pages)
    (bridge,) = titled(archive, BRIDGE)
    wrong = archive.article(bridge)
    right = {
        "id": bridge,
        "title": "青石大桥合龙在即",
        "body": wrong.body,
        "published": "2025-03-18",
        "paper": "云渡日报",
    }
    (tmp_path / "right.jsonl").write_text(json.dumps(right, ensure_ascii=False), encoding="utf-8")
    archive.add([tmp_path / "right.jsonl"])
    pages[1].write_text(pages[1].read_text(encoding="utf-8") + "\n", encoding="utf-8")
    archive.add(pages)
    archive.rebuild()
    assert archive.article(bridge).title == "青石大桥合龙在即"
    assert titled(archive, BRIDGE) == [bridge]


def test_two_files_of_one_name_in_an_issue_are_told_apart(archive: Archive, pages: list[Path], tmp_path: Path) -> None:
    moved = []
    for folder, page in zip(("01", "02"), pages, strict=True):
        (tmp_path / folder).mkdir()
        moved.append(page.rename(tmp_path / folder / "page.txt"))
    archive.add(moved, published=dt.date(2025, 3, 18))
    (bridge,) = titled(archive, BRIDGE)
    article = archive.article(bridge)
    assert [(place.source, place.page) for place in article.places] == [("page.txt", 1), ("page.txt", 2)]
    archive.verify_quote(bridge, 0, 9, article.body[:9])
