"""The flash kernel of CUDA that attends to all items of a packed row in one call.

torch has it as `varlen_attn`, whose parameters grew: 2.11 has `scale` and `window_size`, 2.12
`enable_gqa`. Its signature decides what is done outside it.
"""

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor
from torch.nn.attention.varlen import varlen_attn

from tui_trainer.engine.accelerator import accelerator

KINDS = torch.bfloat16, torch.float16
WIDEST_HEAD = 256
WIDTH_STEP = 8
"""The width of a head is a multiple of it."""


@dataclass(frozen=True)
class VarlenKernel:
    """A function like `varlen_attn`, with the names of its parameters."""

    attend: Callable[..., object]
    parameters: frozenset[str]

    def takes(self, query: Tensor, key: Tensor, value: Tensor, window: int | None) -> bool:
        """Whether it is made for these; the last dimension is the width of a head."""
        width = query.shape[-1]
        return (
            query.dtype in KINDS
            and width == key.shape[-1] == value.shape[-1]
            and width <= WIDEST_HEAD
            and width % WIDTH_STEP == 0
            and (window is None or "window_size" in self.parameters)
        )

    def __call__(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        ends: Tensor,
        longest: int,
        scaling: float | None,
        window: int | None,
    ) -> Tensor:
        """Causal attention in each item, of `window` tokens; all are [token, head, width].

        `ends` are 0 and the end of each item, int32; none has more than `longest` tokens.
        """
        options: dict[str, object] = {}
        if (groups := query.shape[1] // key.shape[1]) > 1:
            if "enable_gqa" in self.parameters:
                options["enable_gqa"] = True
            else:
                key, value = (each.repeat_interleave(groups, dim=1) for each in (key, value))
        if scaling is not None:
            if "scale" in self.parameters:
                options["scale"] = scaling
            elif (factor := scaling * math.sqrt(query.shape[-1])) != 1:  # of its own scale
                query = query * factor
        if "window_size" in self.parameters:  # of those before each token, and none after it
            options["window_size"] = -1 if window is None else window - 1, 0
        else:
            options["is_causal"] = True
        attended = self.attend(query, key, value, ends, ends, longest, longest, **options)
        assert isinstance(attended, Tensor)  # without return_aux it is nothing else
        return attended


@cache
def kernel_on(device: torch.device) -> VarlenKernel | None:
    """The kernel, where the device has it: whether it serves a model is to be seen."""
    if not accelerator(device).has_flash_attention():
        return None
    return VarlenKernel(varlen_attn, frozenset(inspect.signature(varlen_attn).parameters))
