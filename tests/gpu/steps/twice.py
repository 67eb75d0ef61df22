"""The same twenty steps twice: to the same bits, or how far off."""

from torch import Tensor

from tests.engine.notebook import weights_of
from tests.gpu.engines import (
    largest_difference,
    load,
    relative_error,
    same_bits,
    small_model,
    steps_of,
)
from tests.gpu.record import Record
from tests.gpu.step import Place
from tui_trainer.settings.train import TrainSettings

LOOP = TrainSettings(items=20)
FAR = {"fp32": 1e-3, "mixed": 1e-2}


def look(place: Place, record: Record) -> None:
    for precision in FAR:  # first: it has to be asked for before a card is used
        one, other = (run(place, precision, deterministic=True) for _ in range(2))
        equal = one[0] == other[0] and same_bits(one[1], other[1])
        record.holds(f"{precision}: the same bits with --deterministic", equal)
    for precision, far in FAR.items():
        (losses, weights), (again, weights_again) = (run(place, precision) for _ in range(2))
        equal = losses == again and same_bits(weights, weights_again)
        record.figure(f"the same bits in {precision}", equal)
        off = largest_difference(again, losses)
        record.at_most(f"{precision}: losses of the same steps again, the largest", off, far)
        record.figure(f"weights off in {precision}", farthest(weights_again, weights))


def run(
    place: Place, precision: str, *, deterministic: bool = False
) -> tuple[list[float], list[Tensor]]:
    """The losses, and the weights after them."""
    engine = load(small_model(place), place.device, precision, deterministic=deterministic)
    losses = [step.loss for step in steps_of(engine.train(LOOP))]
    return losses, weights_of(engine.learner.model)


def farthest(found: list[Tensor], wanted: list[Tensor]) -> float:
    """Of the weight that is farthest off (relative L2)."""
    return max(relative_error(*pair) for pair in zip(found, wanted, strict=True))
