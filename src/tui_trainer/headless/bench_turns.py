"""The loops of the bench take turns, each alone in a process of its own.

They must not share a process: OpenMP keeps a team of threads for each thread that ever used it,
and with more of them than cores its barriers no longer spin, which takes half of the speed from
whichever comes second.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from tui_trainer.engine.bench.figures import (
    OVERTIME,
    LoopFigures,
    epochs_needed,
    gather,
    slowest_tokens,
)
from tui_trainer.engine.bench.reports import Failed, Measured, Prepared, read_measured
from tui_trainer.engine.bench.settings import BenchSettings, Job
from tui_trainer.engine.errors import InputError, UnfinishedError
from tui_trainer.engine.settings import ModelChoice
from tui_trainer.headless.bench_side import FAILED, MEASURED, PREPARED, WRONG_INPUT

SIDE = "tui_trainer.headless.bench_side"
LOADING_SECONDS = 1800
"""What a run may take beside its training, compilation included, before it is ended."""


def prepare(choice: ModelChoice, settings: BenchSettings, folder: Path) -> Prepared:
    """Look at the model, the items and the device.

    Raises InputError for what the user can mend, UnfinishedError for any other failure.
    """
    request = {"model": asdict(choice), "settings": asdict(settings), "folder": str(folder)}
    # A download may take any time, and draws its progress on the terminal.
    reply = ask_side(request, timeout=None, stderr=None)
    if FAILED in reply:
        raise (InputError if reply[WRONG_INPUT] else UnfinishedError)(reply[FAILED])
    return Prepared(**reply[PREPARED])


def take_turns(
    choice: ModelChoice,
    settings: BenchSettings,
    loops: Sequence[str],
    prepared: Prepared,
    tell: Callable[[int, str], None],
) -> list[LoopFigures]:
    """Run each loop in each round; one that failed has no more turns.

    `tell` is given the round, from 1, and the loop before each run.
    """
    epochs = epochs_needed(
        settings.seconds, prepared.flops_per_token, prepared.peaks, prepared.epoch_tokens
    )
    model = replace(choice, source=prepared.source)
    runs: dict[str, list[Measured | Failed]] = {loop: [] for loop in loops}
    equal_tokens = None
    for number in range(1, settings.rounds + 1):
        for loop, earlier in runs.items():
            if not any(isinstance(run, Failed) for run in earlier):
                tell(number, loop)
                earlier.append(run_side(Job(loop, model, settings, epochs, equal_tokens)))
        equal_tokens = slowest_tokens([earlier[0] for earlier in runs.values()])
    return [gather(loop, settings.rounds, earlier) for loop, earlier in runs.items()]


def run_side(job: Job) -> Measured | Failed:
    timeout = LOADING_SECONDS + 2 * OVERTIME * job.settings.seconds
    stderr = None if os.environ.get("TUI_TRAINER_DEBUG") else subprocess.DEVNULL
    reply = ask_side(asdict(job), timeout, stderr)
    if FAILED in reply:
        return Failed(job.loop, reply[FAILED])
    return read_measured(reply[MEASURED])


def ask_side(
    request: Mapping[str, object], timeout: float | None, stderr: int | None
) -> dict[str, Any]:
    """What a process of its own replies; also where it could not."""
    # -P: a file named torch.py where the user stands is not ours to import.
    command = [sys.executable, "-P", "-m", SIDE, json.dumps(request)]
    try:
        ended = subprocess.run(
            command,
            check=False,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            timeout=timeout,
        )
    except subprocess.TimeoutExpired as error:
        return _failure(f"It did not end within {error.timeout:,.0f} s.")
    if ended.returncode:
        return _failure(describe_exit(ended.returncode))
    reply: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return reply


def describe_exit(status: int) -> str:
    """Why a process is gone that could say nothing itself."""
    if status == -signal.SIGKILL:
        return "Its process was killed, as the system does where memory runs out."
    if status < 0:
        return f"Its process was ended by {signal.Signals(-status).name}."
    return f"Its process ended with status {status}: set TUI_TRAINER_DEBUG=1 to see why."


def _failure(sentence: str) -> dict[str, Any]:
    return {FAILED: sentence, WRONG_INPUT: False}
