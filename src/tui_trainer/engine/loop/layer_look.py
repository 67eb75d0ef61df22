"""What a step does to each layer, looked at while it is made, a weight at a time."""

import math
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from tui_trainer.engine.accelerator import accelerator
from tui_trainer.engine.models.layers import Layer, layers_of
from tui_trainer.engine.weights import Weights, bits_of
from tui_trainer.reports.layers import LayerFigures, LayersReport

PIECE, PIECE_ON_A_CPU = 1 << 22, 1 << 16
"""Values that are compared at a time: on a CPU so many as its cache has room for."""
Sums = list[Tensor]
"""Of a piece: the squares of its update and of itself before, how many values moved, and the
squares of its gradients over Adam's second moment, where there is one; each a number."""


class LayerLook:
    """Makes one step of an optimizer weight by weight, and compares each with what it was.

    So there is a copy of one weight at a time, and not of the model. Each weight is updated as it
    is else, and in the same order, so that the same random numbers round it.
    """

    def __init__(self, weights: Weights, grad_norms: dict[nn.Parameter, Tensor]) -> None:
        """`grad_norms` are those of all weights, before clipping."""
        self._weights = weights
        self._grad_norms = grad_norms
        self._found: dict[nn.Parameter, list[Sums]] = {}
        """By weight, of each of its pieces; on the device."""
        self._has_moments = False

    def step(self, optimizer: Optimizer) -> None:
        """As `optimizer.step`."""
        groups = optimizer.param_groups
        try:
            for group in groups:
                for weight in group["params"]:
                    before = weight.detach().clone()
                    optimizer.param_groups = [{**group, "params": [weight]}]
                    optimizer.step()
                    self._compare(weight, before, optimizer)
        finally:
            optimizer.param_groups = groups

    @torch.no_grad()
    def _compare(self, weight: nn.Parameter, before: Tensor, optimizer: Optimizer) -> None:
        (group,), state = optimizer.param_groups, optimizer.state.get(weight, {})
        tensors = [weight.detach(), before]
        correction, smallest = torch.ones(()), 0.0
        if "exp_avg_sq" in state and weight.grad is not None:
            self._has_moments = True
            tensors += [weight.grad, state["exp_avg_sq"]]
            # Not as a number: where the count is on a GPU, that would be waited for.
            count = state["step"].to(accelerator(weight.device).widest)
            correction, smallest = 1 - group["betas"][1] ** count, group["eps"] ** 2
        found = self._found[weight] = []
        for now, old, *moment in _pieces(tensors):
            update, weights = now.float() - old.float(), old.float()
            sums = [torch.dot(update, update), torch.dot(weights, weights)]
            sums.append(torch.count_nonzero(bits_of(old).sub_(bits_of(now))))
            sums.append(weights.new_zeros(()))
            if moment:
                gradient, square = moment[0].float(), moment[1].float() / correction
                quotient = torch.div(gradient, square.clamp_min_(smallest), out=square)
                sums[-1] = torch.dot(gradient, quotient)
            found.append(sums)

    def report(self, step: int) -> LayersReport:
        """The figures, which come from the device at once."""
        norms = dict(zip(self._grad_norms, _numbers([*self._grad_norms.values()]), strict=True))
        pieces = [sums for found in self._found.values() for sums in found]
        columns = zip(*pieces, strict=True)
        numbers = zip(*(_numbers(column) for column in columns), strict=True)
        values = {p: [next(numbers) for _ in found] for p, found in self._found.items()}
        layers = (
            Layer(layer.name, tuple(p for p in layer.parameters if p in values))
            for layer in layers_of(self._weights)
        )
        told = (
            _figures(layer, values, norms, has_moments=self._has_moments)
            for layer in layers
            if layer.parameters
        )
        return LayersReport(step, tuple(told))


def _numbers(tensors: Sequence[Tensor]) -> list[float]:
    """Of single numbers on a device."""
    return list(map(float, torch.stack([*tensors]).tolist())) if tensors else []


def _figures(
    layer: Layer,
    values: dict[nn.Parameter, list[tuple[float, ...]]],
    norms: dict[nn.Parameter, float],
    *,
    has_moments: bool,
) -> LayerFigures:
    pieces = (piece for p in layer.parameters for piece in values[p])
    update, weight, moved, squares = map(math.fsum, zip(*pieces, strict=True))
    count = sum(p.numel() for p in layer.parameters)
    return LayerFigures(
        name=layer.name,
        grad_norm=math.hypot(*(norms.get(p, 0.0) for p in layer.parameters)),
        update_ratio=math.sqrt(update / weight) if weight else None,
        rms=math.sqrt(squares / count) if has_moments else None,
        moved=moved / count,
    )


def _pieces(tensors: list[Tensor]) -> Iterator[tuple[Tensor, ...]]:
    """The same values of each, in the order of their places."""
    size = PIECE_ON_A_CPU if tensors[0].device.type == "cpu" else PIECE
    return zip(*(tensor.reshape(-1).split(size) for tensor in tensors), strict=True)
