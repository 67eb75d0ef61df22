"""Which stored values the last update changed, and by how much, layer by layer."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from tui_trainer.engine.kept_memory import bring
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.models.layers import Layer, layers_of, norm, norm_of
from tui_trainer.engine.weights import count_changed, values_before
from tui_trainer.reports.moved import LayerMoved, MovedReport

VALUES_AT_ONCE = 1 << 22  # the weights before, in fp32, of so many values take 17 MB

Changes = dict[nn.Parameter, Tensor]
"""By weight, the difference of its bits; a weight that does not train has none."""


def which_moved(learner: Learner) -> MovedReport:
    """Compare the weights with those before the last update, as far as that is known.

    What the history keeps to undo it says which: nothing was measured during the update.
    """
    weights, last = learner.weights, learner.history.last_difference
    changes = None if last is None else dict(zip(weights.trained, last, strict=True))
    layers = tuple(_look_at(layer, changes) for layer in layers_of(weights))
    return MovedReport(learner.updates, learner.report.precision, layers)


def _look_at(layer: Layer, changes: Changes | None) -> LayerMoved:
    parameters = sum(parameter.numel() for parameter in layer.parameters)
    if changes is None:
        weights = norm([parameter.detach() for parameter in layer.parameters])
        return LayerMoved(layer.name, parameters, None, None, weights)
    parts = [
        _compare(now, change)
        for weight in layer.parameters
        for now, change in _pieces(weight.detach(), changes.get(weight))
    ]
    moved, updates, weights_before = (list(column) for column in zip(*parts, strict=True))
    return LayerMoved(
        name=layer.name,
        parameters=parameters,
        moved=int(torch.stack(moved).sum()),
        update_norm=norm(updates),
        weight_norm=norm(weights_before),
    )


def _pieces(weight: Tensor, change: Tensor | None) -> Iterator[tuple[Tensor, Tensor]]:
    """So many values at a time of a weight, and of its change."""
    change = torch.zeros_like(weight) if change is None else change  # one that does not train
    values, changes = (tensor.reshape(-1).split(VALUES_AT_ONCE) for tensor in (weight, change))
    return ((now, bring(change, now.device)) for now, change in zip(values, changes, strict=True))


def _compare(now: Tensor, difference: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """How many moved, the norm of the change, the norm of the weights before; stays on the device.

    `difference` is of the bits before less those of `now`.
    """
    before = values_before(now, difference).float()
    return count_changed(difference), norm_of(now.float() - before), norm_of(before)
