"""The loss of a step: cross entropy, summed, and divided by the tokens of the whole step."""

import torch
import torch.nn.functional as F
from torch import Tensor

from tui_trainer.engine.batching import IGNORED


def token_losses(logits: Tensor, labels: Tensor) -> Tensor:
    """-log p of each label, in fp32: [row, position]; 0 where the label is IGNORED.

    `logits` are [row, position, vocabulary], `labels` [row, position].
    """
    losses = F.cross_entropy(
        logits.flatten(0, 1).float(), labels.flatten(), ignore_index=IGNORED, reduction="none"
    )
    return losses.view(labels.shape)


def step_loss(losses: Tensor, counts: Tensor, counted: int) -> Tensor:
    """The share of one forward pass in the loss of its step: `losses` that count / `counted`.

    `counted` is how many labels count in all passes of the step. The mean of each pass, averaged
    over the passes, would weigh a token in a short batch more than one in a long batch.
    """
    return torch.where(counts, losses, 0.0).sum() / counted
