"""PDFs and images come from strangers: each is read by a process of its own, and what exhausts memory or hangs ends there.

The child gets the file on its standard input and answers in JSON lines: `{"progress": [stage, done, total]}`,
`{"page": Page}` for each page, and `{"error": message}` where it cannot go on.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from tempfile import TemporaryFile
from typing import BinaryIO, Literal

from index.errors import SourceError
from index.models import Page
from index.sources import pdf, scan
from index.sources.scan import Progress

Kind = Literal["PDF", "image"]

MEMORY = 2 * 2**30
"""Bytes that the child may hold: a page of a newspaper takes 200 MB, one that is read as a scan 700."""

SILENCE = 300.0
"""Seconds that the child may take for a page."""

_AS: dict[Kind, str] = {"PDF": "a PDF", "image": "an image"}
_CHILD = "from index.sources.contained import serve; serve()"


def read(kind: Kind, data: bytes, name: str, progress: Progress | None = None) -> tuple[tuple[Page, ...], None]:
    """Read the pages of a PDF as `pdf.read` does, those of an image as `scan.read`.

    Raises:
        SourceError: As those; or the file takes more memory or time than any newspaper's does.
    """
    report = progress or (lambda *_: None)
    pages: list[Page] = []
    late = threading.Event()
    with _child(kind, data, name) as (child, said):
        for line in _lines(child, late):
            message = json.loads(line)
            if "error" in message:
                raise SourceError(message["error"])
            if "page" in message:
                pages.append(Page.model_validate(message["page"]))
            else:
                report(*message["progress"])
        if child.wait():
            why = f"a page takes more than {SILENCE:.0f} seconds; make it anew" if late.is_set() else _why(child, said)
            raise SourceError(f"{name}: cannot be read as {_AS[kind]}: {why}")
    return tuple(pages), None


@contextmanager
def _child(kind: Kind, data: bytes, name: str) -> Iterator[tuple[subprocess.Popen[bytes], BinaryIO]]:
    """A process that reads `data`, and the file that takes what it complains of; it ends with the context."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with TemporaryFile() as given, TemporaryFile() as said:
        given.write(data)
        given.seek(0)
        child = subprocess.Popen(
            [sys.executable, "-c", _CHILD, kind, name],
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=said,
            env=environment,
        )
        try:
            yield child, said
        finally:
            child.kill()
            child.communicate()


def _lines(child: subprocess.Popen[bytes], late: threading.Event) -> Iterator[bytes]:
    """What the child says, until it ends or is silent for too `late` and killed."""
    assert child.stdout  # noqa: S101 - for mypy

    def stop() -> None:
        late.set()
        child.kill()

    while True:
        watch = threading.Timer(SILENCE, stop)
        watch.start()
        try:
            line = child.stdout.readline()
        finally:
            watch.cancel()
        if not line:
            return
        yield line


def _why(child: subprocess.Popen[bytes], said: BinaryIO) -> str:
    said.seek(0)
    complaint = said.read().decode(errors="replace").strip().splitlines()
    if child.returncode < 0 or (complaint and complaint[-1].startswith("MemoryError")):
        return f"it takes more than {MEMORY >> 30} GB of memory; make it anew, at 200 to 300 dpi"
    return f"reading it failed ({complaint[-1] if complaint else f'status {child.returncode}'})"


def serve() -> None:
    """Be the child."""
    _limit_memory()
    say = sys.stdout.buffer

    def tell(kind: str, value: object) -> None:
        say.write(json.dumps({kind: value}).encode() + b"\n")
        say.flush()

    try:
        reader = pdf.read if sys.argv[1] == "PDF" else scan.read
        pages, _ = reader(sys.stdin.buffer.read(), sys.argv[2], lambda *report: tell("progress", report))
    except SourceError as error:
        tell("error", str(error))
        return
    for page in pages:
        tell("page", page.model_dump(mode="json"))


def _limit_memory() -> None:
    with suppress(ImportError, ValueError, OSError):  # only where the system can
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
