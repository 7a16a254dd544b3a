"""A quick embedder: tests of the archive need vectors that tell texts apart, and a model only where meaning counts."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray


class HashingEmbedder:
    """Counts of hashed pairs of characters (Weinberger et al., ICML 2009), as unit vectors; counts its work."""

    dim = 64
    arithmetic = "float32"

    def __init__(self, name: str = "hashing") -> None:
        self.name = name
        self.embedded = 0

    def passages(
        self, texts: Sequence[str], progress: Callable[[str, int, int], None] | None = None
    ) -> NDArray[np.float32]:
        self.embedded += len(texts)
        return np.stack([self.query(text) for text in texts])

    def query(self, text: str) -> NDArray[np.float32]:
        vector = np.zeros(self.dim, np.float32)
        for at in range(len(text)):
            vector[zlib.crc32(text[at : at + 2].encode()) % self.dim] += 1
        return vector / max(1.0, float(np.linalg.norm(vector)))
