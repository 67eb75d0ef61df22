"""The layers of a model: its parameters, grouped by the block they belong to."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tui_trainer.engine.accelerator import accelerator
from tui_trainer.engine.weights import Weights
from tui_trainer.reports.phases import NamedNorm


@dataclass(frozen=True)
class Layer:
    """One block of the model, or what stands before or after the blocks."""

    name: str
    parameters: tuple[nn.Parameter, ...]


def layers_of(weights: Weights) -> list[Layer]:
    """Every parameter in one layer, in the model's order; a tied embedding counts once."""
    groups: dict[str, list[nn.Parameter]] = {}
    for name, parameter in weights.named.items():
        groups.setdefault(layer_name(name), []).append(parameter)
    return [Layer(name, tuple(parameters)) for name, parameters in groups.items()]


def blocks_of(model: nn.Module) -> tuple[nn.Module, ...]:
    """Those that the model consists of, one after the other; none where it has no list of them."""
    lists = [tuple(module) for module in model.modules() if isinstance(module, nn.ModuleList)]
    return max(lists, key=weights_in, default=())  # a list inside a block has fewer weights


def weights_in(modules: tuple[nn.Module, ...]) -> int:
    return sum(weight.numel() for module in modules for weight in module.parameters())


def layer_name(parameter: str) -> str:
    """`layers.3` for `model.layers.3.mlp.up_proj.weight`, `norm` for `model.norm.weight`."""
    parts = parameter.split(".")
    for index, part in enumerate(parts):
        if part.isdigit():
            return ".".join(parts[max(0, index - 1) : index + 1])
    return parts[-2] if len(parts) > 1 else parameter


def norms_by_layer(weights: Weights, norms: dict[nn.Parameter, Tensor]) -> tuple[NamedNorm, ...]:
    """The 2-norm of each layer, of that of each of its weights; 0 where none of them has one.

    They come from the device at once.
    """
    values = dict(zip(norms, torch.stack([*norms.values()]).tolist() if norms else (), strict=True))
    return tuple(
        NamedNorm(layer.name, math.hypot(*(values.get(p, 0.0) for p in layer.parameters)))
        for layer in layers_of(weights)
    )


def norm(tensors: list[Tensor]) -> float:
    """The 2-norm of all values together, whatever they are stored in."""
    if not tensors:
        return 0.0
    return float(torch.linalg.vector_norm(torch.stack([norm_of(tensor) for tensor in tensors])))


def norm_of(tensor: Tensor) -> Tensor:
    """The 2-norm of one tensor, on its device.

    Summed in fp64 where there is one: on a CPU fp32 loses the fourth digit over a million values.
    """
    return torch.linalg.vector_norm(tensor, dtype=accelerator(tensor.device).widest)
