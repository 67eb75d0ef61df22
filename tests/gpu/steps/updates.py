"""Twenty steps in each precision, and all that a screen does with a model beside them."""

from statistics import mean

import torch

from tests.engine.notebook import weights_of
from tests.gpu.engines import largest_difference, load, same_bits, small_model, steps_of
from tests.gpu.record import Record
from tests.gpu.step import Place
from tests.known import present
from tests.models import NOTEBOOK_TEXT
from tui_trainer.engine.accelerator import accelerator
from tui_trainer.engine.engine import Engine
from tui_trainer.reports.phases import LOSS, PHASES
from tui_trainer.runs.home import CHECKPOINTS, run_folders
from tui_trainer.settings.evaluation import EvaluationSettings
from tui_trainer.settings.model import PRECISIONS, TF32, ModelChoice
from tui_trainer.settings.train import TrainSettings

LOOP = TrainSettings(items=20, checkpoint_every=10)
EVALUATION = EvaluationSettings(items=8, max_tokens=32)
SAME = 1e-3
"""How far a loss in fp32 may be off: other kernels add in another order."""
ROUNDED = 0.05
"""And one in bf16, from fp32; twenty steps of pure bf16 also lose some of what they learn."""


def look(place: Place, record: Record) -> None:
    """Compared with fp32 on the CPU; one precision after the other."""
    model = small_model(place)
    on_cpu = [step.loss for step in steps_of(load(model, "cpu", "fp32").train(LOOP))]
    record.figure("losses on the cpu", on_cpu)
    for precision in precisions_on(torch.device(place.device)):
        engine = load(model, place.device, precision)
        look_at_updates(engine, precision, record)
        look_at_evaluation(engine, precision, record)
        engine.reload()
        losses = look_at_checkpoint(engine, precision, record)
        compare(losses, on_cpu, precision, record)


def precisions_on(device: torch.device) -> list[str]:
    """All that a model may be loaded in; TF32 is of some cards alone."""
    has_tf32 = accelerator(device).has_tf32()
    return [each for each in PRECISIONS if each != "auto" and (each != TF32 or has_tf32)]


def compare(losses: list[float], on_cpu: list[float], precision: str, record: Record) -> None:
    record.figure(f"losses in {precision}", losses)
    if precision == "fp32":
        off = largest_difference(losses, on_cpu)
        record.at_most("fp32: losses from the cpu's, the largest", off, SAME)
    else:
        off = abs(mean(losses) / mean(on_cpu) - 1)
        record.at_most(f"{precision}: mean loss from fp32's on the cpu", off, ROUNDED)


def look_at_updates(engine: Engine, precision: str, record: Record) -> None:
    """Updates of Step: taken back, made again, forked and by phases."""
    model = engine.learner.model
    loaded = weights_of(model)
    made = engine.update(NOTEBOOK_TEXT)
    updated = weights_of(model)
    record.at_least(f"{precision}: weights that an update moved", present(made.moved), 1)
    engine.undo()
    record.holds(f"{precision}: undo puts every bit back", same_bits(loaded, model.parameters()))
    engine.redo()
    record.holds(f"{precision}: redo makes the same bits", same_bits(updated, model.parameters()))
    forked = engine.fork(NOTEBOOK_TEXT)
    record.equal(f"{precision}: rates that a fork tries", len({each.lr for each in forked}), 3)
    record.holds(f"{precision}: a fork leaves every bit", same_bits(updated, model.parameters()))
    engine.undo()
    losses = {phase: engine.phase(phase, NOTEBOOK_TEXT).loss for phase in PHASES}
    off = largest_difference([losses[LOSS] or 0.0], [made.loss])
    record.at_most(f"{precision}: loss of the phases from the update's", off, SAME)
    engine.undo()
    restored = same_bits(loaded, model.parameters())
    record.holds(f"{precision}: undo of the phases puts every bit back", restored)


def look_at_evaluation(engine: Engine, precision: str, record: Record) -> None:
    *_, last = engine.evaluate(EVALUATION)
    record.equal(f"{precision}: items that an evaluation answers", len(last.items), 8)
    record.figure(f"evaluation in {precision}", {"tokens": last.tokens, "seconds": last.seconds})


def look_at_checkpoint(engine: Engine, precision: str, record: Record) -> list[float]:
    """A run, and its second half again from the checkpoint in its middle; the run's losses."""
    losses = [step.loss for step in steps_of(engine.train(LOOP, record=True))]
    folder = run_folders()[0] / CHECKPOINTS / "step-000010"
    engine.load_model(ModelChoice(str(folder), engine.learner.report.device, precision))
    resumed = [step.loss for step in steps_of(engine.resume(str(folder), LOOP, record=True))]
    off = largest_difference(resumed, losses[10:])
    # The numbers of chance are those of before; what differs is the order in which kernels add.
    bound = SAME if precision == "fp32" else ROUNDED
    record.at_most(f"{precision}: losses after a resume, the largest", off, bound)
    return losses
