"""The trained network at work: a question and passages in, logits for each character span out."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from index import e5
from index.cache import Progress, prepared
from index.errors import ModelError

if TYPE_CHECKING:
    from tokenizers import Encoding

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
        from index.network import session

        base = e5.folder(progress)
        folder = _prepare(base, weights, bits, progress)
        # A passage a thread: no row is padded for another.
        self._threads = ThreadPoolExecutor(threads or os.cpu_count(), "reader")
        self._session = session(folder / "reader.onnx")
        self._inputs = e5.Inputs(base, longest=LONGEST)
        self._tokenizer = e5.tokenizer(base)
        self._segment = np.load(folder / "segment.npy")

    def read(self, question: str, passages: Sequence[tuple[str, str]]) -> list[Spans]:
        """Read (headline, text) pairs for `question`, all folded by `index.text.fold`; a result a passage, in order."""
        leads = [f"passage: {title} " if title else "passage: " for title, _ in passages]
        rows = [
            _row(self._tokenizer.encode(f"query: {question}", lead + text), len(lead))
            for lead, (_, text) in zip(leads, passages, strict=True)
        ]
        longest_first = sorted(range(len(rows)), key=lambda i: -len(rows[i].ids))
        logits = dict(zip(longest_first, self._threads.map(lambda i: self._run(rows[i]), longest_first), strict=True))
        return [_spans(row, logits[i]) for i, row in enumerate(rows)]

    def _run(self, row: _Row) -> NDArray[np.float32]:
        size = len(row.ids)
        embedded = self._inputs.embedded(row.ids)
        embedded[row.passage_from : size - 1] += self._segment
        feed = {"embedded": embedded[None], "mask": np.ones((1, size), np.int32)}
        logits: NDArray[np.float32] = self._session.run(None, feed)[0][0]
        return logits


@dataclass(frozen=True)
class _Row:
    """Tokens of a question and a passage; `offsets` in its text of the passage's tokens, below 0 in its headline."""

    ids: list[int]
    passage_from: int
    offsets: NDArray[np.int64]


def _row(encoding: Encoding, lead: int) -> _Row:
    """At most `LONGEST` tokens: of a question that is a text itself half of them, of the passage what is left."""
    ids, at = encoding.ids, encoding.sequence_ids.index(1)
    asked = ids[:at] if at <= LONGEST // 2 else [*ids[: LONGEST // 2 - 2], *ids[at - 2 : at]]
    read = min(len(ids) - 1 - at, LONGEST - 1 - len(asked))
    offsets = np.array(encoding.offsets[at : at + read], np.int64).reshape(-1, 2) - lead
    return _Row([*asked, *ids[at : at + read], ids[-1]], len(asked), offsets)


def _spans(row: _Row, logits: NDArray[np.float32]) -> Spans:
    passage = logits[row.passage_from : len(row.ids) - 1]
    text = row.offsets[:, 0] >= 0
    return Spans(
        starts=row.offsets[text, 0],
        ends=row.offsets[text, 1],
        first=passage[text, 0],
        last=passage[text, 1],
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
        merged_weights = merged(e5.tensors(base), trained)
        report(_STAGE, 1, 2)
        onnx.save(graph(merged_weights, bits=bits), target / "reader.onnx")
        np.save(target / "segment.npy", trained["segment"].astype(np.float32))
        report(_STAGE, 2, 2)

    return prepared(f"reader-{identity}", write)
