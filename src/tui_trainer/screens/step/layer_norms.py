"""The gradient norm of each layer at the last updates; no widget."""

import math

from tui_trainer.reports.moved import ALL
from tui_trainer.reports.phases import NamedNorm
from tui_trainer.screens.step.kept_updates import KeptUpdates


class LayerNorms(KeptUpdates[dict[str, float]]):
    """By the layer's name."""

    def add(self, update: int, gradients: tuple[NamedNorm, ...]) -> None:
        """One more update; those from there on cannot be redone any more."""
        self._keep(update, with_all(gradients))

    def of(self, layer: str, update: int) -> list[float]:
        """Those of a layer up to an update, the oldest first."""
        return [norm for _, norm in self.by_update(layer, update)]

    def by_update(self, layer: str, update: int) -> list[tuple[int, float]]:
        """The same, each with its update."""
        found = ((at, norms.get(layer)) for at, norms in self._at.items() if at <= update)
        return [(at, norm) for at, norm in found if norm is not None]

    def at(self, layer: str, update: int) -> float | None:
        """That of a layer at an update; None where it is not known."""
        return self._at.get(update, {}).get(layer)


def with_all(gradients: tuple[NamedNorm, ...]) -> dict[str, float]:
    """By the layer's name, and of all layers together; empty where there are none."""
    norms = {layer.name: layer.norm for layer in gradients}
    return norms | {ALL: math.hypot(*norms.values())} if norms else {}
