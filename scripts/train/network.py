"""The reader's network while it is trained: e5-small with low-rank adapters, a span head and an answer-or-not head.

What is trained (adapters, layer norms, biases, two heads) is what `state` returns and `bot/weights` ships.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

RANK = 32


class LowRank(nn.Module):
    """A frozen linear layer plus a trained product of two thin matrices (Hu et al., LoRA, arXiv 2106.09685)."""

    def __init__(self, base: nn.Linear, rank: int) -> None:
        super().__init__()
        self.base = base
        self.down = nn.Parameter(torch.randn(rank, base.in_features) / rank**0.5 * 0.1)
        self.up = nn.Parameter(torch.zeros(base.out_features, rank))

    def forward(self, x: Tensor) -> Tensor:
        """(…, in) to (…, out)."""
        return self.base(x) + (x @ self.down.T) @ self.up.T  # type: ignore[no-any-return]


class Network(nn.Module):
    """Token ids to span logits and an answer-or-not logit.

    Args:
        folder: Folder of multilingual-e5-small.
    """

    def __init__(self, folder: Path, rank: int = RANK) -> None:
        super().__init__()
        from transformers import BertModel
        from transformers.utils import logging

        logging.set_verbosity_error()
        logging.disable_progress_bar()
        bert = BertModel.from_pretrained(folder, add_pooling_layer=False, dtype=torch.float32)
        bert.requires_grad_(False)
        for module in bert.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0
        for name, module in list(bert.encoder.named_modules()):
            if isinstance(module, nn.Linear):
                parent = bert.encoder.get_submodule(name.rpartition(".")[0])
                setattr(parent, name.rpartition(".")[2], LowRank(module, rank))
        for name, parameter in bert.encoder.named_parameters():
            if name.endswith("bias") or "LayerNorm" in name or name.endswith((".down", ".up")):
                parameter.requires_grad_(True)
        self.bert = bert
        self.segment = nn.Parameter(torch.zeros(bert.config.hidden_size))
        self.span = nn.Linear(bert.config.hidden_size, 2)
        self.answers = nn.Linear(bert.config.hidden_size, 1)

    def forward(self, ids: Tensor, mask: Tensor, passage: Tensor) -> tuple[Tensor, Tensor]:
        """Score tokens.

        Args:
            ids: Token ids (batch, length).
            mask: 1 where a token is, else 0.
            passage: 1 where it is of the passage, else 0.

        Returns:
            Logits (batch, length, 2) of a span's first and last token, with the first position for "no answer",
            and minus infinity at other positions outside the passage; logits (batch,) that the passage answers.
        """
        embedded = self.bert.embeddings.word_embeddings(ids) + passage[..., None] * self.segment
        hidden = self.bert(inputs_embeds=embedded, attention_mask=mask).last_hidden_state
        logits = self.span(hidden)
        outside = passage == 0
        outside[:, 0] = False
        return logits.masked_fill(outside[..., None], float("-inf")), self.answers(hidden[:, 0]).squeeze(-1)

    def state(self) -> dict[str, Tensor]:
        """What was trained, by name."""
        return {name: p.detach().clone() for name, p in self.named_parameters() if p.requires_grad}

    def begin(self, path: Path) -> None:
        """Take up the weights that training shipped as `path`."""
        from safetensors.torch import load_file

        shipped = load_file(path)
        own = dict(self.named_parameters())
        for name in self.state():
            own[name].data.copy_(shipped[name.removeprefix("bert.")])
