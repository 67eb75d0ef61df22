"""What an update on Step needs is what live tensors take: counted while it is really made."""

from collections.abc import Callable
from itertools import count

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.optim import SGD, AdamW, Optimizer
from transformers import AutoModelForCausalLM, LlamaConfig, PreTrainedConfig, PreTrainedModel

from tests.architectures import tiny_config, tiny_model
from tests.live_tensors import CountedTensors
from tests.models import BYTE_LEVEL
from tui_trainer.builtin import MODEL_FOLDER
from tui_trainer.engine.memory.dry_model import DryModel
from tui_trainer.engine.memory.update_need import cell_bytes, cell_pass, lengths_around, update_need
from tui_trainer.engine.models.shapes import shape_config
from tui_trainer.engine.optimizers.step_memory import Stepping

TOKENS = 32


def smollm2_shaped() -> PreTrainedConfig:
    """Its shape, a third as wide and a tenth as deep."""
    return LlamaConfig(
        vocab_size=16_384,
        hidden_size=192,
        intermediate_size=512,
        num_hidden_layers=3,
        num_attention_heads=3,
        num_key_value_heads=1,
        tie_word_embeddings=True,
    )


def builtin() -> PreTrainedModel:
    model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(MODEL_FOLDER, dtype=torch.float32)
    return model


MODELS: dict[str, Callable[[], PreTrainedModel]] = {
    "builtin": builtin,
    "smollm2": lambda: AutoModelForCausalLM.from_config(smollm2_shaped()),
    "qwen3": lambda: AutoModelForCausalLM.from_config(BYTE_LEVEL["Qwen3"](400)),
    "gpt2": lambda: tiny_model("gpt2"),
}
"""With tied matrices and without, with biases, grouped queries, and dropout."""


@pytest.fixture(params=MODELS)
def model(request: pytest.FixtureRequest) -> PreTrainedModel:
    return MODELS[request.param]().train()


def cell(model: PreTrainedModel, optimizer: Optimizer, ids: Tensor) -> None:
    """The notebook's, as it stands there."""
    logits = model(input_ids=ids, use_cache=False).logits
    loss = F.cross_entropy(logits[0, :-1].float(), ids[0, 1:])
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()


def measured(model: PreTrainedModel, optimizer: Optimizer, tokens: int) -> tuple[int, int]:
    """The most that live tensors held in the first update and in the second, beside what was
    there before each."""
    ids = torch.arange(tokens)[None]
    found = []
    with CountedTensors() as counted:
        live = counted.live
        live.leave_out(*model.parameters(), *model.buffers())
        for _ in range(2):
            live.begin_again()
            before = live.now
            cell(model, optimizer, ids)
            found.append(live.most - before)
    return found[0], found[1]


@pytest.mark.parametrize("tokens", [8, TOKENS])
def test_an_update_needs_what_live_tensors_take(model: PreTrainedModel, tokens: int) -> None:
    need = update_need(DryModel.like(model, "fp32"), "AdamW", Stepping.ONE_BY_ONE, tokens)
    first, second = measured(model, AdamW(model.parameters()), tokens)
    assert need.most(moments_held=False) == pytest.approx(first, rel=0.05)
    assert need.most(moments_held=True) == pytest.approx(second, rel=0.05)


@pytest.mark.parametrize(
    ("stepping", "make"),
    [
        (Stepping.FOREACH, lambda weights: AdamW(weights, foreach=True)),
        (Stepping.FUSED, lambda weights: AdamW(weights, fused=True)),
        (Stepping.ONE_BY_ONE, lambda weights: SGD(weights, lr=1e-3)),
        (Stepping.FOREACH, lambda weights: SGD(weights, lr=1e-3, foreach=True)),
    ],
)
def test_so_does_each_way_of_stepping(
    stepping: Stepping, make: Callable[[list[Tensor]], Optimizer]
) -> None:
    """foreach AdamW holds the weights once more for a moment, which the fused one does not."""
    model = MODELS["smollm2"]()
    optimizer = make(list(model.parameters()))
    name = "AdamW" if isinstance(optimizer, AdamW) else "SGD"
    need = update_need(DryModel.like(model, "fp32"), name, stepping, TOKENS)
    first, second = measured(model, optimizer, TOKENS)
    assert need.most(moments_held=False) == pytest.approx(first, rel=0.05)
    assert need.most(moments_held=True) == pytest.approx(second, rel=0.05)


def test_a_length_between_those_looked_at_is_never_counted_too_low() -> None:
    dry = DryModel.of(smollm2_shaped(), "fp32")
    for tokens in (20, 100, 300):
        exact = dry.backward(cell_pass(dry.ids(1, tokens)), tokens)
        drawn = cell_bytes(dry, tokens, training=True)
        assert 0.999 * exact.most <= drawn.most <= 1.1 * exact.most
    assert len(dry.counted) == 4


def test_lengths_around() -> None:
    assert lengths_around(2, None) == (2, 2)
    assert lengths_around(3, None) == (2, 8)
    assert lengths_around(16, 128) == (8, 32)
    assert lengths_around(100, 120) == (32, 120)
    assert lengths_around(512, 2048) == (512, 512)
    assert lengths_around(3000, 2048) == (2048, 3000)  # refused elsewhere, and in one sentence


@pytest.mark.parametrize("kind", ["dbrx", "xlm"])
def test_a_model_whose_code_asks_for_numbers_is_counted_too_high(kind: str) -> None:
    model = tiny_model(kind).train()
    need = update_need(DryModel.like(model, "fp32"), "AdamW", Stepping.ONE_BY_ONE, TOKENS)
    first, _ = measured(model, AdamW(model.parameters()), TOKENS)
    assert first < need.most(moments_held=False) < 4 * first


@pytest.mark.parametrize("kind", ["mixtral", "qwen3_next", "gemma3_text"])
def test_mixtures_of_experts_and_hybrids_can_be_run_dry(kind: str) -> None:
    model = tiny_model(kind).train()
    need = update_need(DryModel.of(tiny_config(kind), "fp32"), "SGD", Stepping.ONE_BY_ONE, TOKENS)
    first, _ = measured(model, SGD(model.parameters()), TOKENS)
    assert need.most(moments_held=False) == pytest.approx(first, rel=0.05)


def test_qwen3_of_1_7_billion_weights_is_counted_without_a_weight_of_it() -> None:
    dry = DryModel.of(shape_config("qwen3-1.7b", None), "fp32")
    need = update_need(dry, "AdamW", Stepping.FUSED, 8)
    weights = sum(dry.weight_sizes)
    assert weights == 4 * 1_720_574_976
    assert need.most(moments_held=False) == pytest.approx(3 * weights, rel=0.01)
    # Beside the gradients the embedding's own, before it is added to that of the output layer.
    assert need.most(moments_held=True) > weights + 4 * 151_936 * 2048
    plain = update_need(dry, "AdamW", Stepping.FOREACH, 8)
    assert plain.most(moments_held=False) == pytest.approx(4 * weights, rel=0.01)


def test_what_was_counted_is_not_run_again() -> None:
    dry = DryModel.of(tiny_config("qwen3"), "fp32")
    runs = count()
    for key in ("one", "one", "other", "one"):
        dry.forward((key,), lambda *_: next(runs), 1)
    assert next(runs) == 2
