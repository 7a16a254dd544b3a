"""The trained network at work: a question and passages in, logits for each character span out."""

from __future__ import annotations

import hashlib
import json
import os
import struct
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index import e5
from index.cache import Progress, prepared
from index.errors import ModelError

WEIGHTS = Path(__file__).parent / "weights" / "reader.safetensors"
LONGEST = 256
"""Tokens of question and passage together; the network was trained on no more."""

_VERSION = "2"
_STAGE = "Preparing the reader"


@dataclass(frozen=True)
class Spans:
    """What the network makes of one passage.

    `first` and `last` are logits per token, `starts` and `ends` the tokens' offsets in the passage; `none` is the logit
    of "no answer here" in the same softmaxes (first + last), `answers` the logit of the answer-or-not head.
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    first: NDArray[np.float32]
    last: NDArray[np.float32]
    none: float
    answers: float

    def best(self, start: int, end: int, longest: int = 24) -> tuple[float, int, int] | None:
        """The best span of at most `longest` tokens within passage[start:end]: (logit, start, end); None for no token."""
        inside = np.flatnonzero((self.starts >= start) & (self.ends <= end) & (self.ends > self.starts))
        if not len(inside):
            return None
        first, last = self.first[inside], self.last[inside]
        sums = first[:, None] + last[None, :]
        n = len(inside)
        apart = np.arange(n)[None, :] - np.arange(n)[:, None]
        sums = np.where((apart >= 0) & (apart < longest), sums, -np.inf)
        a, b = divmod(int(sums.argmax()), n)
        return float(sums[a, b]), int(self.starts[inside[a]]), int(self.ends[inside[b]])


class PassageModel:
    """Reads passages with the merged network in ONNX Runtime. Loads at construction, in under a second once prepared.

    Args:
        threads: Passages read at the same time; None is one a processor.
        bits: 8, or 32 for the reference that 8 is measured against.
        weights: What `scripts.train.reader` shipped.

    Raises:
        ModelError: The weights are missing, or the model cannot be prepared.
    """

    def __init__(
        self, *, threads: int | None = None, bits: int = 8, weights: Path = WEIGHTS, progress: Progress | None = None
    ) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        base = e5.folder(progress)
        folder = _prepare(base, weights, bits, progress)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        # A passage a thread: threads that share one mostly wait for each other, and no row is padded for another.
        options.intra_op_num_threads = 1
        # More would fuse the layer norms again, into an operator that takes four times as long.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        self._threads = ThreadPoolExecutor(threads or os.cpu_count(), "reader")
        self._session = onnxruntime.InferenceSession(
            str(folder / "reader.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self.tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
        self.tokenizer.enable_truncation(LONGEST, strategy="only_second")
        tensors = _mapped(base / "model.safetensors")
        self._words = tensors["embeddings.word_embeddings.weight"]
        types = tensors["embeddings.token_type_embeddings.weight"][0]
        self._positions = tensors["embeddings.position_embeddings.weight"][:LONGEST].astype(np.float32) + types
        self._segment = np.load(folder / "segment.npy")

    def read(self, question: str, passages: Sequence[tuple[str, str]]) -> list[Spans]:
        """Read (headline, text) pairs for `question`, all folded by `index.text.fold`; a result a passage, in order."""
        leads = [f"passage: {title} " if title else "passage: " for title, _ in passages]
        encodings = [
            self.tokenizer.encode(f"query: {question}", lead + text)
            for lead, (_, text) in zip(leads, passages, strict=True)
        ]
        longest_first = sorted(range(len(encodings)), key=lambda i: -len(encodings[i].ids))
        logits = dict(
            zip(longest_first, self._threads.map(lambda i: self._run(encodings[i]), longest_first), strict=True)
        )
        return [_spans(encoding, len(leads[i]), logits[i]) for i, encoding in enumerate(encodings)]

    def _run(self, encoding: Any) -> NDArray[np.float32]:  # noqa: ANN401 - tokenizers has no types
        size = len(encoding.ids)
        embedded = self._words[encoding.ids].astype(np.float32) + self._positions[:size]
        embedded[_passage_from(encoding) : size - 1] += self._segment
        feed = {"embedded": embedded[None], "mask": np.ones((1, size), np.int32)}
        logits: NDArray[np.float32] = self._session.run(None, feed)[0][0]
        return logits


def _passage_from(encoding: Any) -> int:  # noqa: ANN401
    return int(encoding.sequence_ids.index(1))


def _spans(encoding: Any, lead: int, logits: NDArray[np.float32]) -> Spans:  # noqa: ANN401
    at = _passage_from(encoding)
    size = len(encoding.ids) - 1
    offsets = np.array(encoding.offsets[at:size], np.int64).reshape(-1, 2) - lead
    text = offsets[:, 0] >= 0
    return Spans(
        starts=offsets[text, 0],
        ends=offsets[text, 1],
        first=logits[at:size, 0][text],
        last=logits[at:size, 1][text],
        none=float(logits[0, 0] + logits[0, 1]),
        answers=float(logits[0, 2]),
    )


def _prepare(base: Path, weights: Path, bits: int, progress: Progress | None) -> Path:
    """The merged network in the cache, made on first use (5 s)."""
    try:
        identity = hashlib.sha256(weights.read_bytes() + f"{e5.NAME} {_VERSION} {bits}".encode()).hexdigest()[:12]
    except OSError as error:
        raise ModelError(
            f"{weights}: {error.strerror}; the reader's weights come with baoda: install it again"
        ) from error

    def write(target: Path) -> None:
        import onnx
        from safetensors.numpy import load_file

        from bot.network import graph, merged

        report = progress or (lambda *_: None)
        report(_STAGE, 0, 2)
        trained = load_file(weights)
        merged_weights = merged(_mapped(base / "model.safetensors"), trained)
        report(_STAGE, 1, 2)
        onnx.save(graph(merged_weights, bits=bits), target / "reader.onnx")
        np.save(target / "segment.npy", trained["segment"].astype(np.float32))
        report(_STAGE, 2, 2)

    return prepared(f"reader-{identity}", write)


def _mapped(path: Path) -> dict[str, NDArray[Any]]:
    """A safetensors file's tensors, memory-mapped: a table of 250,037 words is read by rows, never as a whole."""
    with path.open("rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(size))
    types = {"F16": np.float16, "F32": np.float32}
    return {
        name: np.memmap(path, types[entry["dtype"]], "r", 8 + size + entry["data_offsets"][0], tuple(entry["shape"]))
        for name, entry in header.items()
        if name != "__metadata__"
    }
