"""One side of the threads' table: `python -m tests.bench.thread_sides THREADS SECONDS [ROOT]`.

Prints tokens a second of `tutorial`, begun in a process of its own, and how many threads made the
last step. `ROOT` has the files of control groups where they are made up.
"""

import sys
import time
from pathlib import Path

import pytest
import torch

from tui_trainer.engine.engine import Engine
from tui_trainer.engine.threads import share
from tui_trainer.engine.threads.cores import usable_cores
from tui_trainer.reports.progress import UNHEARD
from tui_trainer.reports.steps import StepReport
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import TrainSettings

AUTO = "auto"


def measure(threads: int | None, seconds: float) -> tuple[float, int]:
    """From the end of the first step on, in which much is done once."""
    engine = Engine(UNHEARD)
    engine.load_model(ModelChoice(device="cpu", threads=threads))
    tokens, began = 0, 0.0
    for report in engine.train(TrainSettings(items=2_000)):
        if not isinstance(report, StepReport):
            continue
        now = time.perf_counter()
        if not began:
            began = now
            continue
        tokens += report.tokens
        if now - began >= seconds:
            break
    return tokens / (now - began), torch.get_num_threads()


if __name__ == "__main__":
    number, seconds, *root = sys.argv[1:]
    if root:
        made_up = usable_cores(Path(root[0]))
        pytest.MonkeyPatch().setattr(share, "usable_cores", lambda *_: made_up)
    print(*measure(None if number == AUTO else int(number), float(seconds)))
