"""How often a step of training waits for the device: never, but for its losses."""

import traceback
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path

import torch

import tui_trainer
from tests.gpu.engines import load, small_model
from tests.gpu.record import Record
from tests.gpu.step import Place
from tui_trainer.reports.steps import StepReport
from tui_trainer.settings.presets import TUNED_CUDA
from tui_trainer.settings.train import TrainSettings

STEPS = 8
WARM = 3
"""Steps that come first: a compiler and the first step may wait."""
TOLD = "called a synchronizing"
"""What torch's warning says of each."""


def look(place: Place, record: Record) -> None:
    """As torch's debug mode for it has it; first that this counts at all."""
    number = torch.ones((), device=place.device)
    with counted_waits(place) as waits:
        number.item()
    record.equal("waits seen in one .item()", waits.total(), 1, of_a_device=True)
    for name, settings in loops(place).items():
        waits, steps = waits_of(place, settings)
        record.figure(f"where {name} waits", dict(waits))
        record.equal(f"{name}: steps that were looked at", steps, STEPS)
        record.at_most(f"{name}: waits in them", waits.total(), 0, of_a_device=True)


def loops(place: Place) -> dict[str, TrainSettings]:
    """Compiled on a device alone: on a CPU that takes minutes beside others."""
    return {
        "tuned": replace(TUNED_CUDA, pack=512, items=600, compiled=place.on_device),
        "tutorial": TrainSettings(items=WARM + STEPS),
    }


def waits_of(place: Place, settings: TrainSettings) -> tuple[Counter[str], int]:
    """The places where a loop waits, each with how often, and in how many steps."""
    reports = load(small_model(place), place.device, "mixed").train(settings)
    steps = (report for report in reports if isinstance(report, StepReport))
    list(islice(steps, WARM))
    with counted_waits(place) as waits:
        looked_at = list(islice(steps, STEPS))
    return waits, len(looked_at)


@contextmanager
def counted_waits(place: Place) -> Iterator[Counter[str]]:
    """Filled while the block runs: the line of this program, or of torch, that waited."""
    waits: Counter[str] = Counter()

    def note(message: Warning | str, *_: object, **__: object) -> None:
        if TOLD in str(message):
            waits[whose_line(traceback.extract_stack()[:-1])] += 1

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = note
        try:
            if place.on_device:
                torch.cuda.set_sync_debug_mode("warn")
            yield waits
        finally:
            if place.on_device:
                torch.cuda.set_sync_debug_mode("default")


def whose_line(stack: Sequence[traceback.FrameSummary]) -> str:
    """The innermost line that is of this program; where there is none, of whoever was called."""
    program = str(Path(tui_trainer.__file__).parent)
    called = [line for line in stack if line.filename != warnings.__file__]
    ours = [line for line in called if line.filename.startswith(program)]
    line = (ours or called)[-1]
    return f"{line.filename.removeprefix(program)}:{line.lineno}"
