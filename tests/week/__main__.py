"""A week of one engine, compressed: `python -m tests.week --steps 1000000`.

Loops on ten models, views that come and go meanwhile, evaluations. After each model it prints what
the engine's process holds: memory, file descriptors, threads.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

os.environ |= {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"}

import psutil

from tests.models import save_model
from tui_trainer.link.attach import Attach
from tui_trainer.link.finding import describe
from tui_trainer.protocol.events import Event, LoopChanged, LoopState
from tui_trainer.protocol.loop_names import EVALUATION, GSM8K
from tui_trainer.protocol.loop_reports import Report
from tui_trainer.protocol.loops import Evaluate, Train
from tui_trainer.protocol.models import LoadModel, ReadStatus
from tui_trainer.protocol.numbered import Numbered
from tui_trainer.protocol.request import LoopRequest
from tui_trainer.remote_worker import RemoteWorker
from tui_trainer.reports.steps import StepReport
from tui_trainer.settings.evaluation import EvaluationSettings
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import TrainSettings

MODELS = "GPT2", "Llama", "Qwen3", "StarCoder2", "Gemma"
ITEMS = 8
PATIENCE = 600.0
"""Seconds for anything that is asked."""
TURN = 0.05
LOOKED = 2.0


@dataclass
class View:
    """One that hears all; `over` has the loops that have ended."""

    attach: Attach
    over: dict[str, LoopState] = field(default_factory=dict)
    last: int = 0
    """The step that was reported last."""

    def __post_init__(self) -> None:
        self.worker = RemoteWorker(self.attach, self._hear, lambda _: None)
        self.worker.start()

    def _hear(self, event: Numbered[Event]) -> None:
        if isinstance(event.what, LoopChanged) and event.what.state.is_over:
            self.over[event.what.name] = event.what.state

    def begin(self, name: str, request: LoopRequest[Report]) -> None:
        self.over.pop(name, None)
        self.last = 0
        self.worker.start_loop(name, request).result(PATIENCE)

    def is_over(self, name: str) -> bool:
        return name in self.over

    def read(self, name: str) -> int:
        """What has come; how many reports those are."""
        reports = [report.what for report in self.worker.drain(name)]
        self.last = max([self.last, *(one.step for one in reports if isinstance(one, StepReport))])
        time.sleep(TURN)
        return len(reports)

    def see_end(self, name: str) -> None:
        while not self.is_over(name):
            self.read(name)
        if self.over[name] is not LoopState.FINISHED:
            raise AssertionError(f"{name} is {self.over[name]}")

    def run(self, name: str, request: LoopRequest[Report]) -> None:
        self.begin(name, request)
        self.see_end(name)


@contextmanager
def looking(name: str) -> Iterator[View]:
    """Another view, for a while."""
    view = View(Attach(name))
    try:
        yield view
    finally:
        view.worker.leave()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.week", description=__doc__)
    parser.add_argument("--steps", type=int, default=1_000_000)
    parser.add_argument("--models", type=int, default=10)
    parser.add_argument("--attaches", type=int, default=50)
    parser.add_argument("--evaluations", type=int, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tt-") as folder:
        os.environ["XDG_RUNTIME_DIR"] = folder
        for what in ("DATA", "STATE", "CONFIG", "CACHE"):
            os.environ[f"XDG_{what}_HOME"] = str(Path(folder) / what.lower())
        return _live(Path(folder), given)


def _live(folder: Path, given: argparse.Namespace) -> int:
    settings, asked = _settings(folder, given.steps // given.models)
    view = View(Attach())
    for number in range(given.models):
        began = time.monotonic()
        source = save_model(MODELS[number % len(MODELS)], folder / f"model-{number}")
        view.worker.ask(LoadModel(ModelChoice(str(source)))).result(PATIENCE)
        seen = _train_beside_views(view, settings, given.attaches // given.models)
        for _ in range(given.evaluations // given.models):
            view.run(EVALUATION, Evaluate(asked))
        took = time.monotonic() - began
        print(
            f"model {number + 1}: {_held(view)}; {seen:,} reports seen elsewhere; {took:.0f} s",
            flush=True,
        )
    view.worker.end(ReadStatus()).result(PATIENCE)
    return 0


def _settings(folder: Path, steps: int) -> tuple[TrainSettings, EvaluationSettings]:
    problems = folder / "problems.jsonl"
    made = [{"question": f"{n} + 1?", "answer": f"#### {n + 1}"} for n in range(ITEMS)]
    problems.write_text("".join(f"{json.dumps(problem)}\n" for problem in made))
    train = TrainSettings(
        problems=str(problems),
        items=ITEMS,
        epochs=steps // ITEMS,
        optimizer="SGD",
        checkpoint_every=steps // 4,
        keep_checkpoints=1,
    )
    return train, EvaluationSettings(problems=str(problems), items=ITEMS, max_tokens=8)


def _train_beside_views(view: View, settings: TrainSettings, attaches: int) -> int:
    """Steps, while other views come and leave again; how many reports those have seen."""
    steps, seen = settings.items * settings.epochs, 0
    view.begin(GSM8K, Train(settings))
    for number in range(1, attaches + 1):
        while not view.is_over(GSM8K) and view.last < number * steps // (attaches + 1):
            view.read(GSM8K)
        with looking(view.worker.name) as other:
            until = time.monotonic() + LOOKED
            while time.monotonic() < until:
                seen += other.read(GSM8K)
    view.see_end(GSM8K)
    return seen


def _held(view: View) -> str:
    """What the engine's process has now."""
    description = describe(view.worker.name)
    if isinstance(description, str):
        raise AssertionError(description)
    process = psutil.Process(description.pid)
    memory = process.memory_info().rss / 1e6
    return f"{memory:,.0f} MB, {process.num_fds()} files, {process.num_threads()} threads"


if __name__ == "__main__":
    sys.exit(main())
