"""The update of a piece in one kernel: taken where it is made and right, else the plain one."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.engine.notebook import assert_same_bits, weights_of
from tests.known import step_reports
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.optimizers import compiled_piece
from tui_trainer.engine.optimizers.compiled_piece import Update, in_one_kernel
from tui_trainer.engine.optimizers.optim import make_optimizer
from tui_trainer.engine.optimizers.stochastic_rounding import TRIED_ADAMW, adamw_piece
from tui_trainer.engine.weights import Weights
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import TrainSettings


@pytest.fixture
def compiling(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A CPU does as a GPU would."""
    monkeypatch.setattr(compiled_piece, "COMPILED_ON", ("cpu",))
    compiled_piece._compiled.cache_clear()
    yield
    compiled_piece._compiled.cache_clear()


def updated(steps: int = 2) -> list[Tensor]:
    """Two matrices and the moments of one after some updates, each with another learning rate."""
    torch.manual_seed(1)
    module = torch.nn.Sequential(torch.nn.Linear(30, 50), torch.nn.Linear(50, 70)).bfloat16()
    optimizer = make_optimizer("AdamW", Weights(module), 1e-2, 0.1, stochastic=True)
    for step in range(steps):
        for parameter in module.parameters():
            parameter.grad = torch.full_like(parameter, 0.5)
        for group in optimizer.param_groups:
            group["lr"] = 1e-2 / (1 + step)
        optimizer.step()
    parameters = list(module.parameters())
    state = optimizer.state[parameters[0]]
    return [*(p.detach() for p in parameters), state["exp_avg"], state["exp_avg_sq"]]


@pytest.mark.usefixtures("compiling")
def test_where_the_compiler_fails_the_update_is_the_plain_one_to_the_bit(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("no C++ compiler")

    monkeypatch.setattr(torch, "compile", lambda *_, **__: fail)
    found = updated()
    assert "adamw_piece cannot be compiled" in caplog.text
    monkeypatch.setattr(compiled_piece, "COMPILED_ON", ())
    assert_same_bits(found, updated())


@pytest.mark.usefixtures("compiling")
@pytest.mark.parametrize("wrong", [0, 2, 3])
def test_where_it_gives_other_numbers_too(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, wrong: int
) -> None:
    def otherwise(*arguments: Tensor) -> None:
        adamw_piece(*arguments)  # type: ignore[arg-type]  # and as many numbers
        arguments[wrong].mul_(1.02)

    monkeypatch.setattr(torch, "compile", lambda *_, **__: otherwise)
    found = updated()
    assert "adamw_piece gives other numbers" in caplog.text
    monkeypatch.setattr(compiled_piece, "COMPILED_ON", ())
    assert_same_bits(found, updated())


@pytest.mark.usefixtures("compiling")
def test_it_is_compiled_and_tried_before_the_first_update_once_and_draws_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[Update] = []

    def compiled(update: Update, **_: object) -> Update:
        tried.append(update)
        return update

    monkeypatch.setattr(torch, "compile", compiled)
    module = torch.nn.Linear(3, 3).bfloat16()
    rng = torch.get_rng_state()
    for _ in range(2):
        make_optimizer("AdamW", Weights(module), 1e-2, stochastic=True)
    assert tried == [adamw_piece]
    assert torch.equal(torch.get_rng_state(), rng)


@pytest.mark.long
@pytest.mark.usefixtures("compiling")
def test_one_kernel_serves_pieces_of_every_length_at_every_learning_rate() -> None:
    from torch._inductor import metrics  # noqa: PLC0415  # takes seconds

    metrics.reset()
    found = updated(steps=6)
    assert metrics.generated_kernel_count == 1
    assert_same_bits(updated(steps=6), found)  # its random numbers are torch's
    plain = [tensor.float().mean().item() for tensor in _plain(steps=6)]
    assert [tensor.float().mean().item() for tensor in found] == pytest.approx(plain, rel=0.05)


def _plain(steps: int) -> list[Tensor]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled_piece, "COMPILED_ON", ())
        return updated(steps)


@pytest.mark.long
@pytest.mark.usefixtures("compiling")
def test_a_loop_and_undo_and_redo_on_step_are_exact_with_it(
    engine: Engine, model_folder: Callable[[str], Path]
) -> None:
    choice = ModelChoice(str(model_folder("Qwen3")), "cpu", "bf16-sr")
    settings = TrainSettings(items=8, epochs=2, lr=1e-3)
    runs = []
    for _ in range(2):
        engine.load_model(choice)
        losses = [step.loss for step in step_reports(engine.train(settings))]
        runs.append((losses, weights_of(engine.learner.model)))
    assert runs[0][0] == runs[1][0]
    assert_same_bits(runs[0][1], runs[1][1])
    assert runs[0][0][-1] < runs[0][0][0]

    engine.load_model(choice)
    before = weights_of(engine.learner.model)
    assert engine.update("Hello").moved
    after = weights_of(engine.learner.model)
    engine.undo()
    assert_same_bits(engine.learner.model.parameters(), before)
    engine.redo()
    assert_same_bits(engine.learner.model.parameters(), after)
    assert in_one_kernel(adamw_piece, engine.learner.device, 4, TRIED_ADAMW) is not adamw_piece
