"""What the archive costs as it grows: an issue added, opening, a question from words to quotes, memory and disk.

News articles, their words, postings and passages are real, and so are the issue added on top, the questions and the
reader. Only the vectors of the archive before that issue are random, seeded by the text: embedding 40,000 articles would
take most of an hour. From `REAL` articles on, an archive is one of `REAL`, multiplied (`scripts.evaluate.multiplied`).
Run it as `python -m scripts.evaluate.growth DATA [ARTICLES...]`.
"""

from __future__ import annotations

import gzip
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.answering import Answerer
from bot.reader import Reader
from index.archive import Archive
from index.cache import Progress
from index.e5 import WIDTH
from index.embedding import Embedder
from scripts.evaluate.multiplied import multiply
from scripts.train.questions import ask

SIZES = (0, 1_000, 10_000, 40_000)
REAL = 10_000
"""Articles that are multiplied where more are asked for than there are news."""

ISSUE = 60
QUESTIONS = 100


class PartlyRandom(Embedder):
    """The default model for questions; for passages random vectors of its width, the same text the same, or its own."""

    def __init__(self, *, passages_too: bool) -> None:
        super().__init__()
        self._passages_too = passages_too

    def passages(self, texts: Sequence[str], progress: Progress | None = None) -> NDArray[np.float32]:
        """Return (len(texts), WIDTH) unit vectors."""
        if self._passages_too:
            return super().passages(texts, progress)
        seeds = [zlib.crc32(text.encode()) for text in texts]
        vectors = np.stack([np.random.default_rng(seed).standard_normal(WIDTH, np.float32) for seed in seeds])
        units: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return units


@dataclass(frozen=True)
class Cost:
    """One row of the table: an archive of `articles`, the issue of `ISSUE` among them. Times in ms but where `_s`."""

    articles: int
    passages: int
    build_s: float
    issue_s: float
    open_s: float
    search_p50: float
    search_p95: float
    answer_p50: float
    answer_p95: float
    memory_mb: int
    disk_mb: int


def cost(data: Path, size: int) -> Cost:
    """Measure an archive of `size` articles to which an issue is added."""
    with gzip.open(data / "news" / "crud_news_40k.jsonl.gz", "rt", encoding="utf-8") as lines:
        *news, _ = everything = [json.loads(line) for line in lines]
    news, issue = everything[:-ISSUE], everything[-ISSUE:]
    times = 1 if size <= len(everything) else round(size / REAL)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        began = time.perf_counter()
        with Archive.open(folder, embedder=PartlyRandom(passages_too=False), write=True) as archive:
            kept = news[: size if times == 1 else REAL]
            if kept:
                _add(archive, folder / "all.jsonl", kept)
        if times > 1:
            multiply(folder, times)
        built = time.perf_counter() - began
        embedder = PartlyRandom(passages_too=True)
        embedder.load()
        with Archive.open(folder, embedder=embedder, write=True) as archive:
            began = time.perf_counter()
            _add(archive, folder / "issue.jsonl", issue)
            added = time.perf_counter() - began
            status = archive.status()
        (folder / "questions.json").write_text(json.dumps(_questions(kept or issue)), encoding="utf-8")
        command = [sys.executable, "-m", "scripts.evaluate.growth", "--ask", name]
        asked = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return Cost(status.articles, status.passages, round(built, 1), round(added, 2), disk_mb=status.bytes >> 20, **asked)


def asking(folder: Path) -> dict[str, float]:
    """Open an archive as a bot does, ask its questions, and say what that took."""
    questions = json.loads((folder / "questions.json").read_text(encoding="utf-8"))
    began = time.perf_counter()
    with Archive.open(folder, embedder=Embedder()) as archive:
        answerer = Answerer(archive, Reader())
        answerer.ask("热身要多少分钟")
        opened = time.perf_counter() - began
        searched, answered = [], []
        for question in questions:
            searched.append(_milliseconds(archive.search, question))
            answered.append(_milliseconds(answerer.ask, question))
    by_search, by_answer = statistics.quantiles(searched, n=20), statistics.quantiles(answered, n=20)
    return {
        "open_s": round(opened, 2),
        "search_p50": round(by_search[9], 1),
        "search_p95": round(by_search[18], 1),
        "answer_p50": round(by_answer[9], 1),
        "answer_p95": round(by_answer[18], 1),
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10,
    }


def _milliseconds(run: Callable[[str], object], question: str) -> float:
    began = time.perf_counter()
    run(question)
    return 1000 * (time.perf_counter() - began)


def _add(archive: Archive, file: Path, articles: Sequence[dict[str, Any]]) -> None:
    file.write_text("\n".join(json.dumps(article, ensure_ascii=False) for article in articles), encoding="utf-8")
    archive.add([file])


def _questions(news: Sequence[dict[str, Any]]) -> list[str]:
    draw = random.Random(40)  # noqa: S311 - a sample, not a secret
    made: list[str] = []
    while len(made) < QUESTIONS:
        found = [each.question for each in ask(draw.choice(news)["body"], draw)]
        made += found[:1]
    return made


def main(data: Path, sizes: Sequence[int]) -> None:
    """Print a row a size, then how much more the last costs than the first."""
    rows = []
    for size in sizes:
        rows.append(cost(data, size))
        sys.stdout.write(json.dumps(asdict(rows[-1])) + "\n")
        sys.stdout.flush()
    first, last = rows[0], rows[-1]
    grown = {name: round(getattr(last, name) / getattr(first, name), 2) for name in ("issue_s", "answer_p50")}
    sys.stdout.write(json.dumps({"articles": [first.articles, last.articles], "times": grown}) + "\n")


if __name__ == "__main__":
    if sys.argv[1] == "--ask":
        sys.stdout.write(json.dumps(asking(Path(sys.argv[2]))))
    else:
        main(Path(sys.argv[1]), [int(size) for size in sys.argv[2:]] or SIZES)
