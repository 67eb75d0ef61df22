"""The notebook's loop over question/answer items, by hand: what every other loop is measured by."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager

import torch
import torch.nn.functional as F
from transformers import PreTrainedModel

from tui_trainer.engine.bench.recorder import Recorder
from tui_trainer.settings.train import TUTORIAL_LR


def train_by_hand(
    model: PreTrainedModel,
    items: Iterable[Sequence[int]],
    recorder: Recorder,
    autocast: AbstractContextManager[object],
) -> None:
    """One update for each item, a list of token IDs, until the recorder has seen enough."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=TUTORIAL_LR)
    model.train()
    recorder.begin()
    for ids in items:
        input_ids = torch.tensor([ids], device=model.device)
        with autocast:
            logits = model(input_ids).logits
        loss = F.cross_entropy(logits[0, :-1].float(), input_ids[0, 1:])
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        loss.item()
        if not recorder.step_made(len(ids)):
            break
