"""What a GPU changes: runs where there is one."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.engine.notebook import assert_same_bits, weights_of
from tests.known import present, step_reports, the
from tests.models import NOTEBOOK_TEXT
from tui_trainer.engine import nvml
from tui_trainer.engine.accelerator import accelerator, receive
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.models.devices import list_devices
from tui_trainer.engine.optimizers.stochastic_rounding import adamw_piece, adamw_update
from tui_trainer.engine.random_numbers import get_rng, set_rng
from tui_trainer.engine.tf32 import tf32
from tui_trainer.engine.ways.fp32_sums import multiply_in_fp32, product_adder
from tui_trainer.reports.steps import StepReport
from tui_trainer.settings.evaluation import EvaluationSettings
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.presets import TUNED
from tui_trainer.settings.train import TrainSettings

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device"),
]


def test_losses_on_a_card_are_those_on_a_cpu(engine: Engine) -> None:
    losses = []
    for device in "cpu", "cuda":
        status = engine.load_model(ModelChoice("builtin", device, "fp32"))
        assert status.model.device.startswith(device)
        losses.append([step.loss for step in step_reports(engine.train(TrainSettings(items=5)))])
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)


@pytest.mark.parametrize("precision", ["fp32", "mixed", "bf16"])
def test_an_update_counts_the_weights_that_moved(
    engine: Engine, model_folder: Callable[[str], Path], precision: str
) -> None:
    engine.load_model(ModelChoice(str(model_folder("Qwen3")), "cuda", precision))
    model = engine.learner.model
    before = weights_of(model)
    report = engine.update(NOTEBOOK_TEXT)
    pairs = zip(before, model.parameters(), strict=True)
    assert report.moved == sum(int((old != new).sum()) for old, new in pairs) > 0
    engine.reload()
    assert_same_bits(model.parameters(), before)


@pytest.mark.parametrize("precision", ["fp32", "bf16-sr"])
def test_undo_takes_no_memory_of_the_card_and_gives_the_same_bits(
    engine: Engine, precision: str
) -> None:
    """What is kept is pinned on the host, and was copied before the optimizer wrote it."""
    engine.load_model(ModelChoice("builtin", "cuda", precision))
    weights, states, held = engine.learner.weights, [], []
    for _ in range(3):
        states.append(weights_of(engine.learner.model))
        engine.update(NOTEBOOK_TEXT)
        engine.prepare_undo()
        torch.cuda.synchronize(weights.device)
        held.append(torch.cuda.memory_allocated(weights.device))
    states.append(weights_of(engine.learner.model))
    assert present(engine.status()).history.undo == 3
    assert all(tensor.is_pinned() for tensor in weights.copy())
    assert held[0] == held[1] == held[2]  # weights and moments
    for back in (2, 1, 0):
        engine.undo()
        assert_same_bits(engine.learner.model.parameters(), states[back])
    for forth in (1, 2, 3):
        engine.redo()
        assert_same_bits(engine.learner.model.parameters(), states[forth])


def test_what_is_received_is_what_there_was_when_it_was_asked_for() -> None:
    """A tensor may be written over once the copy has begun; what comes after is not waited for."""
    tensors = torch.randn(1000, 1000, device="cuda"), torch.tensor(3.0, device="cuda")
    expected = [tensor.tolist() for tensor in tensors]
    arriving = receive(*tensors)
    for tensor in tensors:
        tensor.zero_()
    torch.cuda._sleep(10**9)
    found = arriving.wait()
    assert not torch.cuda.current_stream().query()
    assert [tensor.device.type for tensor in found] == ["cpu", "cpu"]
    assert [tensor.tolist() for tensor in found] == expected


def test_auto_takes_a_card_and_mixed_where_the_model_fits(engine: Engine) -> None:
    """Others may use the card, and leave less than the model needs."""
    status = engine.load_model(ModelChoice())
    card = engine.learner.device
    assert status.model.device == str(card)
    assert card.type == "cuda"
    assert status.model.precision == "mixed" or torch.cuda.mem_get_info(card)[0] < 2**31
    step = the(StepReport, next(engine.train(TrainSettings(items=1))))
    # Some of it is let go between the report and here.
    assert 0 < step.memory_bytes <= torch.cuda.max_memory_allocated(card)


def test_products_of_bf16_add_to_a_sum_in_fp32_on_a_card() -> None:
    """A thousand of them, each of which bf16 would round."""
    card = torch.device("cuda")
    one, other = (torch.randn(256, 1024, device=card).to(torch.bfloat16) for _ in range(2))
    total = torch.full((256, 256), 1e3, device=card)
    exact = total.double() + one.double() @ other.double().t()
    add_product = product_adder(card, torch.bfloat16)
    assert add_product is not multiply_in_fp32
    add_product(total, one, other.t())
    assert (total.double() - exact).norm() < 1e-5 * exact.norm()


@pytest.mark.parametrize("precision", ["mixed", "bf16", "bf16-sr"])
def test_packed_rows_attend_by_the_kernel_of_a_card_that_has_it(
    engine: Engine, precision: str
) -> None:
    if not accelerator(torch.device("cuda")).has_flash_attention():
        pytest.skip("the card is older than the kernel")
    engine.load_model(ModelChoice("builtin", "cuda", precision))
    step = the(StepReport, next(engine.train(replace(TUNED, items=30))))
    assert step.notes == ()


def test_an_update_in_bf16_sr_is_compiled_and_holds_nothing_for_a_moment(engine: Engine) -> None:
    engine.load_model(ModelChoice("builtin", "cuda", "bf16-sr"))
    card, weights = engine.learner.device, engine.learner.weights
    assert adamw_update(card) is not adamw_piece
    optimizer = engine.learner.setup.make_optimizer("AdamW", 1e-3)
    for weight in weights.trained:
        weight.grad = torch.ones_like(weight)
    optimizer.step()  # makes the moments
    held = torch.cuda.memory_allocated(card)
    torch.cuda.reset_peak_memory_stats(card)
    optimizer.step()
    assert torch.cuda.max_memory_allocated(card) - held < 2**16
    before = weights_of(engine.learner.model)
    rng, after = get_rng(card), []
    for _ in range(2):
        weights.restore([weight.to(card) for weight in before])
        for weight in weights.trained:
            weight.grad = torch.zeros_like(weight)
        fresh = engine.learner.setup.make_optimizer("AdamW", 1e-3)
        set_rng(card, rng)
        fresh.step()
        after.append(weights_of(engine.learner.model))
    assert_same_bits(*after)  # its random numbers are those of torch


def test_mixed_answers_the_same_with_weights_that_were_cast_before(engine: Engine) -> None:
    engine.load_model(ModelChoice("builtin", "cuda", "mixed"))
    assert engine.learner.checks.casts_weights_once()


def test_a_batch_of_answers_too_large_for_the_card_is_halved(engine: Engine) -> None:
    engine.load_model(ModelChoice("builtin", "cuda", "fp32"))
    card = engine.learner.device
    settings = EvaluationSettings(items=64, batch=64, max_tokens=64)
    *_, expected = engine.evaluate(settings)
    torch.cuda.empty_cache()
    total = torch.cuda.get_device_properties(card).total_memory
    room = torch.cuda.memory_reserved(card) + 2**26
    torch.cuda.set_per_process_memory_fraction(room / total, card)
    try:
        *_, found = engine.evaluate(settings)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0, card)
    assert len(found.items) == len(expected.items) == 64
    assert any("at most" in note for note in found.notes)


def test_a_text_too_large_for_the_card_leaves_the_model(engine: Engine) -> None:
    engine.load_model(ModelChoice("builtin", "cuda", "fp32"))
    card = engine.learner.device  # with several, not always the first
    before = weights_of(engine.learner.model)
    torch.cuda.empty_cache()
    total = torch.cuda.get_device_properties(card).total_memory
    held = torch.cuda.memory_reserved(card)
    torch.cuda.set_per_process_memory_fraction((held + 2**20) / total, card)
    try:
        with pytest.raises(torch.OutOfMemoryError):
            engine.update("hello " * 300)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0, card)
    assert_same_bits(engine.learner.model.parameters(), before)
    assert engine.update(NOTEBOOK_TEXT).update == 1


def test_looking_at_the_cards_makes_a_context_on_none_where_nvml_is_there() -> None:
    def with_context() -> list[bool]:
        return [has_context(n) for n in range(torch.cuda.device_count())]

    has_context = vars(torch._C)["_cuda_hasPrimaryContext"]  # of no public name
    before = with_context()
    assert any(device.name.startswith("cuda") for device in list_devices())
    assert with_context() == before or not nvml.is_there()


def test_how_full_a_card_is_is_what_torch_says_of_it(engine: Engine) -> None:
    use = present(engine.load_model(ModelChoice("builtin", "cuda", "fp32")).device_use)
    free, total = torch.cuda.mem_get_info(engine.learner.device)
    assert use.total_bytes == pytest.approx(total, rel=0.05)
    assert use.used_bytes == pytest.approx(total - free, abs=2**30)
    assert torch.cuda.memory_allocated(engine.learner.device) <= use.ours_bytes <= use.used_bytes


@pytest.mark.parametrize("on", [False, True])
def test_a_product_in_tf32_has_eleven_bits_and_one_in_fp32_has_all(on: bool) -> None:
    left, right = (torch.randn(512, 512, device="cuda") for _ in range(2))
    right_product = left.double() @ right.double()
    with tf32(on):
        error = ((left @ right).double() - right_product).norm() / right_product.norm()
    if on and accelerator(left.device).has_tf32():
        assert 1e-5 < error < 2e-3
    else:
        assert error < 2e-6
