"""A loop alone in its process: `python -m tests.engine.loop_memory tuned`.

Prints three numbers of bytes: what the process held before the loop, what the loop was said to
need, and the most that it held.
"""

import sys
from dataclasses import replace

import torch

from tui_trainer.engine.bench.memory import PeakMemory
from tui_trainer.engine.devices import memory_in_use
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.presets import TUNED
from tui_trainer.engine.progress import UNHEARD
from tui_trainer.engine.settings import ModelChoice, TrainSettings

LOOPS = {
    "tutorial": TrainSettings(items=8),
    "tuned": replace(TUNED, items=20),
    "batch": TrainSettings(items=40, batch=20),
}
CPU = torch.device("cpu")

if __name__ == "__main__":
    engine = Engine(UNHEARD)
    engine.load_model(ModelChoice("builtin", "cpu", "fp32"))
    held = memory_in_use(CPU)
    reports = engine.train(LOOPS[sys.argv[1]])
    estimate = engine.memory_estimate()
    peak = PeakMemory(CPU)
    peak.reset()
    list(reports)
    peak.pause()
    print(held, estimate.needed_bytes, peak.peak_bytes)
