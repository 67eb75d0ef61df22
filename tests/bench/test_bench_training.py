"""The app's training against the same lines by hand, in one run."""

import asyncio
import statistics
import time
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from pytest_benchmark.fixture import BenchmarkFixture
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel

from tests.bench.conftest import Figure
from tests.pilot import until
from tui_trainer.app import TuiTrainer
from tui_trainer.builtin import MODEL_FOLDER
from tui_trainer.engine.problems import format_problem
from tui_trainer.engine.settings import ModelChoice
from tui_trainer.engine.word_problems import word_problems
from tui_trainer.screens.step import StepScreen

THREADS = torch.get_num_threads()  # the app takes one fewer
ITEMS = 60
ROUNDS = 3
TEXT = "def hello():\n\treturn"


def load_by_hand() -> tuple[PreTrainedModel, list[Tensor]]:
    """The built-in model and the token IDs of the loop's items."""
    tokenizer = AutoTokenizer.from_pretrained(MODEL_FOLDER)
    model = AutoModelForCausalLM.from_pretrained(MODEL_FOLDER, dtype=torch.float32)
    texts = [format_problem(problem) for problem in word_problems(ITEMS, seed=0)]
    return model, [tokenizer(text, return_tensors="pt").input_ids for text in texts]


def notebook_loop(model: PreTrainedModel, items: list[Tensor]) -> float:
    """Tokens a second of the notebook's loop."""
    torch.set_num_threads(THREADS)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)
    model.train()
    began = time.perf_counter()
    for input_ids in items:
        logits = model(input_ids).logits
        loss = F.cross_entropy(logits[0, :-1], input_ids[0, 1:])
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        loss.item()
    return sum(ids.numel() for ids in items) / (time.perf_counter() - began)


async def app_loop(items: list[Tensor]) -> float:
    """Tokens a second of the same items in the app, its GSM8K screen open."""
    app = TuiTrainer(ModelChoice())
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until(pilot, lambda: app.session.status is not None)
        await pilot.press("escape", "5")
        await pilot.press("space")
        await until(pilot, lambda: app.session.status.updates > 0)
        before, began = app.session.status.updates, time.perf_counter()
        # Not `until`: its pause at the end waits for a quiet process, and would be timed too.
        while app.session.status.updates < ITEMS:
            await asyncio.sleep(0.02)
        seconds, after = time.perf_counter() - began, app.session.status.updates
        app.worker.stop(5)
    return sum(ids.numel() for ids in items[before:after]) / seconds


def test_loop_in_the_app_against_the_bare_loop(
    benchmark: BenchmarkFixture, figures: list[Figure]
) -> None:
    model, items = load_by_hand()
    notebook_loop(model, items[:10])
    ratios: list[tuple[float, float]] = []

    def both() -> None:
        ratios.append((asyncio.run(app_loop(items)), notebook_loop(model, items)))

    benchmark.pedantic(both, rounds=ROUNDS)
    app, bare = (statistics.median(side) for side in zip(*ratios, strict=True))
    ratio = statistics.median(a / b for a, b in ratios)
    measured = f"{app:,.0f} / {bare:,.0f} tokens/s = {ratio:.2f}"
    figures.append(Figure("GSM8K loop in the app / bare notebook loop", measured, "0.97"))


def bare_cell(model: PreTrainedModel, input_ids: Tensor) -> Callable[[], float]:
    """The training cell and the forward pass that shows the predictions; gives its seconds."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)

    def cell() -> float:
        began = time.perf_counter()
        model.train()
        logits = model(input_ids).logits
        loss = F.cross_entropy(logits[0, :-1], input_ids[0, 1:])
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        model.eval()
        with torch.no_grad():
            model(input_ids).logits.softmax(dim=-1).topk(3)
        loss.item()
        return time.perf_counter() - began

    return cell


async def step_keys(presses: int) -> list[float]:
    """Seconds from the space bar on Step to the new table."""
    app = TuiTrainer(ModelChoice())
    times = []
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until(pilot, lambda: app.session.status is not None)
        await pilot.press("escape", "4")
        await until(pilot, lambda: isinstance(app.screen, StepScreen))
        for number in range(1, presses + 1):
            began = time.perf_counter()
            app.simulate_key("space")
            while (app.screen.report.update if app.screen.report else 0) < number:
                await asyncio.sleep(0.001)
            times.append(time.perf_counter() - began)
        app.worker.stop(5)
    return times


@pytest.mark.parametrize("presses", [30])
def test_step_key_to_table_against_the_bare_cell(
    benchmark: BenchmarkFixture, figures: list[Figure], presses: int
) -> None:
    model, _ = load_by_hand()
    tokenizer = AutoTokenizer.from_pretrained(MODEL_FOLDER)
    cell = bare_cell(model, tokenizer(TEXT, return_tensors="pt").input_ids)
    medians: list[tuple[float, float]] = []

    def both() -> None:
        app = statistics.median(asyncio.run(step_keys(presses))[5:])
        torch.set_num_threads(THREADS)
        bare = statistics.median([cell() for _ in range(presses)][5:])
        medians.append((app, bare))

    benchmark.pedantic(both, rounds=ROUNDS)
    app, bare = (1e3 * statistics.median(side) for side in zip(*medians, strict=True))
    measured = f"{app:.1f} / {bare:.1f} ms = {app / bare:.2f}"
    figures.append(Figure("Step key to new table / bare cell + forward", measured, "1.3 or less"))
