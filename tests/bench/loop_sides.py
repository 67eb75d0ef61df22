"""The sides that run the GSM8K loop: by hand, as the command does, and in the app."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from textual.drivers.headless_driver import HeadlessDriver
from textual.pilot import Pilot
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel

from tests.pilot import until
from tui_trainer.app import TuiTrainer
from tui_trainer.builtin import MODEL_FOLDER
from tui_trainer.engine.data.word_problems import word_problems
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.start import make_engine
from tui_trainer.link.attach import Attach
from tui_trainer.protocol.any_worker import MakeWorker
from tui_trainer.protocol.events import Event, Other
from tui_trainer.protocol.models import ReadStatus
from tui_trainer.protocol.numbered import Numbered
from tui_trainer.remote_worker import RemoteWorker
from tui_trainer.reports.loop import LoopReport
from tui_trainer.reports.problem import format_problem
from tui_trainer.reports.progress import UNHEARD
from tui_trainer.reports.steps import StepReport
from tui_trainer.screens.gsm8k.screen import Gsm8kScreen
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.presets import PRESETS
from tui_trainer.settings.train import TrainSettings
from tui_trainer.worker import in_this_process

WARMUP, ITEMS = 10, 210
MEASURED = {"tutorial": 200, "tuned": 60}
"""Steps after the warm-up: some 15 seconds on two cores."""


def load_items() -> list[list[int]]:
    """The token IDs of the loop's items."""
    tokenizer = AutoTokenizer.from_pretrained(MODEL_FOLDER)
    texts = [format_problem(problem) for problem in word_problems(ITEMS, seed=0)]
    return [tokenizer(text).input_ids for text in texts]


def load_model() -> PreTrainedModel:
    return AutoModelForCausalLM.from_pretrained(MODEL_FOLDER, dtype=torch.float32)


def notebook_loop() -> float:
    """Tokens a second of the notebook's loop."""
    model, items = load_model(), [torch.tensor([ids]) for ids in load_items()]
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)
    model.train()
    for step, input_ids in enumerate(items):
        if step == WARMUP:
            began = time.perf_counter()
        logits = model(input_ids).logits
        loss = F.cross_entropy(logits[0, :-1], input_ids[0, 1:])
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        loss.item()
    return sum(ids.numel() for ids in items[WARMUP:]) / (time.perf_counter() - began)


def loop_settings(preset: str) -> TrainSettings:
    return replace(PRESETS[preset], items=500)


def command_loop(preset: str) -> float:
    """Tokens a second of the generator that `tui-trainer gsm8k` goes over, its run on disk too."""
    engine = Engine(UNHEARD)
    engine.load_model(ModelChoice())
    steps = engine.train(loop_settings(preset), record=True)
    tokens = 0
    for report in steps:
        if not isinstance(report, StepReport):
            continue
        if report.step > WARMUP:
            tokens += report.tokens
        if report.step == WARMUP:
            began = time.perf_counter()
        if report.step == WARMUP + MEASURED[preset]:
            break
    return tokens / (time.perf_counter() - began)


def app_loop(preset: str) -> float:
    """Tokens a second of the same steps in the app, its GSM8K screen open."""
    return asyncio.run(_app_loop(in_this_process(make_engine), preset))


def engine_loop(preset: str) -> float:
    """The same, its engine in a process of its own, as whoever begins the app has it."""
    return asyncio.run(_app_loop(in_its_process, preset))


def in_its_process(
    post: Callable[[Numbered[Event]], None], hear_other: Callable[[Other], None]
) -> RemoteWorker:
    return RemoteWorker(Attach(), post, hear_other)


async def _app_loop(make_worker: MakeWorker, preset: str) -> float:
    async with app_on_gsm8k(make_worker) as (app, pilot, screen):
        screen.settings = loop_settings(preset)
        tokens: list[int] = []
        add = screen.add

        def count(report: LoopReport) -> None:
            if isinstance(report, StepReport):
                tokens.append(report.tokens)
            add(report)

        pytest.MonkeyPatch().setattr(screen, "add", count)
        await pilot.press("space")
        ends = [await _first_after(app, n) for n in (WARMUP, WARMUP + MEASURED[preset])]
        while len(tokens) < ends[1][0]:  # drained a moment later
            await asyncio.sleep(0.01)
        ((first, began), (last, ended)) = ends
        return sum(tokens[first:last]) / (ended - began)


@asynccontextmanager
async def app_on_gsm8k(
    make_worker: MakeWorker,
) -> AsyncIterator[tuple[TuiTrainer, Pilot[int], Gsm8kScreen]]:
    """The app with its model loaded and GSM8K open, on a terminal that takes all that is drawn."""
    have_all_drawn()
    app = TuiTrainer(ModelChoice(), make_worker)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until(pilot, lambda: app.session.status is not None)
        await pilot.press("escape", "5")
        await until(pilot, lambda: isinstance(app.screen, Gsm8kScreen))
        assert isinstance(app.screen, Gsm8kScreen)
        yield app, pilot, app.screen
        app.worker.end(ReadStatus())
        app.worker.stop(5)


async def _first_after(app: TuiTrainer, updates: int) -> tuple[int, float]:
    """The first count of updates of at least `updates` that the app hears of, and when."""
    # Not `until`: its pause at the end waits for a quiet process, and would be timed too.
    while app.session.status is None or app.session.status.updates < updates:
        await asyncio.sleep(0.01)
    return app.session.status.updates, time.perf_counter()


def have_all_drawn() -> None:
    """Each frame, as for a terminal: a pilot test draws the last one before it looks alone."""
    drawn = pytest.MonkeyPatch()
    drawn.setattr(HeadlessDriver, "is_headless", property(lambda _: False))
    drawn.setattr(HeadlessDriver, "write", lambda _, data: None)
