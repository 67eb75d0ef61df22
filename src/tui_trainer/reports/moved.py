"""Which weights an update moved, layer by layer: frozen dataclasses, no torch."""

import math
from dataclasses import dataclass

ALL = "all"
"""The name of all layers together."""


@dataclass(frozen=True)
class LayerMoved:
    """One layer, or all of them together; what the last update did is None where not known."""

    name: str
    parameters: int
    moved: int | None
    """How many have another stored value than before the update."""
    update_norm: float | None
    """The 2-norm of the change of all its weights together."""
    weight_norm: float
    """The 2-norm of the weights before the update; where that is not known, of those now."""

    @property
    def share(self) -> float | None:
        """The share that moved, 0 to 1."""
        return None if self.moved is None else self.moved / self.parameters

    @property
    def ratio(self) -> float | None:
        """The update-to-weight ratio; None where all the weights were 0."""
        if self.update_norm is None or self.weight_norm == 0:
            return None
        return self.update_norm / self.weight_norm


@dataclass(frozen=True)
class MovedReport:
    """The last update of the weights as they are now."""

    update: int
    """Counted from the loaded weights."""
    precision: str
    layers: tuple[LayerMoved, ...]

    @property
    def total(self) -> LayerMoved:
        """The whole model."""
        moved = [layer.moved for layer in self.layers if layer.moved is not None]
        updates = [layer.update_norm for layer in self.layers if layer.update_norm is not None]
        return LayerMoved(
            name=ALL,
            parameters=sum(layer.parameters for layer in self.layers),
            moved=sum(moved) if moved else None,
            update_norm=math.hypot(*updates) if updates else None,
            weight_norm=math.hypot(*(layer.weight_norm for layer in self.layers)),
        )
