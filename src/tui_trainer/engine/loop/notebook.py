"""The notebook's training loop, by hand. Read this first.

`train.py` beside it is this loop with all that the program can do around it: with the preset
`tutorial` its losses and weights are equal to those here, to the last bit. `tui-trainer bench`
measures every other loop by this one.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
import torch.nn.functional as F
from transformers import PreTrainedModel

from tui_trainer.settings.train import TUTORIAL_LR


def train_by_hand(
    model: PreTrainedModel,
    items: Iterable[Sequence[int]],
    autocast: AbstractContextManager[object] | None = None,
) -> Iterator[float]:
    """One update for each item, a list of token IDs; gives the loss before it, in nats a token."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=TUTORIAL_LR)
    model.train()
    for ids in items:
        input_ids = torch.tensor([ids], device=model.device)  # [1, position]
        with autocast or nullcontext():
            logits = model(input_ids).logits  # [1, position, vocabulary]
        # The label of each token is the one after it; the last has none.
        loss = F.cross_entropy(logits[0, :-1].float(), input_ids[0, 1:])
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        yield loss.item()
