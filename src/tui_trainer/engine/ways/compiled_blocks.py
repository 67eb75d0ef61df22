"""The blocks of a model, compiled: a few kernels where plain PyTorch launches one an operation.

Block by block, since all are alike: the compiler reads one of them. Where it fails, for want of a
C++ compiler or of Triton, the model runs as it is.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from tui_trainer.engine.models.device_faults import is_of_the_machine
from tui_trainer.engine.models.layers import blocks_of

PLAIN = "The model's blocks are not compiled, and run as they are: {}."
OTHER_NUMBERS = "compiled they give other losses"
SHARES = {torch.float32: 0.01, torch.bfloat16: 0.2}
"""How far the losses may be off, in parts of how they vary: kernels that are joined round less."""


@dataclass(frozen=True)
class CompiledBlocks:
    """The blocks of a model, and what their `forward` is replaced by while they are in use."""

    blocks: tuple[nn.Module, ...]
    forwards: tuple[Callable[..., object], ...]

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Inside, the model runs compiled: outside, other lengths would be compiled anew."""
        for block, forward in zip(self.blocks, self.forwards, strict=True):
            block.forward = forward
        try:
            yield
        finally:
            for block in self.blocks:
                del block.forward  # of this block: that of its class is seen again


def compile_blocks(
    model: PreTrainedModel,
    warm_up: Callable[[], Tensor],
    plain: Tensor | None,
    kind: torch.dtype,
) -> CompiledBlocks | str:
    """Compile them for rows of any length, or say in a sentence why not.

    The compiler works when it first sees a forward and a backward pass, which `warm_up` makes; it
    gives losses, which are compared with those in `plain`, where there are any; `kind` is what
    the model computes in.
    """
    blocks = blocks_of(model)
    # For any length from the first row on, not one length after another.
    forwards = tuple(torch.compile(block.forward, dynamic=True) for block in blocks)
    compiled = CompiledBlocks(blocks, forwards)
    try:
        with compiled.in_use():
            losses = warm_up()
    except Exception as error:  # the compiler's own, and what it makes of a model's code
        if is_of_the_machine(error, model.device):
            raise
        said = str(error).strip().partition("\n")[0] or type(error).__name__
        return PLAIN.format(said.rstrip("."))
    if plain is not None and not _are_the_same(losses, plain, kind):
        return PLAIN.format(OTHER_NUMBERS)
    return compiled


def _are_the_same(losses: Tensor, plain: Tensor, kind: torch.dtype) -> bool:
    labelled = plain != 0
    found, expected = losses[labelled], plain[labelled]
    return bool((found - expected).norm() <= SHARES[kind] * (expected - expected.mean()).norm())
