"""What a loop will need, before it starts: near to what it takes, and refused with a remedy."""

import os
import re
import subprocess
import sys
from dataclasses import replace

import pytest
import torch

from tests.cards import GIB, put_in
from tests.engine.loop_memory import LOOPS
from tests.known import end, present, the
from tui_trainer.engine.data.examples import Example
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.loop import memory_estimate
from tui_trainer.engine.loop.loop_need import largest_rows, positions_in
from tui_trainer.engine.loop.memory_estimate import PlannedLoop, planned_to_fit
from tui_trainer.engine.loop.smaller_loops import smaller
from tui_trainer.engine.loop.training_state import TrainingState
from tui_trainer.engine.optimizers.state import state_bytes
from tui_trainer.errors import InputError
from tui_trainer.reports.loop import MemoryEstimate
from tui_trainer.reports.steps import StepReport
from tui_trainer.settings.presets import TUNED
from tui_trainer.settings.train import TrainSettings


def example(length: int) -> Example:
    return Example(0, "", tuple(range(length)), 1, 1, False)


@pytest.mark.long
def test_a_loop_takes_about_what_was_worked_out() -> None:
    """In a process of its own, of which the kernel keeps the peak.

    What glibc keeps of freed tensors, another tenth to a third by chance, is not the loop's: there
    they go back to the system at once.
    """
    command = [sys.executable, "-m", "tests.engine.loop_memory"]
    returns = os.environ | {"MALLOC_MMAP_THRESHOLD_": str(1 << 16)}
    ended = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=returns)
    measured = dict(zip(LOOPS, ended.stdout.splitlines(), strict=True))
    for loop, numbers in measured.items():
        held, needed, peak = map(int, numbers.split())
        assert needed - held == pytest.approx(peak - held, rel=0.2), loop


def test_the_largest_pass_counts_padding_and_separators() -> None:
    items = [example(n) for n in (10, 30, 20)]
    for settings, positions in (
        (TrainSettings(), 30),
        (TrainSettings(batch=2), 60),
        (TrainSettings(pack=64), 62),
        (TrainSettings(pack=64, epochs=5, batch=9), 5 * 62),
    ):
        assert positions_in(largest_rows(items, settings)) == positions


def test_a_loop_that_cannot_fit_is_refused_before_a_weight_is_changed_and_told_what_to_do(
    qwen3: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = qwen3.learner.weights.version
    monkeypatch.setattr(memory_estimate, "free_memory", lambda _: 10_000)
    words = r"needs about [\d.]+ of the [\d.]+ GB that are free for it on cpu: load the model in"
    with pytest.raises(InputError, match=words):
        qwen3.train(TrainSettings(items=4, batch=2))
    assert qwen3.learner.weights.version == version
    monkeypatch.undo()
    assert len(list(qwen3.train(TrainSettings(items=4, batch=2)))) == 2


@pytest.mark.parametrize(
    ("settings", "remedies"),
    [
        (TrainSettings(), ["fused to yes", "chunked loss to yes"]),
        (
            TrainSettings(batch=4, accumulation=2, pack=2048),
            [
                "fused to yes",
                "chunked loss to yes",
                "batch to 1 and accumulation to 8",
                "pack to 512",
            ],
        ),
        (replace(TUNED, pack=512), []),
    ],
)
def test_what_makes_a_loop_smaller(settings: TrainSettings, remedies: list[str]) -> None:
    assert [remedy for remedy, _ in smaller(settings)] == remedies


def test_the_remedy_is_the_fewest_changes_that_are_enough(
    qwen3: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_estimate, "memory_in_use", lambda _: 0)
    settings = TrainSettings(items=30, batch=8, fused=True, chunked_loss=True)
    apart = replace(settings, batch=1, accumulation=8)
    needed = []
    for changed in (settings, apart, replace(settings, batch=1)):
        end(qwen3.train(changed))
        needed.append(present(qwen3.memory_estimate()).needed_bytes)
    together, enough, less = needed
    assert less < enough < 0.9 * together  # of two passes the first leaves its gradients
    monkeypatch.setattr(memory_estimate, "free_memory", lambda _: enough)
    with pytest.raises(InputError, match=re.escape("on cpu: set batch to 1 and accumulation to 8")):
        qwen3.train(settings)
    monkeypatch.setattr(memory_estimate, "free_memory", lambda _: less)
    with pytest.raises(InputError, match=re.escape("on cpu: load the model in precision bf16-sr")):
        qwen3.train(settings)


def test_the_estimate_draws_no_random_number_and_leaves_no_gradient(qwen3: Engine) -> None:
    reports = qwen3.train(TrainSettings(items=2))
    assert all(parameter.grad is None for parameter in qwen3.learner.model.parameters())
    assert isinstance(next(reports), StepReport)


def test_a_second_run_is_said_to_need_what_the_first_did(
    qwen3: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the last loop holds is counted where it is, and given back where the next begins."""
    weights = sum(parameter.nbytes for parameter in qwen3.learner.model.parameters())
    held = [0]
    monkeypatch.setattr(
        memory_estimate, "memory_in_use", lambda _: held[0] + qwen3.at_hand.training.spare_bytes()
    )
    monkeypatch.setattr(memory_estimate, "free_memory", lambda _: 10**12)
    needed = []
    for _ in range(2):
        loop = qwen3.train(TrainSettings(items=2))
        estimate = qwen3.memory_estimate()
        assert estimate is not None
        needed.append(estimate.needed_bytes)
        list(loop)
        # The moments: the copy that the first step is put back from is gone by then.
        assert qwen3.at_hand.training.spare_bytes() == pytest.approx(2 * weights, rel=0.01)
    assert needed[0] == needed[1]
    qwen3.update("def hello")
    qwen3.prepare_undo()
    before = qwen3.at_hand.training.spare_bytes()
    assert before > 2 * weights
    end(qwen3.train(TrainSettings(items=2)))
    assert qwen3.at_hand.training.spare_bytes() < before - 2 * weights


def test_on_a_card_the_same_loop_is_accepted_the_second_time(
    qwen3: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the moments of the first and much that torch keeps unused there."""
    settings, training, learner = TrainSettings(items=2), qwen3.at_hand.training, qwen3.learner
    items = training.load_items(settings)
    allocated = reserved = learner.weights.bytes
    total = GIB
    put_in(monkeypatch, total)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (total - reserved, total))
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda _: allocated)
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda _: reserved)

    def estimate() -> MemoryEstimate:
        with monkeypatch.context() as there:
            there.setattr(learner, "device", torch.device("cuda", 0))
            spare = training.spare_bytes()
            asked = PlannedLoop(learner, items.examples, items.held_out, settings, spare)
            return planned_to_fit(asked)[1]

    first = estimate()
    total = first.needed_bytes  # and not a byte more
    list(qwen3.train(settings))
    moments = state_bytes(the(TrainingState, training.state).optimizer.state)
    assert moments >= 2 * learner.weights.bytes
    allocated, reserved = allocated + moments, total
    assert estimate() == MemoryEstimate(first.needed_bytes, total)
