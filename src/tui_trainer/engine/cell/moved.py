"""Which stored values the last update changed, and by how much, layer by layer."""

import torch
from torch import Tensor, nn

from tui_trainer.engine.learner import INTEGERS, Learner
from tui_trainer.engine.models.layers import Layer, layers_of, norm, norm_of
from tui_trainer.reports.moved import LayerMoved, MovedReport

VALUES_AT_ONCE = 1 << 22  # the weights before, in fp32, of so many values take 17 MB

Bits = dict[nn.Parameter, Tensor]


def which_moved(learner: Learner) -> MovedReport:
    """Compare the weights with those before the last update, as far as that is known.

    What the history keeps to undo it says which: nothing was measured during the update.
    """
    model, last_bits = learner.model, learner.history.last_bits
    bits = None if last_bits is None else dict(zip(model.parameters(), last_bits, strict=True))
    layers = tuple(_look_at(layer, bits) for layer in layers_of(model))
    return MovedReport(learner.updates, learner.report.precision, layers)


def _look_at(layer: Layer, bits: Bits | None) -> LayerMoved:
    parameters = sum(parameter.numel() for parameter in layer.parameters)
    if bits is None:
        weights = norm([parameter.detach() for parameter in layer.parameters])
        return LayerMoved(layer.name, parameters, None, None, weights)
    parts = [
        _compare(now, change)
        for parameter in layer.parameters
        for now, change in zip(_pieces(parameter.detach()), _pieces(bits[parameter]), strict=True)
    ]
    moved, updates, weights_before = (list(column) for column in zip(*parts, strict=True))
    return LayerMoved(
        name=layer.name,
        parameters=parameters,
        moved=int(torch.stack(moved).sum()),
        update_norm=norm(updates),
        weight_norm=norm(weights_before),
    )


def _pieces(tensor: Tensor) -> tuple[Tensor, ...]:
    return tensor.reshape(-1).split(VALUES_AT_ONCE)


def _compare(now: Tensor, bits: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """How many moved, the norm of the change, the norm of the weights before; stays on the device.

    `bits` are those of the weights before less those of `now`, as integers that wrap around.
    """
    kind = INTEGERS[now.element_size()]
    before = now.view(kind).add(bits.view(kind)).view(now.dtype).float()
    change = now.float() - before
    return (
        torch.count_nonzero(bits.view(kind)),
        norm_of(change),
        norm_of(before),
    )
