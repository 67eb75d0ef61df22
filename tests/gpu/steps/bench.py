"""How fast a step of Qwen3-1.7B's shapes is, against the goals.

Each loop once, as the bench of the program runs it and with its clock; `tui-trainer bench` has more
rounds, and the peers, for whoever has longer than nine minutes.
"""

from dataclasses import asdict

from tests.gpu.engines import large_model, let_go
from tests.gpu.record import Record
from tests.gpu.step import Place
from tui_trainer.engine.bench_process import prepare, run_loop
from tui_trainer.reports.bench import Measured
from tui_trainer.reports.bench_figures import epochs_needed, fraction_of_peak
from tui_trainer.reports.progress import UNHEARD
from tui_trainer.settings.bench import NOTEBOOK, TUNED, BenchSettings, Job
from tui_trainer.settings.model import BF16_STOCHASTIC, ModelChoice

BY_HAND, MIXED, ROUNDED = "notebook", "tuned in mixed", "tuned in bf16-sr"
LOOPS = {
    MIXED: (TUNED, "mixed"),
    BY_HAND: (NOTEBOOK, "bf16"),  # pure bf16, as the notebook has it
    ROUNDED: (TUNED, BF16_STOCHASTIC),
}
GOAL_TIMES = 6.0
"""The tokens a second of the notebook's loop."""
GOAL_SHARES = {MIXED: 0.45, ROUNDED: 0.40}
"""Of the peak that is measured for a product of matrices."""
SETTINGS = BenchSettings(seconds=10)
SMALL = BenchSettings(seconds=0.5, items=50, held_out=2)


def look(place: Place, record: Record) -> None:
    """The device and the model once, then one loop after the other, each with its own model."""
    model = large_model(place)
    settings = SMALL if place.small else SETTINGS
    choice = ModelChoice(model, place.device, "bf16")
    prepared = prepare(choice, settings, place.data, UNHEARD)
    record.figure("model", model)
    record.figure("machine", asdict(prepared.machine))
    record.figure("peak_flops", prepared.peaks)
    flops, peaks = prepared.flops_per_token, prepared.peaks
    epochs = epochs_needed(settings.seconds, flops, peaks, prepared.epoch_tokens)
    rates = {}
    for name, (loop, precision) in LOOPS.items():
        let_go()
        job = Job(loop, ModelChoice(model, place.device, precision), settings, epochs)
        measured = run_loop(job, UNHEARD)
        rates[name] = measured.tokens_per_second
        share = fraction_of_peak(measured.tokens_per_second, flops, precision, peaks)
        record.figure(name, {**asdict(measured), "fraction_of_peak": share})
        look_at_loss(name, measured, prepared.held_out_loss, record)
        if name in GOAL_SHARES:
            what = f"{name}: share of the measured peak"
            record.at_least(what, share, GOAL_SHARES[name], of_a_device=True)
    times = rates[MIXED] / rates[BY_HAND]
    record.at_least(
        "times the tokens/s of the notebook's loop", times, GOAL_TIMES, of_a_device=True
    )


def look_at_loss(name: str, measured: Measured, before: float, record: Record) -> None:
    """A loop that is fast and learns nothing has reached nothing."""
    record.at_most(f"{name}: held-out loss after it", measured.equal_time.loss, before)
