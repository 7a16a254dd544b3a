"""BERT's encoder as an ONNX graph: built node by node from weights, so that it computes what torch computes.

An export by `torch.onnx` was left for this: the graph is one screen long, its attention, layer norms and 8-bit products
are ONNX Runtime's own operators, and preparing it needs nothing but numpy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Weights = Mapping[str, NDArray[Any]]

LAYERS, HEADS, WIDTH, EPSILON = 12, 12, 384, 1e-12
_QKV = ("attention.self.query", "attention.self.key", "attention.self.value")
_FUSED = "com.microsoft"


def session(graph: onnx.ModelProto | Path, *, threads: int = 1) -> InferenceSession:
    """Make what runs a graph of this module, on `threads` threads a text.

    One is best: threads that share a text mostly wait for each other; run several texts at once instead.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads
    # More would fuse the layer norms again, into an operator that takes four times as long.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    made = str(graph) if isinstance(graph, Path) else graph.SerializeToString()
    return onnxruntime.InferenceSession(made, options, providers=["CPUExecutionProvider"])


class EncoderGraph:
    """Builds the graph of one BERT; each method that adds nodes returns the name of their output.

    The graph's input is `embedded`, float32 (batch, length, 384): summed embeddings before their layer norm.

    Args:
        weights: By their names in BertModel; for 8 bits also `maxima.NAME`, the largest size of each channel that goes
            into the product NAME, e.g. `encoder.layer.0.output.dense`. Query, key and value share that of the query.
        bits: 32, or 8 for products of 8-bit integers.
        strong: Channels of each product that stay in 32 bits, where `bits` is 8.
    """

    def __init__(self, weights: Weights, *, bits: int = 8, strong: int = 8) -> None:
        self._weights = weights
        self._bits = bits
        self._strong = strong
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self.products: dict[str, str] = {}
        """What goes into each product, by the product's name."""

    def constant(self, name: str, value: NDArray[Any]) -> str:
        """Add a constant."""
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, kind: str, inputs: list[str], *, output: str = "", domain: str = "", **attributes: Any) -> str:  # noqa: ANN401
        """Add a node with one output, by default named after itself."""
        name = output or f"{kind}.{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [name], name=name, domain=domain, **attributes))
        return name

    def hidden(self, mask: str = "") -> str:
        """Add all layers: the last one's hidden states, (batch, length, 384).

        Args:
            mask: Name of an int32 input (batch, length), 1 where a token is; empty where no text is padded.
        """
        x = self._norm("embedded", "embeddings.LayerNorm")
        for layer in range(LAYERS):
            x = self._layer(x, f"encoder.layer.{layer}.", mask)
        return x

    def model(self, outputs: Mapping[str, Sequence[str | int]], *, mask: str = "") -> onnx.ModelProto:
        """Return the graph, with the names and shapes of its outputs, all float32."""
        shape = ["batch", "length"]
        inputs = [helper.make_tensor_value_info("embedded", TensorProto.FLOAT, [*shape, WIDTH])]
        if mask:
            inputs.append(helper.make_tensor_value_info(mask, TensorProto.INT32, shape))
        made = helper.make_graph(
            self._nodes,
            "bert",
            inputs,
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape)) for name, shape in outputs.items()],
            self._constants,
        )
        opsets = [helper.make_opsetid("", 17), helper.make_opsetid(_FUSED, 1)]
        return helper.make_model(made, opset_imports=opsets, ir_version=10)

    def _vector(self, name: str) -> str:
        return self.constant(name, self._weights[name].astype(np.float32))

    def _norm(self, x: str, name: str) -> str:
        inputs = [x, self._vector(name + ".weight"), self._vector(name + ".bias")]
        return self.node("LayerNormalization", inputs, epsilon=EPSILON)

    def _add_norm(self, x: str, y: str, dense: str, norm: str) -> str:
        """Layer norm of x + y + the dense layer's bias: ONNX Runtime's fused operator for it takes four times as long."""
        biased = self.node("Add", [x, self._vector(dense + ".bias")])
        return self._norm(self.node("Add", [biased, y]), norm)

    def _product(self, x: str, name: str, weight: NDArray[Any] | None = None) -> str:
        """X times the transpose of the weight."""
        weight = (self._weights[name + ".weight"] if weight is None else weight).astype(np.float32)
        self.products[name] = x
        if self._bits == 32:
            return self.node("MatMul", [x, self.constant(name + ".weight", weight.T)])
        return self._integer_product(x, name, weight)

    def _integer_product(self, x: str, name: str, weight: NDArray[np.float32]) -> str:
        """As `_product`, in 8-bit integers with one scale for x and one for each row of `weight`.

        BERT has a few channels ten times as strong as the others, which would leave these two or three bits. The
        strongest are multiplied apart in 32 bits (LLM.int8, arXiv 2208.07339), and the others made even by moving half
        of their strength into the weights (SmoothQuant, arXiv 2211.10438).
        """
        strength = self._weights[f"maxima.{name}"].astype(np.float32)
        strong = np.sort(np.argsort(-strength)[: self._strong])
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

    def _layer(self, x: str, at: str, mask: str) -> str:
        parts = [at + part for part in _QKV]
        joined = parts[0]  # the three have the same input, and so the same maxima
        product = self._product(x, joined, np.concatenate([self._weights[part + ".weight"] for part in parts]))
        bias = np.concatenate([self._weights[part + ".bias"] for part in parts]).astype(np.float32)
        qkv = [f"{joined}.{part}" for part in "qkv"]
        whole = self.node("Add", [product, self.constant(joined + ".bias", bias)])
        self._nodes.append(helper.make_node("Split", [whole], qkv, name=joined, axis=-1))
        masked = ["", mask] if mask else []
        attended = self.node("MultiHeadAttention", [*qkv, *masked], domain=_FUSED, num_heads=HEADS)
        out, inner, outer = at + "attention.output", at + "intermediate.dense", at + "output"
        x = self._add_norm(self._product(attended, out + ".dense"), x, out + ".dense", out + ".LayerNorm")
        activated = self.node("BiasGelu", [self._product(x, inner), self._vector(inner + ".bias")], domain=_FUSED)
        return self._add_norm(self._product(activated, outer + ".dense"), x, outer + ".dense", outer + ".LayerNorm")
