"""The notebook's own code, written out by hand: what the engine is measured against."""

from collections.abc import Iterable
from pathlib import Path

import torch
import torch.nn.functional as F
from transformers import AutoModelForCausalLM, AutoTokenizer


class Notebook:
    """A model, tokenizer and optimizer as the notebook's cells share them."""

    def __init__(self, folder: Path, dtype: torch.dtype = torch.float32) -> None:
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-5)
        self.model.train()

    def cell(self, text: str) -> float:
        """The training cell; gives the loss it prints."""
        ids = self.tokenizer(text, return_tensors="pt").input_ids
        logits = self.model(ids).logits
        loss = F.cross_entropy(logits[0, :-1], ids[0, 1:])
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
        return loss.item()

    def loop(self, texts: Iterable[str]) -> list[float]:
        return [self.cell(text) for text in texts]


def weights_of(model: torch.nn.Module) -> list[torch.Tensor]:
    """A copy of a model's weights."""
    return [parameter.detach().clone() for parameter in model.parameters()]


def assert_same_bits(one: Iterable[torch.Tensor], other: Iterable[torch.Tensor]) -> None:
    for left, right in zip(one, other, strict=True):
        assert left.dtype == right.dtype
        assert torch.equal(left, right)
