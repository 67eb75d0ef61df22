"""Each loop of the bench, run on a tiny model, and what is measured around it."""

import mmap
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F

from tests.engine.notebook import Notebook, assert_same_bits, weights_of
from tests.engine.threads.made_up import two_cores
from tui_trainer.builtin import MODEL_FOLDER
from tui_trainer.engine import bench_process
from tui_trainer.engine.bench import clock, recorder
from tui_trainer.engine.bench.clock import PhaseClock
from tui_trainer.engine.bench.items import as_examples, held_out_loss, load_items
from tui_trainer.engine.bench.memory import PeakMemory
from tui_trainer.engine.bench.peak import count_matrix_weights, measure_peak
from tui_trainer.engine.bench.recorder import Recorder
from tui_trainer.engine.bench_process import load_learner, loop_settings, prepare, run_loop
from tui_trainer.engine.data.examples import Example
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.loop.train import train
from tui_trainer.engine.loop.training_state import TrainingState
from tui_trainer.errors import InputError
from tui_trainer.reports.bench import HeldOut, Prepared, WarmUp
from tui_trainer.reports.loop import LoopReport
from tui_trainer.reports.problem import format_problem
from tui_trainer.reports.progress import UNHEARD
from tui_trainer.settings.bench import LOOPS, BenchSettings, Job
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import TrainSettings

CPU = torch.device("cpu")
TINY = ModelChoice("random:tiny", "cpu")
BRIEF = BenchSettings(items=30, held_out=2, seconds=0.3, rounds=2)


@pytest.fixture(scope="module")
def before() -> Prepared:
    return prepare(TINY, BRIEF, Path("unused"), UNHEARD)


