"""What is no newspaper's page is refused in one line, or nothing is found in it; the archive stays as it was."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hashing import HashingEmbedder
from PIL import Image

from index.archive import Archive
from index.errors import SourceError
from index.sources import expand, read

KNOWN = '{"id": "known", "title": "渡口重开", "body": "渡口昨天重开，首日载客1,204人次。"}\n'
PROSE = "渡口昨天重开，首日载客千人。"


def pdf(*objects: bytes, pages: int = 1) -> bytes:
    """A PDF of as many pages, all with the contents of object 4."""
    kids = b" ".join(b"3 0 R" for _ in range(pages))
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</XObject<</P 5 0 R>>>>>>"
    told = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, pages), page, *objects]
    body = b"".join(b"%d 0 obj\n%s\nendobj\n" % (number, each) for number, each in enumerate(told, 1))
    return b"%PDF-1.4\n" + body + b"trailer<</Size %d/Root 1 0 R>>\n%%%%EOF" % (len(told) + 1)


def stream(content: bytes, head: bytes = b"") -> bytes:
    packed = zlib.compress(content, 9)
    return b"<</Length %d/Filter/FlateDecode%s>>\nstream\n%s\nendstream" % (len(packed), head, packed)


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def picture(side: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("1", (side, side)).save(buffer, "PNG")
    return buffer.getvalue()


PAGE = b"<founder-content><p>" + PROSE.encode() + b"</p></founder-content>"
BAD: dict[str, tuple[str, bytes, str]] = {
    "a stream that unpacks to 40 MB": ("a.pdf", pdf(stream(bytes(40 * 2**20))), "unpacks to more than 32 MB"),
    "a stream packed twice": ("a.pdf", pdf(stream(b"", b"/Filter[/FlateDecode/FlateDecode]")), "unpacks to more"),
    "a picture of 900 million pixels": (
        "a.pdf",
        pdf(stream(b"/P Do"), stream(b"", b"/Subtype/Image /Width 30000 /Height 30000")),
        "30000 × 30000 pixels",
    ),
    "a PDF of 3,000 pages": ("a.pdf", pdf(stream(b""), pages=3000), "has 3000 pages"),
    "a scan of 20,000 × 20,000 pixels": ("a.png", picture(20_000), "pixels"),
    "a zip in a zip": ("a.zip", zipped({"b.zip": zipped({"content_1.htm": PAGE})}), "no article page"),
    "a page that unpacks to 1 GB": ("a.zip", zipped({"content_1.htm": bytes(2**27 + 1)}), "larger than|more than"),
    "a zip of 30,000 pages": ("a.zip", zipped({f"content_{n}.htm": b"" for n in range(30_000)}), "20,000 pages"),
    "a name that leads out of the zip": ("a.zip", zipped({"../content_1.htm": PAGE}), "leads out"),
    "10 MB on one line of a dump": ("a.txt", PROSE.encode() * 250_000, "characters"),
    "10 million empty lines": ("a.txt", b"\n" * 10_000_000 + PROSE.encode(), "characters"),
    "a dump of 10,000 pages": ("a.txt", b"\f".join([PROSE.encode()] * 10_000), "pages"),
    "10 MB in one article": ("a.jsonl", b'{"id": "a", "body": "%s"}' % (PROSE.encode() * 250_000), "article a"),
    "10 MB of Markdown": ("a.md", b"---\ntitle: a\n---\n" + PROSE.encode() * 250_000, "characters"),
    "10 MB of HTML": ("a.htm", b"<html>" + PROSE.encode() * 250_000, "larger than 4 MB"),
    "an article of 1 MB in HTML": ("a.htm", PAGE.replace(PROSE.encode(), PROSE.encode() * 25_000), "characters"),
}
NOTHING = {
    "a page of scripts": ("a.htm", b"<html><script>" + b'document.write("<p>x</p>");' * 999 + b"</script></html>"),
    "a list of links": ("a.htm", b"<html><a href=/1>one</a><a href=/2>two</a></html>"),
    "nothing but a page's head": ("a.txt", "东湖日报\n第3版\n2023年5月6日\n".encode()),
}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    folder = tmp_path_factory.mktemp("bad")
    (folder / "known.jsonl").write_text(KNOWN)
    with Archive.open(folder / "archive", embedder=HashingEmbedder(), write=True) as opened:
        opened.add([folder / "known.jsonl"])
        yield opened
        assert opened.verify() == []


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_page_is_refused_in_one_line(archive: Archive, tmp_path: Path, case: str) -> None:
    name, data, said = BAD[case]
    (tmp_path / name).write_bytes(data)
    before = archive.status()
    with pytest.raises(SourceError, match=said) as caught:
        archive.add([tmp_path / name])
    assert str(caught.value).isprintable()
    assert archive.status() == before


@pytest.mark.parametrize("case", NOTHING)
def test_where_there_is_no_article_none_is_found(archive: Archive, tmp_path: Path, case: str) -> None:
    name, data = NOTHING[case]
    (tmp_path / name).write_bytes(data)
    report = archive.add([tmp_path / name])
    assert [(source.state, source.articles) for source in report.sources] == [("added", 0)]
    assert [article.id for article in archive.articles()] == ["known"]


def test_scripts_are_no_words_of_an_article(archive: Archive, tmp_path: Path) -> None:
    hostile = PAGE.replace(b"</p>", b'<script>alert("<p>x</p>")</script><style>p{}</style><img onerror=alert(1)></p>')
    (tmp_path / "content_9.htm").write_bytes(hostile)
    (article,) = read(tmp_path / "content_9.htm").articles or ()
    assert article.body == PROSE


def test_a_file_of_any_size_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with (tmp_path / "a.pdf").open("wb") as file:
        file.truncate(2**40)  # takes no room on the disk
    with pytest.raises(SourceError, match="larger than 512 MB"):
        expand([tmp_path])


def test_links_that_go_in_circles_are_left(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(PROSE)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "self.txt").symlink_to(tmp_path / "self.txt")
    assert [file.name for file in expand([tmp_path])] == ["a.txt"]
    with pytest.raises(SourceError, match=r"self\.txt: neither a file nor a folder"):
        expand([tmp_path / "self.txt"])


def test_a_name_that_is_no_text_is_told(tmp_path: Path) -> None:
    name = str(tmp_path) + "/\udcff.txt"
    Path(name).write_text(PROSE)
    with pytest.raises(SourceError, match="rename it") as caught:
        expand([tmp_path])
    assert str(caught.value).isprintable()
