"""The chunked loss and its gradients are those of plain cross entropy over all logits."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypedDict

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import (
    AutoModelForCausalLM,
    CohereConfig,
    Gemma2Config,
    GraniteConfig,
    PreTrainedConfig,
)

from tests.known import present
from tests.models import ARCHITECTURES
from tui_trainer.engine.data.batching import IGNORED, labelled_positions
from tui_trainer.engine.ways import chunked_loss
from tui_trainer.engine.ways.chunked_loss import chunk_positions, chunked_losses, is_plain_head
from tui_trainer.engine.ways.fp32_sums import (
    add_copies,
    add_in_place,
    first_that_adds,
    multiply_in_fp32,
    product_adder,
)

ROWS, POSITIONS, WIDTH, VOCABULARY = 2, 37, 24, 211


class Sizes(TypedDict):
    vocab_size: int
    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int


SMALL: Sizes = {
    "vocab_size": 300,
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
}


@pytest.fixture(autouse=True)
def fresh_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other random inputs in each run, and chunks of ten positions."""
    monkeypatch.setattr(chunked_loss, "CHUNK_NUMBERS", 10 * VOCABULARY + 5)
    torch.manual_seed(time.time_ns() % 2**63)


def random_inputs(*, ignored: float) -> tuple[Tensor, Tensor, Tensor]:
    """Hidden states, labels of which some are ignored, and shares of which some are 0."""
    hidden = torch.randn(ROWS, POSITIONS, WIDTH, requires_grad=True)
    labels = torch.randint(0, VOCABULARY, (ROWS, POSITIONS))
    labels[torch.rand(labels.shape) < ignored] = IGNORED
    shares = torch.rand(labels.shape) * (torch.rand(labels.shape) < 0.7)
    return hidden, labels, shares