@pytest.fixture
def ticking(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A clock on which the phases alone take time, 2 ms each: what is read of it has no noise.

    Its ticks, one for each phase, and as many more as a test adds.
    """
    ticks, end = [0], PhaseClock.end

    def end_after_a_tick(phases: PhaseClock, phase: str) -> None:
        ticks[0] += not phases._ignoring
        end(phases, phase)

    monkeypatch.setattr(PhaseClock, "end", end_after_a_tick)
    for module in (clock, recorder):
        monkeypatch.setattr(module, "time", SimpleNamespace(perf_counter=lambda: 2e-3 * ticks[0]))
    return ticks


@pytest.mark.parametrize(
    "loop", [pytest.param(n, marks=[pytest.mark.long] * (n == "sft_trainer")) for n in LOOPS]
)
def test_every_loop_trains_and_is_measured(ticking: list[int], before: Prepared, loop: str) -> None:
    run = run_loop(Job(loop, TINY, BRIEF, epochs=200, equal_tokens=500), UNHEARD)
    assert run.loop == loop
    assert run.precision == "fp32"
    assert run.steps >= 2
    # Each phase took time, and together they are the time of the steps that were timed.
    assert min(run.phases.data, run.phases.forward, run.phases.backward) > 0
    assert run.phases.optimizer > 0
    seconds = run.phases.step * run.steps / 1e3
    assert run.step_tokens * run.steps / seconds == pytest.approx(run.tokens_per_second, rel=1e-9)
    assert run.equal_tokens is not None
    assert run.equal_tokens.tokens >= 500
    assert run.equal_time.seconds >= BRIEF.seconds
    # Held out or not, the texts are alike: training must lower the loss of both.
    assert run.equal_time.loss < before.held_out_loss
    assert 50e6 < run.peak_memory_bytes < 50e9


def test_the_loop_tuned_is_the_preset_for_its_device() -> None:
    job = Job("tuned", TINY, BRIEF, epochs=3)
    rows = [loop_settings(job, torch.device(name)).pack for name in ("cpu", "cuda")]
    assert rows == [512, 2048]
    assert loop_settings(replace(job, loop="tutorial"), CPU) == TrainSettings(epochs=3)


def test_the_weights_by_hand_are_those_of_the_notebook() -> None:
    from tui_trainer.engine.bench_process import time_by_hand  # noqa: PLC0415

    learner = load_learner(ModelChoice("builtin", "cpu", "fp32"), UNHEARD)
    problems, _ = load_items(BRIEF, UNHEARD)
    examples = as_examples(problems[:3], learner.vocabulary, None)
    recorder = Recorder(PhaseClock(CPU), lambda: 0.0, 60.0, None, CPU)
    time_by_hand(learner.model, [e.ids for e in examples], recorder, learner.autocast())
    notebook = Notebook(MODEL_FOLDER)
    notebook.loop(format_problem(problem) for problem in problems[:3])
    assert_same_bits(weights_of(learner.model), weights_of(notebook.model))


@pytest.mark.parametrize("loop", ["notebook", "tutorial"])
def test_a_side_computes_with_the_threads_that_others_leave(loop: str) -> None:
    job = Job(loop, TINY, replace(BRIEF, seconds=0.05), epochs=50)
    with two_cores() as others:
        assert run_loop(job, UNHEARD).threads == 2
        others.taking = 1.0
        assert run_loop(job, UNHEARD).threads == 1
        fixed = replace(job, model=replace(TINY, threads=2))
        assert run_loop(fixed, UNHEARD).threads == 2


@pytest.mark.parametrize(("loop", "tokens"), [("notebook", "1[0-9][0-9]"), ("trainer", "2,048")])
def test_a_loop_that_has_no_room_is_refused_before_its_first_step(
    monkeypatch: pytest.MonkeyPatch, loop: str, tokens: str
) -> None:
    for module in ("memory.ample", "memory.room"):
        monkeypatch.setattr(f"tui_trainer.engine.{module}.free_memory", lambda _: 3_000_000)
    told = rf"A step of {loop} on {tokens} tokens needs 0\.\d+ GB more on cpu, and 0\.00 are free"
    with pytest.raises(InputError, match=told):
        run_loop(Job(loop, TINY, BRIEF, epochs=200), UNHEARD)


def test_items_that_end_too_early_are_told() -> None:
    settings = replace(BRIEF, seconds=60.0)
    with pytest.raises(InputError, match="ended after 30 steps, before the time did"):
        run_loop(Job("notebook", TINY, settings, epochs=1), UNHEARD)


def test_no_item_is_trained_on_and_held_out() -> None:
    trained, held_out = load_items(BRIEF, UNHEARD)
    assert (len(trained), len(held_out)) == (30, 2)
    assert not set(trained) & set(held_out)


def test_too_few_items_are_told(tmp_path: Path) -> None:
    file = tmp_path / "few.jsonl"
    file.write_text('{"question": "1 + 1?", "answer": "#### 2"}\n' * 2)
    with pytest.raises(InputError, match="2 items, and 2 are to be held out"):
        load_items(replace(BRIEF, problems=str(file)), UNHEARD)


def test_the_held_out_loss_weighs_every_token_alike() -> None:
    learner = load_learner(TINY, UNHEARD)
    examples = as_examples(load_items(BRIEF, UNHEARD)[1], learner.vocabulary, None)
    assert len({len(example.ids) for example in examples}) == 2
    learner.model.train()
    losses = []
    for example in examples:
        ids = torch.tensor([example.ids])
        logits = learner.model.eval()(ids).logits
        losses += F.cross_entropy(logits[0, :-1], ids[0, 1:], reduction="none").tolist()
    learner.model.train()
    found = held_out_loss(learner.model, examples)
    assert found == pytest.approx(sum(losses) / len(losses), rel=1e-6)
    assert learner.model.training


def test_measuring_the_held_out_loss_takes_no_training_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    for module in (clock, recorder):
        monkeypatch.setattr(module, "time", SimpleNamespace(perf_counter=lambda: now[0]))

    def slow() -> float:
        now[0] += 0.3
        return 1.0

    recording = Recorder(PhaseClock(CPU), slow, 0.05, 5, CPU)
    recording.begin()
    while recording.step_made(1):
        now[0] += 0.01
    run = recording.measured("x", "fp32")
    assert run.equal_time.seconds < 0.2
    assert run.tokens_per_second > 25
    assert run.phases.step < 40
    assert run.equal_tokens is not None
    assert run.equal_tokens.tokens == 5


def test_what_is_slow_at_first_is_a_warm_up_and_takes_no_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two steps are compiled: 25 s and 5 s, of a run of 10 s whose steps take half a second."""
    now = [0.0]
    for module in (clock, recorder):
        monkeypatch.setattr(module, "time", SimpleNamespace(perf_counter=lambda: now[0]))
    measured_at: list[float] = []

    def held_out() -> float:
        measured_at.append(now[0])
        return 2.0

    recording = Recorder(PhaseClock(CPU), held_out, 10.0, 3_000, CPU)
    recording.begin()
    going = True
    for seconds in (25.0, 5.0, *[0.5] * 100):
        now[0] += seconds
        going = going and recording.step_made(100)
    run = recording.measured("tuned", "fp32")
    assert run.warm_up == WarmUp(seconds=31.0, steps=4, tokens=400)
    assert (run.tokens_per_second, run.step_tokens) == (200, 100)
    assert run.phases.step == 500
    # Equal time is ten seconds of training at that speed, the warm-up's own steps among them.
    assert run.equal_time == HeldOut(2.0, tokens=2_000, seconds=10.0)
    assert run.equal_tokens == HeldOut(2.0, tokens=3_000, seconds=15.0)
    assert measured_at == [39.0, 44.0]


def test_a_loop_that_compiles_at_first_is_timed_by_the_steps_after_it(
    ticking: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def compiling(
        learner: Learner,
        examples: Sequence[Example],
        settings: TrainSettings,
        state: TrainingState,
    ) -> Iterator[LoopReport]:
        ticking[0] += 500  # a second
        yield from train(learner, examples, settings, state)

    monkeypatch.setattr(bench_process, "train", compiling)
    run = run_loop(Job("tutorial", TINY, BRIEF, epochs=200), UNHEARD)
    assert run.warm_up.seconds > 1.0
    assert run.steps > 5
    assert BRIEF.seconds * 0.999 < run.equal_time.seconds < 0.8
    assert run.equal_time.tokens == pytest.approx(
        run.warm_up.tokens + run.steps * run.step_tokens, rel=1e-9
    )


def test_matrix_weights_are_those_that_multiply() -> None:
    model = load_learner(TINY, UNHEARD).model
    norms = sum(p.numel() for p in model.parameters() if p.dim() < 2)
    # The embedding is tied: as the output layer it multiplies once.
    total = sum(p.numel() for p in model.parameters())
    assert count_matrix_weights(model) == total - norms


def test_the_peak_is_a_number_of_this_machine() -> None:
    assert 1e8 < measure_peak(CPU, "fp32") < 1e14


def hold_for_a_moment(count: int) -> None:
    """Take `count` bytes of the system, not of what the process has freed, and give them back."""
    with mmap.mmap(-1, count) as memory:
        memory.write(b"x" * count)


def test_peak_memory_is_that_of_the_stretch_alone() -> None:
    hold_for_a_moment(200_000_000)
    memory = PeakMemory(CPU)
    memory.reset()
    memory.pause()
    low = memory.peak_bytes
    hold_for_a_moment(60_000_000)
    memory.pause()
    assert 40e6 < memory.peak_bytes - low < 150e6
