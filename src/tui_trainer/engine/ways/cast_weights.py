"""The weights that a model multiplies by, cast to bf16 once for many forward passes.

Under autocast each forward pass casts them anew: of Qwen3-1.7B 10 GB are read and written for a
token, where the products read 3. As long as the weights stay what they are, one copy will do.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch
from torch import nn
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

MULTIPLY = nn.Linear, Conv1D
"""Modules that are a product and nothing else, of which autocast casts all that goes in. What
others do with their weights is left as it is."""


class CastWeights:
    """Copies in bf16, of the weights as they are now; half the bytes of those in fp32.

    Autocast holds as many by the end of each forward pass.
    """

    def __init__(self, model: PreTrainedModel) -> None:
        @cache
        def cast(parameter: nn.Parameter) -> nn.Parameter:
            return nn.Parameter(parameter.detach().bfloat16(), requires_grad=False)

        modules = (module for module in model.modules() if type(module) in MULTIPLY)
        self._held = [(module, own_weights(module)) for module in modules]
        self._cast = [
            (module, {name: cast(parameter) for name, parameter in held.items()})
            for module, held in self._held
        ]

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Inside, the model multiplies by them: for autocast, and with no graph.

        The parameters themselves are elsewhere meanwhile, and nobody else may look for them.
        """
        put_in(self._cast)
        try:
            yield
        finally:
            put_in(self._held)


Named = dict[str, nn.Parameter]


def own_weights(module: nn.Module) -> Named:
    """Its own parameters in fp32, by name."""
    named = module.named_parameters(recurse=False)
    return {name: weight for name, weight in named if weight.dtype == torch.float32}


def put_in(weights: list[tuple[nn.Module, Named]]) -> None:
    for module, named in weights:
        module._parameters.update(named)
