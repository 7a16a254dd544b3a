"""Train the reader.

    nice python -m scripts.train.reader --examples /tmp/r --out /tmp/r/1 --steps 1500
    nice python -m scripts.train.reader --examples /tmp/r --out /tmp/r/2 --steps 1700 --begin /tmp/r/1/reader.safetensors

Each stage ends with `reader.safetensors`; the second's is what `bot/weights` ships. It saves a checkpoint every 25 steps
and goes on from the last one when started again. The learning rate rises for 60 steps, stays, and falls to zero over the
last fifth of the steps (second stage: half), so that `--steps` may be changed until then.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from index import e5
from scripts.train.network import LowRank, Network

SEED = 20241201
GROUPS = 8
LONGEST = 256
PEAK = 1e-3
PEAK_OF_SECOND = 4e-4
WARM_UP = 60
COOL_DOWN = 0.2
COOL_DOWN_OF_SECOND = 0.5
SAVE_EVERY = 25
SEEN_FOR_SCALES = 12


@dataclass(frozen=True)
class Row:
    """A question with one passage, in tokens; gold spans are token positions, both inclusive."""

    ids: list[int]
    passage_from: int
    gold: list[tuple[int, int]]


@dataclass(frozen=True)
class Batch:
    """Rows of some questions, padded; `group` numbers the question of each row."""

    ids: Tensor
    mask: Tensor
    passage: Tensor
    gold: Tensor
    group: Tensor


def rows(example: dict[str, Any], tokenizer: Tokenizer) -> list[Row]:
    """Tokenize one example, a row a passage."""
    return [row(example["question"], p["title"], p["text"], p["answers"], tokenizer) for p in example["passages"]]


def row(question: str, title: str, text: str, answers: Sequence[Sequence[int]], tokenizer: Tokenizer) -> Row:
    """Tokenize a question with one passage, whose answers are given as (start, end) in `text`."""
    lead = f"passage: {title} " if title else "passage: "
    encoding = tokenizer.encode(f"query: {question}", lead + text)
    start = next(i for i, s in enumerate(encoding.sequence_ids) if s == 1)
    tokens = [(i, a, b) for i, (a, b) in enumerate(encoding.offsets) if encoding.sequence_ids[i] == 1]
    gold = []
    for first, last in answers:
        inside = [i for i, a, b in tokens if a < last + len(lead) and b > first + len(lead)]
        if inside:
            gold.append((inside[0], inside[-1]))
    return Row(encoding.ids, start, gold)


def batches(groups: list[list[Row]], epoch: int) -> Iterator[list[list[Row]]]:
    """Questions in lots of `GROUPS` of about the same length, in an order that the epoch alone decides."""
    dice = random.Random(SEED + epoch)  # noqa: S311 - a seeded draw, nothing secret
    order = dice.sample(groups, len(groups))
    window = GROUPS * 40
    whole = []
    for at in range(0, len(order), window):
        near = sorted(order[at : at + window], key=lambda g: max(len(r.ids) for r in g))
        whole += [near[i : i + GROUPS] for i in range(0, len(near), GROUPS)]
    dice.shuffle(whole)
    yield from whole


def collate(groups: Sequence[Sequence[Row]]) -> Batch:
    """Pad the rows of `groups` to one batch."""
    flat = [row for group in groups for row in group]
    length = max(len(row.ids) for row in flat)
    ids = torch.ones(len(flat), length, dtype=torch.long)
    mask, passage = torch.zeros(len(flat), length), torch.zeros(len(flat), length)
    gold = torch.zeros(len(flat), length, 2, dtype=torch.bool)
    for i, row in enumerate(flat):
        ids[i, : len(row.ids)] = torch.tensor(row.ids)
        mask[i, : len(row.ids)] = 1
        passage[i, row.passage_from : len(row.ids) - 1] = 1
        for first, last in row.gold:
            gold[i, first, 0] = gold[i, last, 1] = True
        if not row.gold:
            gold[i, 0] = True
    group = torch.tensor([g for g, part in enumerate(groups) for _ in part])
    return Batch(ids, mask, passage, gold, group)


def loss(logits: Tensor, answers: Tensor, batch: Batch) -> Tensor:
    """Return the mean loss of a batch.

    Span loss within each passage (BERT on SQuAD 2.0), span loss over a question's passages together (shared
    normalisation: Clark & Gardner, arXiv 1710.10723), and cross entropy of answer or not.
    """
    has = ~batch.gold[:, 0, 0]
    marked = logits.masked_fill(~batch.gold, float("-inf"))
    single = (logits.logsumexp(1) - marked.logsumexp(1)).mean()
    shared = []
    for group in range(int(batch.group.max()) + 1):
        of = batch.group == group
        if has[of].any() and of.sum() > 1:
            spans, gold = logits[of][:, 1:].flatten(0, 1), marked[of][:, 1:].flatten(0, 1)
            shared.append((spans.logsumexp(0) - gold.logsumexp(0)).mean())
    together = torch.stack(shared).mean() if shared else logits.new_zeros(())
    return single + 0.5 * together + 0.5 * binary_cross_entropy_with_logits(answers, has.float())


def rate(step: int, steps: int, cool_down: float) -> float:
    """Learning rate relative to its peak; it falls over the share `cool_down` of the steps."""
    cooling = max(1.0, steps * cool_down)
    return max(0.0, min(1.0, (step + 1) / WARM_UP, (steps - step) / cooling))


def train(examples: Path, out: Path, steps: int, threads: int, begin: Path | None = None) -> None:
    """Train for `steps` steps, from the last checkpoint if there is one.

    Else the second stage, where `begin` has the first one's weights, goes on from those with its own examples.
    """
    # A thread for each part of a batch, and none inside torch: other work on the machine then stops one part only.
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    folder = e5.folder()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(LONGEST, strategy="only_second")
    with (examples / ("second.jsonl" if begin else "train.jsonl")).open(encoding="utf-8") as file:
        groups = [rows(json.loads(line), tokenizer) for line in file]
    network = Network(folder)
    if begin:
        network.begin(begin)
    trained = [p for p in network.parameters() if p.requires_grad]
    peak, cool_down = (PEAK_OF_SECOND, COOL_DOWN_OF_SECOND) if begin else (PEAK, COOL_DOWN)
    optimizer = torch.optim.AdamW(trained, lr=peak, weight_decay=0.01, betas=(0.9, 0.98))
    out.mkdir(parents=True, exist_ok=True)
    done = _resume(out / "checkpoint.pt", network, optimizer)
    step, epoch, began, recent = 0, 0, time.monotonic(), []
    workers = ThreadPoolExecutor(threads)

    def gradients(part: list[list[Row]]) -> tuple[float, tuple[Tensor, ...]]:
        batch = collate(part)
        logits, answers = network(batch.ids, batch.mask, batch.passage)
        value = loss(logits, answers, batch)
        return value.item(), torch.autograd.grad(value, trained)

    while step < steps:
        for lot in batches(groups, epoch):
            if step >= steps:
                break
            if step >= done:
                for setting in optimizer.param_groups:
                    setting["lr"] = peak * rate(step, steps, cool_down)
                values, parts = zip(*workers.map(gradients, [lot[i::threads] for i in range(threads)]), strict=True)
                for parameter, *of in zip(trained, *parts, strict=True):
                    parameter.grad = torch.stack(of).mean(0)
                torch.nn.utils.clip_grad_norm_(trained, 1.0)
                optimizer.step()
                recent.append(sum(values) / threads)
                if (step + 1) % SAVE_EVERY == 0 or step + 1 == steps:
                    _save(out / "checkpoint.pt", network, optimizer, step + 1)
                    minutes = (time.monotonic() - began) / 60
                    sys.stdout.write(f"step {step + 1}: loss {sum(recent) / len(recent):.3f}, {minutes:.1f} minutes\n")
                    sys.stdout.flush()
                    recent = []
            step += 1
        epoch += 1
    ship(network, islice(batches(groups, 0), SEEN_FOR_SCALES), out / "reader.safetensors")


def _save(path: Path, network: Network, optimizer: torch.optim.Optimizer, step: int) -> None:
    aside = path.with_suffix(".partial")
    torch.save({"state": network.state(), "optimizer": optimizer.state_dict(), "step": step}, aside)
    os.replace(aside, path)


def maxima(network: Network, lots: Iterable[list[list[Row]]]) -> dict[str, Tensor]:
    """Return the greatest absolute input of each channel of each adapted layer; 8-bit products are scaled by them."""
    found: dict[str, Tensor] = {}

    def note(name: str) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
        def hook(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            highest = inputs[0].abs().amax(dim=(0, 1))
            found[name] = torch.maximum(found[name], highest) if name in found else highest

        return hook

    hooks = [
        module.register_forward_pre_hook(note(f"maxima.{name.removeprefix('bert.')}"))
        for name, module in network.named_modules()
        if isinstance(module, LowRank)
    ]
    with torch.no_grad():
        for lot in lots:
            batch = collate(lot)
            network(batch.ids, batch.mask, batch.passage)
    for hook in hooks:
        hook.remove()
    return found


def ship(network: Network, lots: Iterable[list[list[Row]]], path: Path) -> None:
    """Write what was trained as 16-bit floats, under the names that `bot.network.merged` reads, with `maxima`."""
    from safetensors.torch import save_file

    state = {name.removeprefix("bert."): value for name, value in network.state().items()} | maxima(network, lots)
    save_file({name: value.half().contiguous() for name, value in state.items()}, path)


def _resume(path: Path, network: Network, optimizer: torch.optim.Optimizer) -> int:
    if not path.exists():
        return 0
    checkpoint = torch.load(path, weights_only=True)
    network.load_state_dict(checkpoint["state"], strict=False)
    optimizer.load_state_dict(checkpoint["optimizer"])
    return int(checkpoint["step"])


def main() -> None:
    """Read the command line."""
    arguments = argparse.ArgumentParser(description="Train the reader.")
    arguments.add_argument("--examples", type=Path, required=True)
    arguments.add_argument("--out", type=Path, required=True)
    arguments.add_argument("--steps", type=int, required=True)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--begin", type=Path, help="the first stage's reader.safetensors: train the second")
    options = arguments.parse_args()
    train(options.examples, options.out, options.steps, options.threads, options.begin)


if __name__ == "__main__":
    main()
