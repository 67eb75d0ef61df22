"""Loops, each alone in its process: `python -m tests.engine.loop_memory`.

Prints three numbers of bytes a loop: what the process held before the loop, what the loop was said
to need, and the most that it held.
"""

import os
import sys
from dataclasses import replace

import torch

from tests.known import present
from tui_trainer.engine.bench.memory import PeakMemory
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.models.devices import memory_in_use
from tui_trainer.reports.progress import UNHEARD
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.presets import TUNED
from tui_trainer.settings.train import TrainSettings

LOOPS = {
    "tutorial": TrainSettings(items=8),
    "tuned": replace(TUNED, items=20),
    "batch": TrainSettings(items=40, batch=20),
}
CPU = torch.device("cpu")


def run(loop: TrainSettings) -> None:
    engine = Engine(UNHEARD)
    engine.load_model(ModelChoice("builtin", "cpu", "fp32"))
    held = memory_in_use(CPU)
    reports = engine.train(loop)
    estimate = engine.memory_estimate()
    peak = PeakMemory(CPU)
    peak.reset()
    list(reports)
    peak.pause()
    print(held, present(estimate).needed_bytes, peak.peak_bytes, flush=True)


if __name__ == "__main__":
    # Forked before torch has computed anything: importing it takes longer than all that they do.
    for settings in LOOPS.values():
        if not (child := os.fork()):
            run(settings)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status:
            sys.exit(1)
