"""The blocks of a model, compiled: a few kernels where plain PyTorch launches one an operation.

Block by block, since all are alike: the compiler reads one of them. Where it fails, for want of a
C++ compiler or of Triton, the model runs as it is.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn
from torch._dynamo.exc import TorchDynamoException
from transformers import PreTrainedModel

from tui_trainer.engine.layers import blocks_of

PLAIN = "The model's blocks are not compiled, and run as they are: {}."


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


def compile_blocks(model: PreTrainedModel, warm_up: Callable[[], None]) -> CompiledBlocks | str:
    """Compile them for rows of any length, or say in a sentence why not.

    The compiler works when it first sees a forward and a backward pass, which `warm_up` makes.
    """
    blocks = blocks_of(model)
    # For any length from the first row on, not one length after another.
    forwards = tuple(torch.compile(block.forward, dynamic=True) for block in blocks)
    compiled = CompiledBlocks(blocks, forwards)
    try:
        with compiled.in_use():
            warm_up()
    except TorchDynamoException as error:
        return PLAIN.format(str(error).strip().partition("\n")[0].rstrip("."))
    return compiled
