"""What the usual uses of a model need on a GPU, from its config alone."""

from collections.abc import Callable

import torch
from torch import nn

from tui_trainer.engine.data.batching import MicroBatch, pad
from tui_trainer.engine.data.examples import Example
from tui_trainer.engine.data.packing import pack
from tui_trainer.engine.loop.loop_need import loop_need
from tui_trainer.engine.loop.loss_pass import LossPass
from tui_trainer.engine.loop.row_attention import RowAttention
from tui_trainer.engine.memory.dry_model import DryModel
from tui_trainer.engine.memory.room import with_margin
from tui_trainer.engine.memory.update_need import update_need
from tui_trainer.engine.optimizers.step_memory import fuses_on, how_it_steps
from tui_trainer.settings.presets import TUNED_CUDA, TUTORIAL
from tui_trainer.settings.train import TrainSettings

LONG_ITEM = 512
"""Tokens: the longest of GSM8K's 7,473 items for training has 543 with SmolLM2's tokenizer."""
USUAL_ITEM = 190
"""Tokens: their mean."""
STEP, TUTORIAL_LOOP, TUNED_LOOP = "an update on Step", "tutorial", "tuned-cuda"
USES = STEP, TUTORIAL_LOOP, TUNED_LOOP


def usual_needs(dry: DryModel, device: torch.device) -> dict[str, int]:
    """Bytes in all of each of USES: an update, and a loop, on items as long as those of GSM8K."""
    ways: dict[str, Callable[[], int]] = {
        STEP: lambda: update_bytes(dry, device),
        TUTORIAL_LOOP: lambda: loop_bytes(dry, TUTORIAL, device),
        TUNED_LOOP: lambda: loop_bytes(dry, TUNED_CUDA, device),
    }
    return {use: ways[use]() for use in USES}


def update_bytes(dry: DryModel, device: torch.device) -> int:
    """What the model and updates on a text of LONG_ITEM tokens take."""
    kind = device.type
    stepping = how_it_steps(kind, fused=fuses_on(kind), stochastic=dry.is_stochastic)
    need = update_need(dry, "AdamW", stepping, length_of(dry, LONG_ITEM))
    most = max(need.most(moments_held=False), need.moments + need.most(moments_held=True))
    return sum(dry.weight_sizes) + with_margin(most, device)


def loop_bytes(dry: DryModel, settings: TrainSettings, device: torch.device) -> int:
    """What the model and a loop take, with rows that are full."""
    need = loop_need(dry, pass_that(dry, settings), full_batch(dry, settings), settings, device)
    return sum(dry.weight_sizes) + with_margin(max(need.first_step, need.later), device)


def pass_that(dry: DryModel, settings: TrainSettings) -> LossPass:
    """The pass that `settings` ask for, of a model that is made for all of it."""
    head = dry.model.get_output_embeddings() if settings.chunked_loss else None
    plain = head if isinstance(head, nn.Linear) else None
    return LossPass(dry.model, plain, RowAttention(masked=False), None, ())


def full_batch(dry: DryModel, settings: TrainSettings) -> MicroBatch:
    """The largest micro-batch of a loop over such items."""
    if not settings.pack:
        return pad([item_of(length_of(dry, LONG_ITEM))] * settings.batch, "right", 0)
    each = min(length_of(dry, USUAL_ITEM), settings.pack)
    row = tuple(item_of(each) for _ in range(settings.pack // (each + 1) or 1))
    return pack([row] * settings.batch, 0, dry.context)


def item_of(length: int) -> Example:
    """An item of so many tokens, all of which count."""
    return Example(0, "", (0,) * length, 1, 1, truncated=False)


def length_of(dry: DryModel, length: int) -> int:
    """So many tokens, or as many as the model takes."""
    return length if dry.context is None else min(length, dry.context)
