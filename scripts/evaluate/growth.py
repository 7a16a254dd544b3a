"""What the archive costs as it grows: adding, opening, asking, memory and disk, without the embedding model.

Vectors are random, seeded by the text, of e5-small's width, so that only the archive's own work is measured; everything
else is real: news articles, words, postings, FAISS. Run it as `python -m scripts.evaluate.growth DATA`.
"""

from __future__ import annotations

import gzip
import itertools
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.archive import Archive
from index.cache import Progress
from index.e5 import WIDTH
from index.embedding import Embedder

SIZES = (1_000, 10_000, 40_000)
ISSUE = 60


class RandomVectors(Embedder):
    """An embedder without a model: the same text has the same vector."""

    @property
    def name(self) -> str:
        """Identity of these vectors."""
        return "random"

    @property
    def dim(self) -> int:
        """As wide as e5-small's."""
        return WIDTH

    def passages(self, texts: Sequence[str], progress: Progress | None = None) -> NDArray[np.float32]:
        """Return (len(texts), dim) unit vectors."""
        return np.stack([self.query(text) for text in texts])

    def query(self, text: str) -> NDArray[np.float32]:
        """Return one unit vector."""
        vector = np.random.default_rng(zlib.crc32(text.encode())).standard_normal(WIDTH).astype(np.float32)
        unit: NDArray[np.float32] = vector / np.linalg.norm(vector)
        return unit


@dataclass(frozen=True)
class Cost:
    """One row of the table. Times in milliseconds but for `build_s` and `open_s`, sizes in MB."""

    articles: int
    passages: int
    build_s: float
    issue_ms: float
    open_s: float
    p50_ms: float
    p95_ms: float
    memory_mb: float
    disk_mb: float


def growth(data: Path, sizes: Sequence[int] = SIZES) -> list[Cost]:
    """Measure archives of the first `sizes` news articles; `issue_ms` is an issue of 60 articles added on top."""
    return [_measure(data, size) for size in sizes]


def ask(folder: Path) -> None:
    """Open an archive as a bot would, ask, and print seconds to open, milliseconds a question, and memory in MB."""
    embedder = RandomVectors()
    questions = json.loads((folder / "questions.json").read_text(encoding="utf-8"))
    began = time.perf_counter()
    with Archive.open(folder, embedder=embedder) as archive:
        archive.search("热身")
        opened = time.perf_counter() - began
        took = []
        for question in questions:
            began = time.perf_counter()
            archive.search(question)
            took.append(1000 * (time.perf_counter() - began))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps([opened, took, memory]))


def _measure(data: Path, size: int) -> Cost:
    news = list(itertools.islice(_news(data), size + ISSUE))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Archive.open(folder, embedder=RandomVectors(), write=True) as archive:
            build = _add(archive, folder / "all.jsonl", news[:size])
            issue = _add(archive, folder / "issue.jsonl", news[size:])
            status = archive.status()
        draw = random.Random(40)  # noqa: S311 - a sample, not a secret
        bodies = [str(article["body"]) for article in draw.sample(news, 100)]
        starts = [draw.randrange(max(1, len(body) - 16)) for body in bodies]
        asked = [body[start : start + 16] + "是多少？" for body, start in zip(bodies, starts, strict=True)]
        (folder / "questions.json").write_text(json.dumps(asked), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "scripts.evaluate.growth", "--ask", name], capture_output=True, text=True, check=True
        )
        opened, took, memory = json.loads(done.stdout)
    percentiles = statistics.quantiles(took, n=20)
    return Cost(
        status.articles,
        status.passages,
        round(build, 1),
        round(1000 * issue, 1),
        round(opened, 2),
        round(percentiles[9], 1),
        round(percentiles[18], 1),
        round(memory),
        round(status.bytes / 2**20),
    )


def _add(archive: Archive, file: Path, articles: Sequence[dict[str, object]]) -> float:
    file.write_text("\n".join(json.dumps(article, ensure_ascii=False) for article in articles), encoding="utf-8")
    began = time.perf_counter()
    archive.add([file])
    return time.perf_counter() - began


def _news(data: Path) -> list[dict[str, object]]:
    with gzip.open(data / "news" / "crud_news_40k.jsonl.gz", "rt", encoding="utf-8") as lines:
        articles = [json.loads(line) for line in lines]
    again = [article | {"id": f"again-{article['id']}"} for article in articles[:ISSUE]]
    return articles + again


if __name__ == "__main__":
    if sys.argv[1] == "--ask":
        ask(Path(sys.argv[2]))
    else:
        for cost in growth(Path(sys.argv[1]), [int(size) for size in sys.argv[2:]] or SIZES):
            sys.stdout.write(json.dumps(asdict(cost)) + "\n")
            sys.stdout.flush()
