"""Whether memory is so ample that nothing need be counted, which takes a second at first."""

import torch

from tui_trainer.engine.models.devices import free_memory

WEIGHTS = 10
"""As many times the weights as an update holds with all that is kept of it, and its passes for a
text of some hundred tokens once more."""
LOGIT_BYTES = 64
"""For each logit: the passes hold it, log p, its gradient, and some copies, in fp32; the blocks of
a model with a small vocabulary hold about as much again."""
REST = 1 << 30
"""Bytes for whatever else goes on."""


def is_ample(weights: int, logits: int, device: torch.device) -> bool:
    """Whether the device and the host have room for any use of `weights` bytes and that many
    logits, without a look at what the model is."""
    needed = WEIGHTS * weights + LOGIT_BYTES * logits + REST
    return all(needed <= free_memory(place) for place in {device, torch.device("cpu")})
