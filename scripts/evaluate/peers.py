"""How fast the reader is: 8 bits beside 32 bits, and beside Haystack's extractive reader with the same weights.

    pip install haystack-ai==2.20.0 accelerate
    python -m scripts.evaluate.peers ../shared/data [QUESTIONS]

asks each of the questions of them in turn, with the same ten passages, and prints milliseconds a question and ratios.
Haystack's reader has no place for the vector that marks the passage's tokens, so only its time can be compared.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bot.passage_model import WEIGHTS, PassageModel
from bot.question import read as read_question
from bot.reader import Reader
from index import e5
from index.embedding import Embedder
from index.models import Hit
from scripts.evaluate.cases import cases

Ask = Callable[[str, Sequence[Hit]], object]


def speeds(data: Path, questions: int) -> dict[str, list[float]]:
    """Milliseconds of each question by system, the systems taking turns at every question."""
    drawn = [case for case in cases(data, "report", questions, Embedder()) if len(case.hits) > 5]
    readers: dict[str, Ask] = {
        "baoda": _ask(Reader()),
        "baoda, all ten passages": _ask(Reader(few=10)),
        "baoda, all ten passages, 32 bits": _ask(Reader(PassageModel(bits=32), few=10)),
        "Haystack": haystack(),
    }
    took: dict[str, list[float]] = {name: [] for name in readers}
    for turn, case in enumerate([drawn[0], *drawn]):
        for name, ask in readers.items():
            began = time.perf_counter()
            ask(case.question, case.hits)
            if turn:
                took[name].append(1000 * (time.perf_counter() - began))
    return took


def _ask(reader: Reader) -> Ask:
    return lambda question, hits: reader.read(read_question(question), hits)


def haystack() -> Ask:
    """Haystack's reader over the merged weights."""
    import torch
    from haystack import Document
    from haystack.components.readers import ExtractiveReader
    from haystack.utils import ComponentDevice
    from safetensors.numpy import load_file
    from transformers import AutoTokenizer, BertConfig, BertForQuestionAnswering

    from bot.network import merged

    base = e5.folder()
    tensors = load_file(base / "model.safetensors")
    trained = merged(tensors, load_file(WEIGHTS))
    config = BertConfig.from_pretrained(base)
    model = BertForQuestionAnswering(config)
    state = {f"bert.{name}": torch.tensor(value).float() for name, value in (tensors | trained).items()}
    state |= {f"qa_outputs.{part}": torch.tensor(trained[f"span.{part}"]) for part in ("weight", "bias")}
    wanted = model.state_dict().keys()
    model.load_state_dict({name: value for name, value in state.items() if name in wanted}, strict=True)
    reader = ExtractiveReader(top_k=3)
    # `warm_up` does this from a folder, but asks for an attribute that transformers 5 no longer sets on one device.
    reader.model, reader.tokenizer = model.eval(), AutoTokenizer.from_pretrained(base)
    reader.device = ComponentDevice.from_str("cpu")

    def ask(question: str, hits: Sequence[Hit]) -> object:
        return reader.run(question, [Document(content=f"{hit.article.title} {hit.passage.text}") for hit in hits])

    return ask


def main(data: Path, questions: int) -> None:
    """Print the medians, and how many times as long each takes as baoda."""
    took = speeds(data, questions)
    medians = {name: statistics.median(times) for name, times in took.items()}
    for name, times in took.items():
        slowest = statistics.quantiles(times, n=20)[18]
        row = {"system": name, "p50_ms": round(medians[name]), "p95_ms": round(slowest)}
        row["times_baoda"] = round(medians[name] / medians["baoda"], 2)
        sys.stdout.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 40)
