"""The reader's network as an ONNX graph: built node by node from weights, so that it computes what torch computes.

An export by `torch.onnx` was left for this: the graph is one screen long, its attention, layer norms and 8-bit products
are ONNX Runtime's own operators, and preparing it needs nothing but numpy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Weights = Mapping[str, NDArray[Any]]

LAYERS, HEADS, WIDTH, EPSILON = 12, 12, 384, 1e-12
_ADAPTED = ("attention.self.query", "attention.self.key", "attention.self.value")
_FUSED = "com.microsoft"
_STRONG = 8


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
    build = _Builder(weights, bits)
    x = build.norm("embedded", "embeddings.LayerNorm")
    for layer in range(LAYERS):
        x = build.layer(x, f"encoder.layer.{layer}.")
    heads = build.constant("heads.weight", np.concatenate([weights["span.weight"], weights["answers.weight"]]).T)
    bias = build.constant("heads.bias", np.concatenate([weights["span.bias"], weights["answers.bias"]]))
    build.node("Add", [build.node("MatMul", [x, heads]), bias], output="logits")
    shape = ["batch", "length"]
    made = helper.make_graph(
        build.nodes,
        "reader",
        [
            helper.make_tensor_value_info("embedded", TensorProto.FLOAT, [*shape, WIDTH]),
            helper.make_tensor_value_info("mask", TensorProto.INT32, shape),
        ],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [*shape, 3])],
        build.constants,
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid(_FUSED, 1)]
    return helper.make_model(made, opset_imports=opsets, ir_version=10)


class _Builder:
    """Collects nodes and constants; each method returns the name of its output."""

    def __init__(self, weights: Weights, bits: int) -> None:
        self.weights = weights
        self.bits = bits
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, value: NDArray[Any]) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def vector(self, name: str) -> str:
        return self.constant(name, self.weights[name])

    def node(self, kind: str, inputs: list[str], *, output: str = "", domain: str = "", **attributes: Any) -> str:  # noqa: ANN401
        name = output or f"{kind}.{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, domain=domain, **attributes))
        return name

    def norm(self, x: str, name: str) -> str:
        inputs = [x, self.vector(name + ".weight"), self.vector(name + ".bias")]
        return self.node("LayerNormalization", inputs, epsilon=EPSILON)

    def add_norm(self, x: str, y: str, dense: str, norm: str) -> str:
        """Layer norm of x + y + the dense layer's bias: ONNX Runtime's fused operator for it takes four times as long."""
        biased = self.node("Add", [x, self.vector(dense + ".bias")])
        return self.norm(self.node("Add", [biased, y]), norm)

    def product(self, x: str, name: str) -> str:
        return self.multiply(x, name, self.weights[name + ".weight"])

    def multiply(self, x: str, name: str, weight: NDArray[np.float32]) -> str:
        """X times the transpose of `weight`."""
        if self.bits == 32:
            return self.node("MatMul", [x, self.constant(name + ".weight", weight.T)])
        return self.multiply_integers(x, name, weight)

    def multiply_integers(self, x: str, name: str, weight: NDArray[np.float32]) -> str:
        """As `multiply`, in 8-bit integers with one scale for x and one for each row of `weight`.

        BERT has a few channels ten times as strong as the others, which would leave these two or three bits. The
        strongest are multiplied apart in 32 bits (LLM.int8, arXiv 2208.07339), and the others made even by moving half
        of their strength into the weights (SmoothQuant, arXiv 2211.10438).
        """
        strength = self.weights[f"maxima.{name}"].astype(np.float32)
        strong = np.sort(np.argsort(-strength)[:_STRONG])
        rest = np.ones_like(strength)
        rest[strong] = 0
        even = np.sqrt(np.maximum(strength, 1e-5) / np.maximum(np.abs(weight).max(axis=0), 1e-5))
        even /= np.exp(np.log(even).mean())
        chosen = self.node("Gather", [x, self.constant(f"{name}.strong", strong)], axis=-1)
        apart = self.node("MatMul", [chosen, self.constant(f"{name}.apart", weight[:, strong].T)])
        scaled = self.node("Mul", [x, self.constant(f"{name}.even", (rest / even).astype(np.float32))])
        weight = weight * even * rest
        scales = np.maximum(np.abs(weight).max(axis=1), 1e-12) / 127
        inputs = [
            scaled,
            self.constant(f"{name}.integers", np.rint(weight / scales[:, None]).T.astype(np.int8)),
            self.constant(f"{name}.scales", scales.astype(np.float32)),
            self.constant(f"{name}.zeros", np.zeros(len(scales), np.int8)),
        ]
        return self.node("Add", [self.node("DynamicQuantizeMatMul", inputs, domain=_FUSED), apart])

    def layer(self, x: str, at: str) -> str:
        parts = [at + part for part in _ADAPTED]
        joined = at + _ADAPTED[0]  # the three have the same input, and so the same maxima
        product = self.multiply(x, joined, np.concatenate([self.weights[part + ".weight"] for part in parts]))
        bias = self.constant(joined + ".bias", np.concatenate([self.weights[part + ".bias"] for part in parts]))
        qkv = [f"{joined}.{part}" for part in "qkv"]
        self.nodes.append(helper.make_node("Split", [self.node("Add", [product, bias])], qkv, name=joined, axis=-1))
        attended = self.node("MultiHeadAttention", [*qkv, "", "mask"], domain=_FUSED, num_heads=HEADS)
        out, inner, outer = at + "attention.output", at + "intermediate.dense", at + "output"
        x = self.add_norm(self.product(attended, out + ".dense"), x, out + ".dense", out + ".LayerNorm")
        activated = self.node("BiasGelu", [self.product(x, inner), self.vector(inner + ".bias")], domain=_FUSED)
        return self.add_norm(self.product(activated, outer + ".dense"), x, outer + ".dense", outer + ".LayerNorm")
