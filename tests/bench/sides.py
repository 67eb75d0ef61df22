"""One side of a comparison, alone in its process: `python -m tests.bench.sides notebook-loop`.

Each prints a number, or some. They must not share a process: OpenMP keeps a team of threads for
each thread that ever used it, and with more of them than cores its barriers no longer spin,
which takes half of the speed from whichever side comes second.

The two that answer take another model, a file of problems and how many of them, too:
`python -m tests.bench.sides answer-alone smollm2 test.jsonl 100`.
"""

import asyncio
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import AutoTokenizer

from tests.bench.long_run_side import long_run
from tests.bench.loop_sides import (
    MEASURED,
    WARMUP,
    app_loop,
    command_loop,
    engine_loop,
    have_all_drawn,
    load_model,
    notebook_loop,
)
from tests.bench.told_side import told
from tests.pilot import until
from tui_trainer.app import TuiTrainer
from tui_trainer.builtin import MODEL_FOLDER
from tui_trainer.engine.bench.memory import PeakMemory
from tui_trainer.engine.bench_process import load_learner
from tui_trainer.engine.data.problems import load_problems
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.models.devices import memory_in_use
from tui_trainer.engine.start import make_engine
from tui_trainer.engine.ways.chunked_loss import chunked_losses
from tui_trainer.reports.problem import format_prompt
from tui_trainer.reports.progress import UNHEARD
from tui_trainer.reports.scoring import STOP_STRINGS
from tui_trainer.reports.updates import UpdateReport
from tui_trainer.screens.step.prediction_view import PredictionView
from tui_trainer.screens.step.screen import StepScreen
from tui_trainer.settings.evaluation import EvaluationSettings
from tui_trainer.settings.model import ModelChoice
from tui_trainer.worker import in_this_process

PRESSES = 60
REST = 0.05  # seconds between two updates on both sides, as between two presses of a key
ANSWERED = 64
ROW, WIDTH, VOCABULARY = 2048, 1024, 150_000
"""Of the loss: a packed row of Qwen3-0.6B, whose logits are 1.2 GB."""
TEXT = "def hello():\n\treturn"


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
    have_all_drawn()
    app = TuiTrainer(ModelChoice(), in_this_process(make_engine))
    times = []
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until(pilot, lambda: app.session.status is not None)
        await pilot.press("escape", "4")
        await until(pilot, lambda: isinstance(app.screen, StepScreen))
        table, shown = app.screen.query_one(PredictionView), asyncio.Event()
        show = table.show_update

        def show_and_tell(report: UpdateReport) -> None:
            show(report)
            shown.set()

        pytest.MonkeyPatch().setattr(table, "show_update", show_and_tell)
        for _ in range(PRESSES):
            shown.clear()
            began = time.perf_counter()
            app.simulate_key("space")
            await shown.wait()
            times.append(time.perf_counter() - began)
            await asyncio.sleep(REST)
        app.worker.stop(5)
    return times


def answer_alone(
    source: str = "builtin", file: str = "builtin", items: str | int = ANSWERED
) -> float:
    """Held-out items a second that `model.generate` answers, one at a time."""
    learner = load_learner(ModelChoice(source, "cpu", "fp32"), UNHEARD)
    model, tokenizer = learner.model.eval(), learner.vocabulary.tokenizer
    problems = load_problems(file, split="test", limit=int(items), seed=0)
    tokens = 0
    began = time.perf_counter()
    for problem in problems:
        inputs = tokenizer(format_prompt(problem), return_tensors="pt")
        answer = model.generate(
            **inputs,
            max_new_tokens=EvaluationSettings().max_tokens,
            do_sample=False,
            stop_strings=list(STOP_STRINGS),
            tokenizer=tokenizer,
        )
        tokens += answer.shape[1] - inputs.input_ids.shape[1]
    return _pace(len(problems), tokens, time.perf_counter() - began)


def answer_in_batches(
    source: str = "builtin", file: str = "builtin", items: str | int = ANSWERED
) -> float:
    """The same items as an evaluation answers them."""
    engine = Engine(UNHEARD)
    engine.load_model(ModelChoice(source, "cpu", "fp32"))
    began = time.perf_counter()
    *_, last = engine.evaluate(EvaluationSettings(problems=file, items=int(items)))
    assert len(last.items) == int(items)
    return _pace(len(last.items), last.tokens, time.perf_counter() - began)


def _pace(items: int, tokens: int, seconds: float) -> float:
    print(f"{items} items, {tokens:,} tokens, {seconds:.1f} s", file=sys.stderr)
    return items / seconds


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


SIDES: dict[str, Callable[..., float | tuple[float, ...]]] = {
    "notebook-loop": notebook_loop,
    **{f"command-{preset}": partial(command_loop, preset) for preset in MEASURED},
    **{f"app-{preset}": partial(app_loop, preset) for preset in MEASURED},
    **{f"engine-{preset}": partial(engine_loop, preset) for preset in MEASURED},
    "long-run": long_run,
    "told": told,
    "bare-cell": bare_cell,
    "step-key": step_key,
    "answer-alone": answer_alone,
    "answer-in-batches": answer_in_batches,
    "plain-loss": plain_loss,
    "chunked-loss": chunked_loss,
}

if __name__ == "__main__":
    numbers = SIDES[sys.argv[1]](*sys.argv[2:])
    print(*(numbers if isinstance(numbers, tuple) else (numbers,)))
