"""The loops of the bench take turns, each alone in a process of its own.

They must not share a process: OpenMP keeps a team of threads for each thread that ever used it,
and with more of them than cores its barriers no longer spin, which takes half of the speed from
whichever comes second.
"""

import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from tui_trainer.engine.bench.side import Preparation, Reply, Task, read_reply, written
from tui_trainer.errors import InputError, UnfinishedError
from tui_trainer.reports.bench import (
    Failed,
    Measured,
    Prepared,
)
from tui_trainer.reports.bench_figures import (
    OVERTIME,
    LoopFigures,
    best_precision,
    epochs_needed,
    gather,
    slowest_tokens,
)
from tui_trainer.reports.bench_result import BenchHead, BenchReport, conclude, finite
from tui_trainer.settings.bench import LOOPS, PEERS, SFT_TRAINER, BenchSettings, Job
from tui_trainer.settings.model import ModelChoice

SIDE = "tui_trainer.headless.bench_side"
LOADING_SECONDS = 1800
"""What a run may take beside its training, compilation included, before it is ended."""
NOTHING_MORE: Mapping[str, str] = {}
POLL_SECONDS = 0.1
"""How long whoever drives a bench waits at most between two reports."""


def installed_loops() -> list[str]:
    """Those that can run here, in the order of `LOOPS`."""
    has_trl = importlib.util.find_spec("trl") is not None
    return [loop for loop in LOOPS if loop != SFT_TRAINER or has_trl]


def run_bench(
    choice: ModelChoice,
    settings: BenchSettings,
    loops: Sequence[str],
    *,
    on_terminal: bool = False,
) -> Iterator[BenchReport]:
    """A bench as a generator: a report at least every `POLL_SECONDS`, the last with the result.

    Closing it ends the process that measures. With `on_terminal` a download draws its progress on
    standard error. Raises InputError for what the user can mend in the model or the items,
    UnfinishedError for any other failure before the first loop; a loop that fails is told in the
    result.
    """
    started = datetime.now().astimezone().isoformat(timespec="seconds")
    debug = on_terminal and bool(os.environ.get("TUI_TRAINER_DEBUG"))
    first = BenchReport(0, len(loops) * settings.rounds, 0, settings.rounds, "", 0.0)
    with tempfile.TemporaryDirectory(prefix="tui-trainer-bench-") as folder:
        prepared = yield from prepare(
            choice, settings, Path(folder), first, on_terminal=on_terminal
        )
        figures = yield from take_turns(choice, settings, loops, prepared, first, debug=debug)
    head = BenchHead(
        started=started,
        machine=prepared.machine,
        model=prepared.name,
        architecture=prepared.architecture,
        parameters=prepared.parameters,
        device=prepared.device,
        precision=choice.precision,
        deterministic=choice.deterministic,
        settings=settings,
        peaks=prepared.peaks,
        held_out_loss_before=finite(prepared.held_out_loss),
    )
    last = replace(first, run=first.runs, round=first.rounds)
    yield replace(last, result=conclude(head, prepared, figures))


def prepare(
    choice: ModelChoice,
    settings: BenchSettings,
    folder: Path,
    report: BenchReport,
    *,
    on_terminal: bool,
) -> Generator[BenchReport, None, Prepared]:
    """Look at the model, the items and the device; `report` tells of it."""
    task = Task(prepare=Preparation(choice, settings, str(folder)))
    # A download may take any time.
    reply = yield from ask_side(task, None, report, on_terminal=on_terminal)
    if reply.prepared is None:
        raise (InputError if reply.wrong_input else UnfinishedError)(reply.failed)
    return reply.prepared


def take_turns(
    choice: ModelChoice,
    settings: BenchSettings,
    loops: Sequence[str],
    prepared: Prepared,
    report: BenchReport,
    *,
    debug: bool,
) -> Generator[BenchReport, None, list[LoopFigures]]:
    """Run each loop in each round; one that failed has no more turns."""
    epochs = epochs_needed(
        settings.seconds, prepared.flops_per_token, prepared.peaks, prepared.epoch_tokens
    )
    model = replace(choice, source=prepared.source)
    if prepared.environment:  # the device has another number there
        model = replace(model, device=prepared.device.partition(":")[0])
    runs: dict[str, list[Measured | Failed]] = {loop: [] for loop in loops}
    equal_tokens = None
    for turn in range(settings.rounds * len(loops)):
        loop = loops[turn % len(loops)]
        report = replace(report, run=turn + 1, round=turn // len(loops) + 1, loop=loop)
        if not any(isinstance(run, Failed) for run in runs[loop]):
            peer = loop in PEERS and model.precision == "auto"
            chosen = replace(model, precision=best_precision(prepared.peaks)) if peer else model
            job = Job(loop, chosen, settings, epochs, equal_tokens)
            side = run_side(job, report, prepared.environment, debug=debug)
            runs[loop].append((yield from side))
        if loop == loops[-1]:
            equal_tokens = slowest_tokens([earlier[0] for earlier in runs.values()])
    return [gather(loop, settings.rounds, earlier) for loop, earlier in runs.items()]


def run_side(
    job: Job, report: BenchReport, environment: Mapping[str, str], *, debug: bool
) -> Generator[BenchReport, None, Measured | Failed]:
    timeout = LOADING_SECONDS + 2 * OVERTIME * job.settings.seconds
    task = Task(run=job)
    reply = yield from ask_side(task, timeout, report, environment, on_terminal=debug)
    return reply.measured or Failed(job.loop, reply.failed or "")


def ask_side(
    task: Task,
    timeout: float | None,
    report: BenchReport,
    environment: Mapping[str, str] = NOTHING_MORE,
    *,
    on_terminal: bool,
) -> Generator[BenchReport, None, Reply]:
    """What a process of its own replies, also where it could not; `report` again while it works."""
    # -P: a file named torch.py where the user stands is not ours to import.
    command = [sys.executable, "-P", "-m", SIDE, written(task)]
    # The process ends itself once nobody holds the other end of this pipe.
    its_end, our_end = os.pipe()
    try:
        process = subprocess.Popen(
            command,
            text=True,
            stdin=its_end,
            stdout=subprocess.PIPE,
            stderr=None if on_terminal else subprocess.DEVNULL,
            env={**os.environ, **environment},
            start_new_session=True,
        )
    except BaseException:
        os.close(our_end)
        raise
    finally:
        os.close(its_end)
    began = time.monotonic()
    try:
        while (output := _output_of(process)) is None:
            seconds = time.monotonic() - began
            if timeout is not None and seconds > timeout:
                return Reply(failed=f"It did not end within {timeout:,.0f} s.")
            yield replace(report, seconds=seconds)
        if process.returncode:
            return Reply(failed=describe_exit(process.returncode))
        return read_reply(output.splitlines()[-1])
    finally:
        _end(process)
        os.close(our_end)


def _output_of(process: subprocess.Popen[str]) -> str | None:
    """What the process wrote until its end; None where that has not come after a short while."""
    try:
        return process.communicate(timeout=POLL_SECONDS)[0]
    except subprocess.TimeoutExpired:
        return None


def _end(process: subprocess.Popen[str]) -> None:
    """End the process and those that it started, where it has not ended by itself."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def describe_exit(status: int) -> str:
    """Why a process is gone that could say nothing itself."""
    if status == -signal.SIGKILL:
        return "Its process was killed, as the system does where memory runs out."
    if status < 0:
        return f"Its process was ended by {signal.Signals(-status).name}."
    return f"Its process ended with status {status}: set TUI_TRAINER_DEBUG=1 to see why."
