"""What a loop was said to need against what it took, and the room that was asked for is enough."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import torch
import torch.nn.functional as F

from tests.gpu.engines import large_model, load
from tests.gpu.record import Record
from tests.gpu.step import Place
from tests.known import present
from tests.models import NOTEBOOK_TEXT
from tui_trainer.engine.accelerator import accelerator
from tui_trainer.engine.engine import Engine
from tui_trainer.reports.steps import StepReport
from tui_trainer.settings.model import BF16_STOCHASTIC
from tui_trainer.settings.presets import TUNED, TUNED_CUDA, TUTORIAL
from tui_trainer.settings.train import TrainSettings

PRECISIONS = "mixed", BF16_STOCHASTIC
OFF = 0.05
STEPS = 3
UPDATES = 2
"""Of Step: the first makes the optimizer's moments, the second has them."""
GOAL_TIMES = 1.1
"""What an update on Step may take, by what the cell of the notebook takes."""


def look(place: Place, record: Record) -> None:
    """The notebook's loop and rows of 2,048 tokens, in both precisions for large models; Step."""
    for precision in PRECISIONS:
        engine = load(large_model(place), place.device, precision)
        for name, settings in loops(place).items():
            look_at_loop(f"{name} in {precision}", settings, engine, place, record)
        del engine  # or there would be two
    look_at_update(place, record)


def loops(place: Place) -> dict[str, TrainSettings]:
    """Not compiled: that takes time, and no memory that stays."""
    tuned = replace(TUNED, items=60) if place.small else replace(TUNED_CUDA, items=1000)
    return {
        "tutorial": replace(TUTORIAL, items=20),
        "tuned": replace(tuned, compiled=False),
    }


def look_at_loop(
    name: str, settings: TrainSettings, engine: Engine, place: Place, record: Record
) -> None:
    """Twice: freely, and with no more than was said to be needed."""
    needed, peak, _ = needed_and_taken(settings, engine)
    reserved = torch.cuda.max_memory_reserved(place.device) if place.on_device else None
    figures = {"needed_bytes": needed, "peak_bytes": peak, "reserved_bytes": reserved}
    record.figure(name, figures)
    off = abs(needed / peak - 1)
    record.at_most(f"{name}: the estimate is off by", off, OFF, of_a_device=True)
    again, _, steps = needed_and_taken(settings, engine)
    record.equal(f"{name}: steps of a second loop", steps, STEPS)
    by_first = again / needed
    what = f"{name}: what a second loop needs, by the first"
    record.at_most(what, by_first, 1 + OFF, of_a_device=True)
    steps = steps_within(needed, settings, engine, place)
    record.equal(f"{name}: steps within what it was said to need", steps, STEPS)


def needed_and_taken(settings: TrainSettings, engine: Engine) -> tuple[int, int, int]:
    """Bytes that a loop was said to need, the most that its first steps held, and how many."""
    here = accelerator(engine.learner.device)
    reports = engine.train(settings)
    here.reset_peak()
    steps = make_steps(reports)
    return present(engine.memory_estimate()).needed_bytes, here.peak(), steps


def steps_within(most: int, settings: TrainSettings, engine: Engine, place: Place) -> int:
    """How many steps a loop makes where torch may take so many bytes of a card, and no more."""
    try:
        if place.on_device:
            torch.cuda.empty_cache()
            total = torch.cuda.get_device_properties(place.device).total_memory
            torch.cuda.set_per_process_memory_fraction(min(1.0, most / total), place.device)
        return make_steps(engine.train(settings))
    except torch.OutOfMemoryError as error:
        print(f"out of memory within {most:,} bytes: {error}")
        return 0
    finally:
        if place.on_device:
            torch.cuda.set_per_process_memory_fraction(1.0, place.device)


def make_steps(reports: Iterator[object]) -> int:
    """The first few steps of a loop, which ends there; how many there were."""
    steps = (report for report in reports if isinstance(report, StepReport))
    return sum(1 for _ in islice(steps, STEPS))


def look_at_update(place: Place, record: Record) -> None:
    """Step against the cell as the notebook has it, on the same model in bf16."""
    engine = load(large_model(place), place.device, "bf16")
    here = accelerator(engine.learner.device)
    here.reset_peak()
    run_bare_cell(engine)
    bare = here.peak()
    here.reset_peak()
    for _ in range(UPDATES):
        engine.update(NOTEBOOK_TEXT)
    updated = here.peak()
    record.figure("Step", {"bare_cell_bytes": bare, "update_bytes": updated})
    what = "an update on Step: memory by the bare cell's"
    record.at_most(what, updated / bare, GOAL_TIMES, of_a_device=True)


def run_bare_cell(engine: Engine) -> None:
    """As often; of what it makes nothing stays but the changed weights."""
    model = engine.learner.model
    input_ids = engine.learner.input_ids(NOTEBOOK_TEXT)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)
    for _ in range(UPDATES):
        logits = model(input_ids).logits
        F.cross_entropy(logits[0, :-1].float(), input_ids[0, 1:]).backward()
        optimizer.step()
        optimizer.zero_grad()
