"""One side of a comparison, alone in its process: `python -m tests.bench.sides notebook-loop`.

Each prints a number. They must not share a process: OpenMP keeps a team of threads for each
thread that ever used it, and with more of them than cores its barriers no longer spin, which
takes half of the speed from whichever side comes second.
"""

import asyncio
import statistics
import sys
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel

from tests.pilot import until
from tui_trainer.app import TuiTrainer
from tui_trainer.builtin import MODEL_FOLDER
from tui_trainer.engine.bench.memory import PeakMemory
from tui_trainer.engine.chunked_loss import chunked_losses
from tui_trainer.engine.devices import memory_in_use
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.evaluation_settings import EvaluationSettings
from tui_trainer.engine.problem import format_problem, format_prompt
from tui_trainer.engine.problems import load_problems
from tui_trainer.engine.progress import UNHEARD
from tui_trainer.engine.scoring import STOP_STRINGS
from tui_trainer.engine.settings import ModelChoice
from tui_trainer.engine.word_problems import word_problems
from tui_trainer.screens.step import StepScreen
from tui_trainer.widgets.prediction_table import PredictionTable

WARMUP, ITEMS = 10, 210
PRESSES = 60
REST = 0.05  # seconds between two updates on both sides, as between two presses of a key
ANSWERED = 64
ROW, WIDTH, VOCABULARY = 2048, 1024, 150_000
"""Of the loss: a packed row of Qwen3-0.6B, whose logits are 1.2 GB."""
TEXT = "def hello():\n\treturn"


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


def app_loop() -> float:
    """Tokens a second of the same items in the app, its GSM8K screen open."""
    return asyncio.run(_app_loop([len(ids) for ids in load_items()]))


async def _app_loop(lengths: list[int]) -> float:
    app = TuiTrainer(ModelChoice())
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until(pilot, lambda: app.session.status is not None)
        await pilot.press("escape", "5")
        await pilot.press("space")
        first, began = await _first_after(app, WARMUP)
        last, ended = await _first_after(app, ITEMS - 5)
        app.worker.stop(5)
    return sum(lengths[first:last]) / (ended - began)


async def _first_after(app: TuiTrainer, updates: int) -> tuple[int, float]:
    """The first count of updates of at least `updates` that the app hears of, and when."""
    # Not `until`: its pause at the end waits for a quiet process, and would be timed too.
    while app.session.status is None or app.session.status.updates < updates:
        await asyncio.sleep(0.01)
    return app.session.status.updates, time.perf_counter()


def bare_cell() -> float:
    """Seconds of the training cell and the forward pass that shows the predictions."""
    cell = _make_cell()
    times = []
    for _ in range(PRESSES):
        times.append(cell())
        time.sleep(REST)
    return statistics.median(times[WARMUP:])


def _make_cell() -> Callable[[], float]:
    model, tokenizer = load_model(), AutoTokenizer.from_pretrained(MODEL_FOLDER)
    input_ids: Tensor = tokenizer(TEXT, return_tensors="pt").input_ids
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


def step_key() -> float:
    """Seconds from the space bar on Step to the new table."""
    return statistics.median(asyncio.run(_step_keys())[WARMUP:])


async def _step_keys() -> list[float]:
    app = TuiTrainer(ModelChoice())
    times = []
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until(pilot, lambda: app.session.status is not None)
        await pilot.press("escape", "4")
        await until(pilot, lambda: isinstance(app.screen, StepScreen))
        table, shown = app.screen.query_one(PredictionTable), asyncio.Event()
        show = table.show
        table.show = lambda *pair: (show(*pair), shown.set())[0]  # type: ignore[method-assign]
        for _ in range(PRESSES):
            shown.clear()
            began = time.perf_counter()
            app.simulate_key("space")
            await shown.wait()
            times.append(time.perf_counter() - began)
            await asyncio.sleep(REST)
        app.worker.stop(5)
    return times


def answer_alone() -> float:
    """Held-out items a second that `model.generate` answers, one at a time."""
    model, tokenizer = load_model().eval(), AutoTokenizer.from_pretrained(MODEL_FOLDER)
    problems = load_problems("builtin", split="test", limit=ANSWERED, seed=0)
    began = time.perf_counter()
    for problem in problems:
        inputs = tokenizer(format_prompt(problem), return_tensors="pt")
        model.generate(
            **inputs,
            max_new_tokens=EvaluationSettings().max_tokens,
            do_sample=False,
            stop_strings=list(STOP_STRINGS),
            tokenizer=tokenizer,
        )
    return ANSWERED / (time.perf_counter() - began)


def answer_in_batches() -> float:
    """The same items as an evaluation answers them."""
    engine = Engine(UNHEARD)
    engine.load_model(ModelChoice("builtin", "cpu", "fp32"))
    began = time.perf_counter()
    *_, last = engine.evaluate(EvaluationSettings(items=ANSWERED))
    assert len(last.items) == ANSWERED
    return ANSWERED / (time.perf_counter() - began)


def plain_loss() -> float:
    """Bytes that cross entropy over all logits holds at its peak."""
    return _loss_bytes(lambda hidden, head, labels: F.cross_entropy(head(hidden)[0], labels[0]))


def chunked_loss() -> float:
    """Bytes that the loss in chunks holds at its peak, the gradient of the matrix among them."""
    shares, labelled = torch.full((1, ROW), 1 / ROW), torch.arange(ROW)
    return _loss_bytes(
        lambda hidden, head, labels: chunked_losses(hidden, head, labels, labelled, shares)[0]
    )


def _loss_bytes(loss: Callable[[Tensor, nn.Linear, Tensor], Tensor]) -> float:
    """The peak of forward and backward, above the inputs."""
    hidden = torch.randn(1, ROW, WIDTH, requires_grad=True)
    head = nn.Linear(WIDTH, VOCABULARY, bias=False)
    labels = torch.randint(VOCABULARY, (1, ROW))
    cpu = torch.device("cpu")
    before, peak = memory_in_use(cpu), PeakMemory(cpu)
    peak.reset()
    loss(hidden, head, labels).backward()
    peak.pause()
    return peak.peak_bytes - before


SIDES = {
    "notebook-loop": notebook_loop,
    "app-loop": app_loop,
    "bare-cell": bare_cell,
    "step-key": step_key,
    "answer-alone": answer_alone,
    "answer-in-batches": answer_in_batches,
    "plain-loss": plain_loss,
    "chunked-loss": chunked_loss,
}

if __name__ == "__main__":
    print(SIDES[sys.argv[1]]())
