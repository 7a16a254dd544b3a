"""How fast passages are embedded and questions asked: 8 bits, 32 bits, a plain loop and LlamaIndex, side by side in one run.

The plain loop is what a tutorial has: sentence-transformers with its defaults over the passages as they come, FAISS's
flat index behind it. LlamaIndex has its defaults too; it is left out where `llama-index-core` and
`llama-index-embeddings-huggingface` are not installed. All have the same weights and see the same passages in turns, so
that what else the machine does falls on each alike. Run it as `python -m scripts.evaluate.pace DATA [PASSAGES]`.
"""

from __future__ import annotations

import gzip
import importlib.util
import itertools
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index import e5
from index.embedding import Embedder
from index.passages import cut

ROUND = 48
"""Passages that each embeds before the next one's turn."""

QUESTIONS = 40


def pace(data: Path, passages: int = 192) -> list[tuple[str, float, float, float]]:
    """Return (system, passages a second, passages a second of processor time, median milliseconds a question)."""
    texts = list(itertools.islice(_passages(data), passages))
    quick, reference = Embedder(), Embedder(bits=32)
    quick.load()
    reference.load()
    plain = _plain_loop()
    systems: dict[str, Callable[[Sequence[str]], object]] = {
        "8 bits": quick.passages,
        "32 bits, sorted": reference.passages,
        "plain loop": plain,
    }
    if importlib.util.find_spec("llama_index"):
        systems["LlamaIndex"] = _llama_index()
    spent, worked = dict.fromkeys(systems, 0.0), dict.fromkeys(systems, 0.0)
    for first in range(0, len(texts), ROUND):
        for name, embed in systems.items():
            began, began_work = time.perf_counter(), time.process_time()
            embed(texts[first : first + ROUND])
            spent[name] += time.perf_counter() - began
            worked[name] += time.process_time() - began_work
    asked = [text[:16] + "是多少？" for text in texts[:QUESTIONS]]
    waited = {"8 bits": _waited(quick, asked), "32 bits, sorted": _waited(reference, asked)}
    n = len(texts)
    return [(name, n / spent[name], n / worked[name], waited.get(name, float("nan"))) for name in systems]


def _plain_loop() -> Callable[[Sequence[str]], None]:
    from sentence_transformers import SentenceTransformer

    import faiss  # isort: skip

    model = SentenceTransformer(str(e5.folder()), device="cpu")
    index = faiss.IndexFlatIP(e5.WIDTH)

    def embed(texts: Sequence[str]) -> None:
        vectors: NDArray[np.float32] = model.encode([f"passage: {text}" for text in texts], show_progress_bar=False)
        index.add(vectors)

    return embed


def _llama_index() -> Callable[[Sequence[str]], None]:
    from llama_index.core import VectorStoreIndex
    from llama_index.core.schema import TextNode
    from llama_index.embeddings.huggingface import HuggingFaceEmbedding

    model = HuggingFaceEmbedding(str(e5.folder()), text_instruction="passage: ", device="cpu")
    index = VectorStoreIndex([], embed_model=model)

    def embed(texts: Sequence[str]) -> None:
        index.insert_nodes([TextNode(text=text) for text in texts])

    return embed


def _waited(embedder: Embedder, asked: Sequence[str]) -> float:
    took = []
    for question in asked:
        began = time.perf_counter()
        embedder.query(question)
        took.append(1000 * (time.perf_counter() - began))
    return statistics.median(took)


def _passages(data: Path) -> Iterator[str]:
    with gzip.open(data / "news" / "crud_news_40k.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in itertools.islice(lines, 0, None, 200):
            article = json.loads(line)
            yield from (article["body"][start:end] for start, end in cut(article["body"]))


if __name__ == "__main__":
    found = pace(Path(sys.argv[1]), *(int(number) for number in sys.argv[2:]))
    plain_rate, plain_work = next(rates for name, *rates, _ in found if name == "plain loop")
    for system, rate, work, wait in found:
        rates = (
            f"{rate:6.1f} passages/s {rate / plain_rate:4.1f} x   {work:6.1f} a CPU second {work / plain_work:4.1f} x"
        )
        sys.stdout.write(f"{system:<16} {rates}   {wait:6.1f} ms a question\n")
