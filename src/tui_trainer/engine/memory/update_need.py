"""What an update on Step needs: the bare cell of the notebook, of any length of text."""

import math
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor
from transformers import PreTrainedModel

from tui_trainer.engine.memory.dry_model import DryModel, Held, Pass
from tui_trainer.engine.optimizers.step_memory import Stepping, moment_bytes, temporary_bytes

SHORTEST = 2
"""Tokens: one has no label."""
LENGTHENED = 4
"""From one length that is looked at to the next: what lies between is drawn out in a line, and
never too little, since what is held grows with the length, and faster rather than slower."""


@dataclass(frozen=True)
class UpdateNeed:
    """Bytes on the model's device that one update takes beside the weights.

    It is what the bare cell takes; what this program keeps to undo it is counted by whoever does.
    """

    passes: int
    """The most at once in the forward and the backward pass."""
    left: int
    """After them: the gradients and the logits."""
    moments: int
    """That the optimizer's first step makes, and that stay."""
    temporaries: int
    """Of `optimizer.step`."""

    def most(self, *, moments_held: bool) -> int:
        """The most that is taken at once beside what is held when the update begins."""
        moments = 0 if moments_held else self.moments
        return max(self.passes, self.left + moments + self.temporaries)


def update_need(
    dry: DryModel,
    optimizer: str,
    stepping: Stepping,
    tokens: int,
    *,
    training: bool = True,
    dropout: float | None = None,
) -> UpdateNeed:
    """What one update on a text of so many tokens takes, with an optimizer at torch's defaults.

    `training` is the mode, and `dropout` its probability in train mode, None for the model's own.
    """
    dry.dropout.p = dropout
    sizes, decays = dry.weight_sizes, optimizer == "AdamW"
    held = cell_bytes(dry, tokens, training=training)
    return UpdateNeed(
        passes=held.most,
        left=held.left,
        moments=moment_bytes(optimizer, sizes),
        temporaries=temporary_bytes(optimizer, stepping, sizes, dry.itemsize, decays=decays),
    )


def cell_bytes(dry: DryModel, tokens: int, *, training: bool) -> Held:
    """What the forward and the backward pass of the cell hold beside the weights."""
    few, many = lengths_around(max(tokens, SHORTEST), dry.context)
    at_few = _counted(dry, few, training)
    if few == many:
        return at_few
    at_many = _counted(dry, many, training)
    share = (tokens - few) / (many - few)
    return Held(
        at_few.most + math.ceil(share * (at_many.most - at_few.most)),
        at_few.left + math.ceil(share * (at_many.left - at_few.left)),
    )


def lengths_around(tokens: int, context: int | None) -> tuple[int, int]:
    """The lengths that are looked at: the one below `tokens` or it, and the one above or it."""
    few = SHORTEST
    while few * LENGTHENED <= tokens:
        few *= LENGTHENED
    many = few * LENGTHENED if few < tokens else few
    return few, many if context is None else max(tokens, min(many, context))


def _counted(dry: DryModel, tokens: int, training: bool) -> Held:
    dropout = dry.dropout.largest if training else 0.0
    key = "cell", tokens, dropout > 0
    if key not in dry.counted:
        dry.model.train(training)
        with dry.dropout.in_use():
            dry.counted[key] = dry.backward(cell_pass(dry.ids(1, tokens)), tokens)
    return dry.counted[key]


def cell_pass(ids: Tensor) -> Pass:
    """The notebook's cell up to its loss, as `update.py` has it; `ids` are [1, position]."""

    def run(model: PreTrainedModel) -> tuple[Tensor, ...]:
        logits = model(input_ids=ids, use_cache=False).logits
        return F.cross_entropy(logits[0, :-1].float(), ids[0, 1:]), logits

    return run
