from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index import layout
from index.errors import BaodaError, SourceError
from index.layout import check_trace
from index.sources import expand, read


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_a_dump_is_read_in_the_encodings_that_papers_use(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.txt").write_bytes("本报讯 新桥通车。\r\n第二行".encode(encoding))
    (page,) = read(tmp_path / "a.txt").pages
    assert [(line.number, line.text) for line in page.lines] == [(1, "本报讯 新桥通车。"), (2, "第二行")]


def test_radicals_that_a_font_puts_for_characters_are_read_as_these(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("2025年3⽉18⽇\n\n⻓桥⾦林⻋站")
    (page,) = read(tmp_path / "a.txt").pages
    assert [line.text for line in page.lines] == ["2025年3月18日", "", "长桥金林车站"]
    assert str(page.published) == "2025-03-18"


def test_a_form_feed_begins_the_next_page_and_lines_keep_their_numbers(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("一\n二\n\f三\n四")
    pages = read(tmp_path / "a.txt").pages
    assert [[line.text for line in page.lines if line.text] for page in pages] == [["一", "二"], ["三", "四"]]
    assert [line.number for line in pages[1].lines] == [3, 4]


@pytest.mark.parametrize(
    ("printed", "page", "names"),
    [("第B03版", None, ("B03",)), ("A02版", 2, ("A02",)), ("第03版", 3, (3,))],
)
def test_a_pages_name_is_read_from_its_head(tmp_path: Path, printed: str, page: int | None, names: tuple[str]) -> None:
    (tmp_path / "a.txt").write_text(
        f"东湖日报\n{printed}\n2023年5月6日\n\n渡口重开\n\n本报讯 渡口昨天重开，首日载客千人。\n"
    )
    (article,) = layout.articles(read(tmp_path / "a.txt").pages)
    assert (article.page, article.pages) == (page, names)


@pytest.mark.parametrize(
    ("name", "number", "label"),
    [("2023-05-06_B03.txt", None, "B03"), ("第3版.txt", 3, None), ("A12版.txt", 12, "A12"), ("x-02.txt", None, None)],
)
def test_a_pages_name_is_read_from_its_files_where_the_page_is_silent(
    tmp_path: Path, name: str, number: int | None, label: str | None
) -> None:
    (tmp_path / name).write_text("渡口重开\n\n本报讯 渡口昨天重开，首日载客千人。\n")
    (page,) = read(tmp_path / name).pages
    assert (page.number, page.label) == (number, label)


def test_json_lines_keep_every_field_and_the_body_as_it_is(tmp_path: Path) -> None:
    record = {
        "id": "x1",
        "title": "题",
        "subtitle": "副题",
        "body": " 第一段。\n第二段 \t",
        "bylines": [{"role": "记者", "name": "甲"}, "乙"],
        "published": "2024-11-30",
        "paper": "报",
        "page": 3,
        "url": "https://example.com/1",
    }
    (tmp_path / "a.jsonl").write_text("\n" + json.dumps(record) + "\n")
    source = read(tmp_path / "a.jsonl")
    assert source.articles is not None
    (article,) = source.articles
    assert article.body == record["body"]
    assert [(b.role, b.name) for b in article.bylines] == [("记者", "甲"), ("", "乙")]
    assert (article.title, article.subtitle, str(article.published), article.paper, article.page, article.url) == (
        "题", "副题", "2024-11-30", "报", 3, "https://example.com/1",
    )  # fmt: skip
    assert article.lines == ((2, 2),)
    check_trace(article, lambda place, number: {line.number: line.text for line in source.pages[0].lines}[number])


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ('{"id": "x", "body"', "not JSON"),
        ("[]", "object"),
        ('{"body": "y"}', "id"),
        ('{"id": "x"}', "body"),
        ('{"id": "x", "body": " \\n"}', "body"),
        ('{"id": "x", "body": "y", "published": "2024-13-40"}', "published"),
        ('{"id": "a", "body": "y"}', "already"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_taken(tmp_path: Path, line: str, named: str) -> None:
    (tmp_path / "a.jsonl").write_text('{"id": "a", "body": "b"}\n' + line + "\n")
    with pytest.raises(SourceError, match=rf"a\.jsonl, line 2: .*{named}") as caught:
        read(tmp_path / "a.jsonl")
    assert "\n" not in str(caught.value)


def test_a_folder_gives_its_readable_files_in_natural_order(tmp_path: Path) -> None:
    for name in ("A10.txt", "A9.txt", "notes.doc", "b.jsonl"):
        (tmp_path / name).write_text("x")
    assert [path.name for path in expand([tmp_path])] == ["A9.txt", "A10.txt", "b.jsonl"]


def test_a_file_named_twice_is_taken_once(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    assert len(expand([tmp_path, tmp_path / "a.txt"])) == 1


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.sampled_from(["a.txt", "a.jsonl", "a", "a.md", "a.htm", "a.zip", "a.png"]))
def test_no_bytes_raise_anything_but_our_own_error(tmp_path: Path, data: bytes, name: str) -> None:
    (tmp_path / name).write_bytes(data)
    with contextlib.suppress(BaodaError):
        read(tmp_path / name)
