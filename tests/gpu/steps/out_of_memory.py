"""Memory runs out in a forward pass: nothing is lost, and the next update works."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import torch
from torch import Tensor

from tests.engine.notebook import weights_of
from tests.gpu.child import describe_error
from tests.gpu.engines import load, same_bits, small_model
from tests.gpu.record import Record
from tests.gpu.step import Place
from tests.known import present
from tests.models import NOTEBOOK_TEXT
from tui_trainer.device_errors import is_out_of_memory
from tui_trainer.engine.engine import Engine
from tui_trainer.settings.train import TrainSettings

LONG = "hello " * 300
LOOP = TrainSettings(items=64, batch=32)
PIECE = 3 << 19
"""Bytes: torch has a place of its own for what is below 1 MiB."""


def look(place: Place, record: Record) -> None:
    """In an update of Step, then in the second step of a loop: the first has looked around."""
    engine = load(small_model(place), place.device, "fp32")
    look_at("an update", lambda: engine.update(LONG), engine, record)
    engine.reload()
    loop = engine.train(LOOP)
    next(loop)
    look_at("a loop's step", lambda: next(loop), engine, record)


def look_at(what: str, run: Callable[[], object], engine: Engine, record: Record) -> None:
    """Run it where the model's forward pass gets no memory, and then make an update."""
    before = weights_of(engine.learner.model)
    try:
        with no_more_memory(engine):
            run()
    except Exception as error:
        record.figure(f"what {what} raised", describe_error(error))
        record.holds(f"{what} says that memory ran out", is_out_of_memory(error))
    else:
        record.holds(f"{what} says that memory ran out", False)
    kept = same_bits(before, engine.learner.model.parameters())
    record.holds(f"{what}: the weights are those of before", kept)
    moved = present(engine.update(NOTEBOOK_TEXT).moved)
    record.at_least(f"{what}: weights that the next update moves", moved, 1)
    after = same_bits(before, engine.learner.model.parameters())
    record.holds(f"{what}: and they are others then", not after)


@contextmanager
def no_more_memory(engine: Engine) -> Iterator[None]:
    """From the moment that the model is called a device has no memory left for it.

    A CPU, whose memory is not to be filled, raises then what a device would.
    """
    device = engine.learner.device
    held: list[Tensor] = []

    def take_all(*_: object) -> None:
        if device.type == "cpu":
            raise torch.OutOfMemoryError("as if there were none")
        torch.cuda.empty_cache()
        total = torch.cuda.get_device_properties(device).total_memory
        reserved = torch.cuda.memory_reserved(device)
        torch.cuda.set_per_process_memory_fraction(reserved / total, device)
        held.extend(all_pieces(device))

    hook = engine.learner.model.register_forward_pre_hook(take_all)
    try:
        yield
    finally:
        hook.remove()
        held.clear()
        if device.type == "cuda":
            torch.cuda.set_per_process_memory_fraction(1.0, device)


def all_pieces(device: torch.device) -> Iterator[Tensor]:
    """What is left between the tensors that are there, which torch would give out again."""
    with suppress(torch.OutOfMemoryError):
        while True:
            yield torch.empty(PIECE, dtype=torch.uint8, device=device)