def plain_losses(
    hidden: Tensor, head: nn.Linear, labels: Tensor, shares: Tensor
) -> tuple[Tensor, Tensor]:
    logits = head(hidden).float().flatten(0, 1)
    losses = F.cross_entropy(logits, labels.flatten(), ignore_index=IGNORED, reduction="none")
    return (losses * shares.flatten()).sum(), losses.view(labels.shape)


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("ignored", [0.0, 0.3, 1.0])
def test_losses_and_gradients_are_those_of_all_logits(bias: bool, ignored: float) -> None:
    hidden, labels, shares = random_inputs(ignored=ignored)
    head = nn.Linear(WIDTH, VOCABULARY, bias=bias)
    inputs = [hidden, *head.parameters()]
    plain, plain_each = plain_losses(hidden, head, labels, shares)
    expected = torch.autograd.grad(3 * plain, inputs)
    loss, each = chunked_losses(hidden, head, labels, labelled_positions(labels), shares)
    found = torch.autograd.grad(3 * loss, inputs)
    assert not each.requires_grad
    torch.testing.assert_close(loss, plain, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(each, plain_each.detach(), rtol=1e-5, atol=1e-5)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_logits_far_from_zero_neither_overflow_nor_lose_the_label() -> None:
    hidden, labels, shares = random_inputs(ignored=0.1)
    head = nn.Linear(WIDTH, VOCABULARY, bias=False)
    with torch.no_grad():
        head.weight *= 1e3
    plain, _ = plain_losses(hidden, head, labels, shares)
    loss, _ = chunked_losses(hidden, head, labels, labelled_positions(labels), shares)
    torch.testing.assert_close(loss, plain, rtol=1e-5, atol=1e-5)


def test_under_autocast_the_matrices_are_bf16_and_the_loss_fp32() -> None:
    hidden, labels, shares = random_inputs(ignored=0.1)
    head = nn.Linear(WIDTH, VOCABULARY, bias=False)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        plain, _ = plain_losses(hidden, head, labels, shares)
        loss, each = chunked_losses(hidden, head, labels, labelled_positions(labels), shares)
    expected = torch.autograd.grad(plain, [hidden, head.weight])
    found = torch.autograd.grad(loss, [hidden, head.weight])
    assert loss.dtype == each.dtype == found[1].dtype == torch.float32
    torch.testing.assert_close(loss, plain, rtol=1e-4, atol=1e-4)
    for one, other in zip(found, expected, strict=True):
        assert (one - other).norm() < 0.02 * other.norm()


def in_bf16(total: Tensor, one: Tensor, other: Tensor) -> None:
    """As a kernel of CUDA: bf16 goes in, products are added in fp32, a few positions at a time."""
    assert one.dtype == other.dtype == torch.bfloat16
    for columns, rows in zip(one.split(4, dim=1), other.split(4), strict=True):
        total += (columns[:, :, None].float() * rows[None].float()).sum(dim=1)


def test_products_that_add_in_fp32_give_the_gradient_of_products_in_fp32(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The sums alone are rounded, in another order: far less than the bf16 that goes in."""
    hidden, labels, shares = random_inputs(ignored=0.1)
    head = nn.Linear(WIDTH, VOCABULARY, bias=False)

    def gradients() -> tuple[Tensor, ...]:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss, _ = chunked_losses(hidden, head, labels, labelled_positions(labels), shares)
        return torch.autograd.grad(loss, [hidden, head.weight])

    plain = gradients()
    monkeypatch.setattr(chunked_loss, "product_adder", lambda *_: in_bf16)
    found = gradients()
    loss, _ = plain_losses(hidden, head, labels, shares)
    exact = torch.autograd.grad(loss, [hidden, head.weight])
    assert torch.equal(found[0], plain[0])
    of_bf16 = (plain[1] - exact[1]).norm()
    assert (found[1] - plain[1]).norm() < 0.1 * of_bf16


def cuda_addmm(
    total: Tensor, one: Tensor, other: Tensor, *, out_dtype: torch.dtype, out: Tensor
) -> Tensor:
    assert one.dtype == other.dtype
    assert out_dtype == total.dtype == torch.float32
    return out.copy_(total + one.float() @ other.float())


def older_addmm(total: Tensor, one: Tensor, other: Tensor, **_: object) -> Tensor:
    raise RuntimeError("self and mat2 must have the same dtype, but got Float and BFloat16")


def cuda_mm(one: Tensor, other: Tensor, *, out_dtype: torch.dtype) -> Tensor:
    return (one.float() @ other.float()).to(out_dtype)


def test_the_way_of_adding_is_the_quickest_that_torch_and_the_device_have(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ways, kind, cpu = (add_in_place, add_copies), torch.bfloat16, torch.device("cpu")
    assert first_that_adds(ways, cpu, kind) is multiply_in_fp32  # a CPU has neither
    with monkeypatch.context() as patch:
        patch.setattr(torch, "mm", cuda_mm)
        patch.setattr(torch, "addmm", older_addmm)
        assert first_that_adds(ways, cpu, kind) is add_copies
        patch.setattr(torch, "addmm", cuda_addmm)
        assert first_that_adds(ways, cpu, kind) is add_in_place
        patch.setattr(torch, "addmm", lambda total, *_, **__: total)  # says nothing, adds nothing
        assert first_that_adds(ways, cpu, kind) is add_copies
    assert product_adder(cpu, kind) is product_adder(cpu, torch.float32) is multiply_in_fp32


@pytest.mark.parametrize(
    ("device", "vocabulary", "positions"),
    [
        ("cpu", 150_000, 2**24 // 150_000),
        ("cuda", 151_936, 2048),
        ("cuda", 400, 2048),
        ("xpu", 262_144, 1280),
        ("mps", 1_000_000, 1024),
    ],
)
def test_chunks_on_an_accelerator_are_thick(
    monkeypatch: pytest.MonkeyPatch, device: str, vocabulary: int, positions: int
) -> None:
    monkeypatch.setattr(chunked_loss, "CHUNK_NUMBERS", 2**24)
    assert chunk_positions(torch.device(device), vocabulary) == positions


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_models_gradients_are_those_of_its_own_logits(
    model_folder: Callable[[str], Path], architecture: str
) -> None:
    """GPT-2's `lm_head` is its embedding, as Llama's here is: the gradient has both parts."""
    model = AutoModelForCausalLM.from_pretrained(model_folder(architecture)).eval()
    assert is_plain_head(model)
    ids = torch.randint(0, 300, (2, 40))
    labels = torch.cat([ids[:, 1:], ids.new_full((2, 1), IGNORED)], dim=1)
    shares = torch.full(labels.shape, 1 / 78)

    plain = F.cross_entropy(model(ids).logits.flatten(0, 1), labels.flatten())
    plain.backward()
    expected = [present(parameter.grad).clone() for parameter in model.parameters()]
    model.zero_grad()
    hidden = model.base_model(ids).last_hidden_state
    loss, _ = chunked_losses(
        hidden, model.get_output_embeddings(), labels, labelled_positions(labels), shares
    )
    loss.backward()
    torch.testing.assert_close(loss, plain, rtol=1e-5, atol=1e-6)
    for parameter, grad in zip(model.parameters(), expected, strict=True):
        torch.testing.assert_close(parameter.grad, grad, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize(
    "config",
    [
        Gemma2Config(**SMALL, head_dim=8, final_logit_softcapping=0.01),
        Gemma2Config(
            **SMALL, head_dim=8, final_logit_softcapping=50.0
        ),  # straight near zero, where all are
        GraniteConfig(**SMALL, logits_scaling=4.0),
        CohereConfig(**SMALL, logit_scale=0.5),
    ],
    ids=["Gemma2", "Gemma2 as it is", "Granite", "Cohere"],
)
def test_logits_that_are_bent_or_scaled_are_noticed(config: PreTrainedConfig) -> None:
    assert not is_plain_head(AutoModelForCausalLM.from_config(config).eval())
