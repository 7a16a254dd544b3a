"""The reader's network: e5's encoder with what training added to it, and a head that scores tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from index.network import EncoderGraph, Weights

if TYPE_CHECKING:
    import onnx


def merged(base: Weights, trained: Weights) -> dict[str, NDArray[np.float32]]:
    """Return BertModel's weights with what was trained put in: adapters added, other parameters replaced.

    Args:
        base: Weights of multilingual-e5-small by their names in BertModel.
        trained: What `scripts.train.network.Network.state` returns, without the prefix `bert.`.
    """
    names = [name for name in base if name.startswith("encoder.") or "LayerNorm" in name]
    weights = {name: base[name].astype(np.float32) for name in names}
    for name, value in trained.items():
        plain = name.replace(".base.", ".")
        if name.endswith(".up"):
            down = trained[name.removesuffix("up") + "down"].astype(np.float32)
            weights[name.removesuffix("up") + "weight"] += value.astype(np.float32) @ down
        elif not name.endswith(".down"):
            weights[plain] = value.astype(np.float32)
    return weights


def graph(weights: Weights, *, bits: int = 8) -> onnx.ModelProto:
    """Build the network from merged weights.

    Inputs: `embedded` float32 (batch, length, 384), summed embeddings before their layer norm; `mask` int32
    (batch, length), 1 where a token is. Output: `logits` float32 (batch, length, 3): first token of the answer, last
    token of it, and, at the first position, that the passage answers.

    Args:
        weights: What `merged` returns.
        bits: 32, or 8 for products of 8-bit integers.
    """
    build = EncoderGraph(weights, bits=bits)
    x = build.hidden("mask")
    heads = build.constant("heads.weight", np.concatenate([weights["span.weight"], weights["answers.weight"]]).T)
    bias = build.constant("heads.bias", np.concatenate([weights["span.bias"], weights["answers.bias"]]))
    build.node("Add", [build.node("MatMul", [x, heads]), bias], output="logits")
    return build.model({"logits": ["batch", "length", 3]}, mask="mask")
