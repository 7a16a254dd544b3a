"""How often the passage that answers stands among the first: words, vectors, and both fused.

The pool is what DRCD dev and test (converted to simplified) and CMRC 2018's trial set ask about, cut into
passages as the archive does it, among news articles that distract. A passage is right when it holds the
answer at the place where the data set has it. Parameters were chosen on DRCD dev; report DRCD test.
"""

from __future__ import annotations

import gzip
import itertools
import json
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index import lexical
from index.archive import Archive
from index.cache import Progress
from index.embedding import Embedder
from index.search import POOL, fuse
from index.settings import cache_folder
from index.store import Store, meta
from index.text import fold
from index.vectors import VectorIndex

NEWS = 400
CONTEXTS = 500
"""News articles, and contexts of each set, in the pool: about 4,500 passages, minutes of embedding on two cores."""

SETS = {"drcd-dev": "drcd_dev.json", "drcd-test": "drcd_test.json", "cmrc-trial": "cmrc_trial.json"}


@dataclass(frozen=True)
class Asked:
    """A question, and where its answer stands: offsets into the body of an article."""

    question: str
    article_id: str
    start: int
    end: int


@dataclass(frozen=True)
class Quality:
    """Shares of questions with the answer in the first 1, 5 and 10 passages, and the mean reciprocal rank (of 10)."""

    system: str
    top1: float
    top5: float
    top10: float
    mrr: float


Rankings = list[tuple[list[tuple[int, float]], list[tuple[int, float]], set[int]]]
"""For each question: by words, by vectors, the passages that answer."""


def evaluate(
    data: Path, *, split: str = "drcd-test", questions: int = 1000, bits: int = 8, progress: Progress | None = None
) -> list[Quality]:
    """Measure retrieval on `questions` of `split`, drawn with a fixed seed. `data`: the folder of the shared data.

    The archive of the pool is kept in the cache: one minute of embedding on two cores the first time, with 32 `bits`
    (see `index.embedding.Embedder`) five.
    """
    found = rankings(data, split=split, questions=questions, embedder=Embedder(bits=bits), progress=progress)
    return [
        quality("BM25", [(by_words, right) for by_words, _, right in found]),
        quality("vectors", [(by_vectors, right) for _, by_vectors, right in found]),
        quality("fused", [(fuse(by_words, by_vectors), right) for by_words, by_vectors, right in found]),
    ]


def quality(system: str, answers: Sequence[tuple[Sequence[tuple[int, float]], set[int]]]) -> Quality:
    """Score rankings, each given with the passages that answer."""
    ranks = [
        next((rank for rank, (passage, _) in enumerate(ranking[:10], 1) if passage in right), 0)
        for ranking, right in answers
    ]
    top1, top5, top10 = (sum(0 < rank <= k for rank in ranks) / len(ranks) for k in (1, 5, 10))
    return Quality(system, top1, top5, top10, sum(1 / rank for rank in ranks if rank) / len(ranks))


def rankings(
    data: Path, *, split: str, questions: int, embedder: Embedder, progress: Progress | None = None
) -> Rankings:
    """Ask the questions, and return what words and vectors find for each."""
    asked = list(_asked(data / "reading" / SETS[split], split))
    asked = random.Random(2018).sample(asked, min(questions, len(asked)))  # noqa: S311 - a sample, not a secret
    folder = _pool(data, embedder, progress)
    found: Rankings = []
    with Store(folder, write=False).reading() as connection:
        stamps = meta(connection)
        index = VectorIndex(stamps["dim"])
        index.follow(connection, stamps["epoch"], stamps["generation"])
        for done, each in enumerate(asked, 1):
            right = connection.execute(
                "SELECT passages.id FROM passages JOIN articles ON articles.pk = article "
                'WHERE articles.id = ? AND "start" <= ? AND "end" >= ?',
                (each.article_id, each.start, each.end),
            ).fetchall()
            by_words = lexical.search(connection, lexical.words(each.question), POOL)
            by_vectors = index.search(embedder.query(each.question), POOL)
            found.append((by_words, by_vectors, {row[0] for row in right}))
            if progress:
                progress("Asking", done, len(asked))
    return found


def _pool(data: Path, embedder: Embedder, progress: Progress | None) -> Path:
    folder = cache_folder() / f"evaluate-retrieval-{embedder.arithmetic}"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "pool.jsonl"
    with file.open("w", encoding="utf-8") as out:
        for article in itertools.chain(_contexts(data / "reading"), _news(data / "news")):
            out.write(json.dumps(article, ensure_ascii=False) + "\n")
    with Archive.open(folder, embedder=embedder, write=True) as archive:
        archive.add([file], progress=progress)
    return folder


def _paragraphs(path: Path, split: str) -> Iterator[tuple[str, dict[str, Any]]]:
    content = json.loads(path.read_text(encoding="utf-8"))
    paragraphs = [paragraph for article in content["data"] for paragraph in article["paragraphs"]]
    yield from ((f"{split}-{number}", paragraph) for number, paragraph in enumerate(paragraphs[:CONTEXTS]))


def _contexts(folder: Path) -> Iterator[dict[str, Any]]:
    for split, name in SETS.items():
        for identity, paragraph in _paragraphs(folder / name, split):
            yield {"id": identity, "body": fold(paragraph["context"])}


def _asked(path: Path, split: str) -> Iterator[Asked]:
    for identity, paragraph in _paragraphs(path, split):
        body = fold(paragraph["context"])
        for each in paragraph["qas"]:
            text, start = fold(each["answers"][0]["text"]), each["answers"][0]["answer_start"]
            if not body.startswith(text, start):  # some offsets are off
                start = body.find(text)
            if start >= 0:
                yield Asked(fold(each["question"]), identity, start, start + len(text))


def _news(folder: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(folder / "crud_news_40k.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in itertools.islice(lines, 0, None, 40_000 // NEWS):
            article = json.loads(line)
            yield {"id": article["id"], "body": article["body"]}


def main() -> None:
    """Print a table for each arithmetic: `python -m scripts.evaluate.retrieval DATA [SPLIT]`, 8 bits beside 32."""
    data, split = Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "drcd-test"
    for bits in (8, 32):
        for row in evaluate(data, split=split, bits=bits):
            scores = " ".join(f"{score:.4f}" for score in (row.top1, row.top5, row.top10, row.mrr))
            sys.stdout.write(f"{bits:>2} bits  {row.system:<8} {scores}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
