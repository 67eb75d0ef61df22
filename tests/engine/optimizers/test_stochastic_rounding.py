"""bf16 weights rounded by chance: unbiased, and near to what fp32 weights learn."""

import math
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.dispatched import Kernels
from tests.engine.notebook import assert_same_bits, weights_of
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.optimizers import stochastic_rounding
from tui_trainer.engine.optimizers.optim import make_optimizer
from tui_trainer.engine.optimizers.step_memory import Stepping, temporary_bytes
from tui_trainer.engine.optimizers.stochastic_rounding import PIECE, round_stochastically
from tui_trainer.engine.weights import Weights
from tui_trainer.reports.steps import StepReport
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import TrainSettings

DRAWS = 4000


def neighbours(values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The bf16 numbers nearest to zero from each of `values`, and the next ones away from it."""
    bits = values.view(torch.int32) & -(1 << 16)
    return bits.view(torch.float32), (bits + (1 << 16)).view(torch.float32)


def test_rounding_is_unbiased_and_to_a_neighbour() -> None:
    torch.manual_seed(time.time_ns() % 2**63)
    values = torch.randn(300) * torch.logspace(-20, 20, 300)
    draws = torch.stack([round_stochastically(values).float() for _ in range(DRAWS)])
    low, high = neighbours(values)
    assert ((draws == low) | (draws == high)).all()
    gap = (high - low).abs().double()
    off = (draws.double().mean(dim=0) - values).abs() / gap
    # The mean of so many coins is off by more than 5 of its deviations once in 1.7 million.
    assert off.max() < 5 * 0.5 / math.sqrt(DRAWS)


def test_what_bf16_can_hold_stays_as_it_is_and_so_does_what_is_no_number() -> None:
    exact = torch.tensor([0.0, -0.0, 1.0, -3.5, 2.0**-130, torch.inf, -torch.inf])
    assert torch.equal(round_stochastically(exact).float(), exact)
    of_a_cpu_and_a_gpu = torch.tensor([-(1 << 22), 0x7FFFFFFF], dtype=torch.int32)
    assert round_stochastically(of_a_cpu_and_a_gpu.view(torch.float32)).isnan().all()


@pytest.mark.parametrize("name", ["AdamW", "SGD"])
@pytest.mark.parametrize("decay", [None, 0.3])
def test_many_small_steps_go_as_far_as_in_fp32(name: str, decay: float | None) -> None:
    """Steps of which bf16 rounded to the nearest would lose every one."""
    torch.manual_seed(time.time_ns() % 2**63)
    grads = torch.randn(64, 200).sign() * 0.5

    def moved(kind: torch.dtype, *, stochastic: bool) -> torch.Tensor:
        module = torch.nn.Linear(200, 64, bias=False).to(kind)
        torch.nn.init.ones_(module.weight)
        optimizer = make_optimizer(name, Weights(module), 1e-4, decay, stochastic=stochastic)
        for _ in range(200):
            module.weight.grad = grads.to(kind)
            optimizer.step()
        assert module.weight.dtype == kind
        return module.weight.detach().float() - 1

    exact = moved(torch.float32, stochastic=False)
    rounded = moved(torch.bfloat16, stochastic=True)
    assert not moved(torch.bfloat16, stochastic=False).any()
    for up in (True, False):
        wanted = exact[(grads < 0) == up].mean()
        assert rounded[(grads < 0) == up].mean() == pytest.approx(wanted.item(), rel=0.1)


def qwen3_1_7b(layers: int) -> torch.nn.ParameterList:
    """Weights and gradients of Qwen3-1.7B's shapes, without numbers."""
    block = [(2048, 2048), (1024, 2048), (1024, 2048), (2048, 2048), (128,), (128,), (2048,)]
    block += [(6144, 2048), (6144, 2048), (2048, 6144), (2048,)]
    shapes = [(151_936, 2048), *(block * layers), (2048,)]
    weights = [torch.empty(shape, dtype=torch.bfloat16, device="meta") for shape in shapes]
    for weight in (held := torch.nn.ParameterList(weights)):
        weight.grad = torch.empty_like(weight)
    return held


def test_an_update_of_a_large_model_holds_little_for_a_moment_and_asks_for_few_kernels() -> None:
    """It was 31 bytes a weight of the largest matrix, 9.6 GB, in 43 kernels a matrix."""
    held = qwen3_1_7b(layers=2)
    weights = Weights(held)
    optimizer = make_optimizer("AdamW", weights, 1e-4, stochastic=True)
    optimizer.step()  # makes the moments
    with Kernels("meta") as asked:
        optimizer.step()
    count = sum(weight.numel() for weight in held)
    pieces = sum(math.ceil(weight.numel() / PIECE) for weight in held)
    sizes = [weight.nbytes for weight in held]
    assert (
        asked.held.most <= temporary_bytes("AdamW", Stepping.ROUNDED, sizes, 2, decays=True) < 0.4e9
    )
    assert pieces == 19 + 22 + 1
    assert asked.count == 32 * pieces
    assert asked.bytes <= 275 * count


def test_pieces_draw_what_the_whole_would(monkeypatch: pytest.MonkeyPatch) -> None:
    grads = torch.randn(30, 7)

    def updated() -> torch.Tensor:
        module = torch.nn.Linear(7, 30, bias=False).bfloat16()
        torch.nn.init.ones_(module.weight)
        module.weight.grad = grads.bfloat16()
        torch.manual_seed(3)
        make_optimizer("SGD", Weights(module), 1e-3, stochastic=True).step()
        return module.weight.detach()

    whole = updated()
    assert len(whole.unique()) > 1
    for piece in (209, 64, 1):
        monkeypatch.setattr(stochastic_rounding, "PIECE", piece)
        assert torch.equal(updated(), whole)


@pytest.mark.parametrize("name", ["AdamW", "SGD"])
def test_weights_that_do_not_lie_in_one_piece_are_updated_too(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(stochastic_rounding, "PIECE", 50)
    together, grads = torch.ones(40, 60).bfloat16(), torch.randn(20, 40).bfloat16()
    for held in (together.t()[:20], together[:20, 10:50], torch.ones(20, 40).bfloat16()):
        module = torch.nn.ParameterList([torch.nn.Parameter(held)])
        module[0].grad = grads.t().contiguous().t()
        make_optimizer(name, Weights(module), 0.5, 0.1, stochastic=True).step()
        exact = torch.nn.ParameterList([torch.ones(20, 40)])
        exact[0].grad = grads.float()
        make_optimizer(name, Weights(exact), 0.5, 0.1).step()
        assert torch.allclose(held.float(), exact[0], rtol=2**-7, atol=1e-4)
        held.fill_(1)


def run(engine: Engine, folder: Path, precision: str) -> list[float]:
    engine.load_model(ModelChoice(str(folder), "cpu", precision))
    reports = engine.train(TrainSettings(items=40, epochs=3, lr=1e-4))
    return [report.loss for report in reports if isinstance(report, StepReport)]


@pytest.mark.long
def test_a_loop_learns_as_in_fp32_and_again_to_the_same_bits(
    engine: Engine, model_folder: Callable[[str], Path]
) -> None:
    folder = model_folder("Qwen3")
    falls = []
    for precision in ("fp32", "bf16-sr"):
        losses = run(engine, folder, precision)
        falls.append(losses[0] - losses[-1])
    weights = weights_of(engine.learner.model)
    assert {weight.dtype for weight in weights} == {torch.bfloat16}
    assert falls[1] == pytest.approx(falls[0], rel=0.25)
    run(engine, folder, "bf16-sr")
    assert_same_bits(engine.learner.model.parameters(), weights)
