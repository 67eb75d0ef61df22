"""The models that the steps train, and what they do with each of them."""

import gc
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from tests.gpu.step import Place
from tui_trainer.engine.engine import Engine
from tui_trainer.reports.progress import UNHEARD
from tui_trainer.reports.steps import StepReport
from tui_trainer.settings.model import ModelChoice

SHAPES = (("qwen3-1.7b", 60e9), ("qwen3-0.6b", 22e9), ("smollm2-135m", 0.0))
"""From what memory on a card has room to train each in `mixed`, with packed rows of 2,048."""


def load(source: str, device: str, precision: str, *, deterministic: bool = False) -> Engine:
    """A model, in the place of one that nobody holds any more."""
    let_go()
    engine = Engine(UNHEARD)
    engine.load_model(ModelChoice(source, device, precision, deterministic=deterministic))
    return engine


def let_go() -> None:
    """Free what nobody holds: a model is in cycles, and torch keeps the memory that one had."""
    gc.collect()
    if torch.cuda.is_initialized():
        torch.cuda.empty_cache()


def small_model(place: Place) -> str:
    """A trained model of 4 million weights; where it runs in bf16 on a CPU, a smaller one."""
    return "random:tiny" if place.small else "builtin"


def large_model(place: Place) -> str:
    """The shape that the goals are told of, or the largest that this card has room for."""
    if place.small:
        return "random:tiny"
    total = torch.cuda.get_device_properties(torch.device(place.device)).total_memory
    return "random:" + next(shape for shape, least in SHAPES if total >= least)


def steps_of(reports: Iterable[object]) -> list[StepReport]:
    """All steps of a loop, which is run to its end."""
    return [report for report in reports if isinstance(report, StepReport)]


def same_bits(one: Iterable[Tensor], other: Iterable[Tensor]) -> bool:
    return all(torch.equal(left, right) for left, right in zip(one, other, strict=True))


def largest_difference(found: Sequence[float], wanted: Sequence[float]) -> float:
    """Of two lists of losses, in parts of what was wanted."""
    pairs = zip(found, wanted, strict=True)
    return max(abs(one - other) / abs(other) for one, other in pairs)


def relative_error(found: Tensor, wanted: Tensor) -> float:
    """How far off all of it is together (relative L2), compared in fp64 on the host."""
    one, other = found.detach().cpu().double(), wanted.detach().cpu().double()
    return ((one - other).norm() / other.norm()).item()
