"""What a step of a loop did to each layer: frozen dataclasses, no torch."""

from dataclasses import dataclass

FIGURES = "grad_norm", "update_ratio", "rms", "moved"
"""What is told of a layer, in this order."""


@dataclass(frozen=True)
class LayerFigures:
    """One layer at one step."""

    name: str
    grad_norm: float
    """The 2-norm of its gradients, before they are clipped."""
    update_ratio: float | None
    """The 2-norm of its update over that of its weights before; None where all of them were 0."""
    rms: float | None
    """The root of the mean of g^2 / v, of the gradient as the optimizer has it and Adam's second
    moment with this gradient in it, bias-corrected (StableAdamW, arXiv 2304.13013): above 1 the
    moment lags behind. None where the optimizer has no such moment."""
    moved: float
    """The share of its stored values that have other bits, 0 to 1."""


@dataclass(frozen=True)
class LayersReport:
    """All that train, in the model's order."""

    step: int
    layers: tuple[LayerFigures, ...]
