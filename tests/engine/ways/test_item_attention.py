"""Attention of each item on its own gives what the mask gives, forward and backward."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import torch
from torch import Tensor
from transformers import (
    AutoModelForCausalLM,
    LlamaConfig,
    MistralConfig,
    PreTrainedModel,
)

from tests.engine.ways.test_chunked_loss import SMALL
from tests.known import present
from tests.models import ARCHITECTURES
from tui_trainer.engine.data.item_lengths import item_lengths
from tui_trainer.engine.ways.item_attention import attention_within_items

ROWS_OF_LENGTHS = [5, 7, 20], [32]


def packed_inputs() -> dict[str, Tensor]:
    """Two rows of 32 tokens, of three items and of one."""
    positions = [torch.cat([torch.arange(n) for n in row]) for row in ROWS_OF_LENGTHS]
    return {"input_ids": torch.randint(0, 300, (2, 32)), "position_ids": torch.stack(positions)}


def logits_and_gradients(model: PreTrainedModel, inputs: Mapping[str, object]) -> list[Tensor]:
    model.zero_grad()
    logits = model(**inputs, use_cache=False).logits
    logits.square().mean().backward()
    return [logits.detach(), *(present(parameter.grad).clone() for parameter in model.parameters())]


def assert_same_as_with_the_mask(model: PreTrainedModel) -> None:
    torch.manual_seed(time.time_ns() % 2**63)
    inputs = packed_inputs()
    masked = logits_and_gradients(model, inputs)
    lengths = item_lengths([n for row in ROWS_OF_LENGTHS for n in row])
    with attention_within_items(model, None):
        apart = logits_and_gradients(model, {**inputs, "items": lengths})
    for one, other in zip(apart, masked, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)
    assert model.config._attn_implementation == "sdpa"


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_logits_and_gradients_are_those_with_the_mask(
    model_folder: Callable[[str], Path], architecture: str
) -> None:
    model = AutoModelForCausalLM.from_pretrained(model_folder(architecture)).eval()
    assert_same_as_with_the_mask(model)


def test_a_sliding_window_stays_one_in_a_long_item() -> None:
    model = AutoModelForCausalLM.from_config(MistralConfig(**SMALL, sliding_window=6)).eval()
    assert_same_as_with_the_mask(model)


def test_no_item_sees_another() -> None:
    model = AutoModelForCausalLM.from_config(LlamaConfig(**SMALL)).eval()
    inputs = packed_inputs()
    lengths = item_lengths([n for row in ROWS_OF_LENGTHS for n in row])
    with torch.no_grad(), attention_within_items(model, None):
        before = model(**inputs, items=lengths, use_cache=False).logits
        inputs["input_ids"][0, :5] = 7
        after = model(**inputs, items=lengths, use_cache=False).logits
    assert torch.equal(before[0, 5:], after[0, 5:])
    assert torch.equal(before[1], after[1])
    assert not torch.equal(before[0, :5], after[0, :5])
