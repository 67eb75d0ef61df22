"""The loss of a step: cross entropy, summed, and divided by the tokens of the whole step."""

import torch
import torch.nn.functional as F
from torch import Tensor

from tui_trainer.engine.data.batching import IGNORED


def step_loss(
    logits: Tensor, labels: Tensor, counts: Tensor, counted: int
) -> tuple[Tensor, Tensor]:
    """The share of one forward pass in the loss of its step, and -log p of each label.

    `logits` are [row, position, vocabulary]; `labels` and `counts` [row, position], and so are
    the second result's losses, which are 0 where the label is IGNORED and carry no gradient.
    `counted` is how many labels count in all passes of the step. The mean of each pass, averaged
    over the passes, would weigh a token in a short batch more than one in a long batch.

    Cross entropy is these two functions, one after the other. The second one's own sum, and not
    that of its losses, is to the last bit what `F.cross_entropy` gives for an item alone.
    """
    log_p = F.log_softmax(logits.flatten(0, 1).float(), dim=-1)
    learned = torch.where(counts, labels, IGNORED).flatten()
    share = F.nll_loss(log_p, learned, ignore_index=IGNORED, reduction="sum") / counted
    losses = F.nll_loss(
        log_p.detach(), labels.flatten(), ignore_index=IGNORED, reduction="none"
    ).view(labels.shape)
    return share, losses
