"""The kernel for all items at once, by a stand-in that computes in bf16 what it would."""

import inspect
from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import Tensor
from torch._dynamo.utils import counters
from transformers import AutoModelForCausalLM, LlamaConfig, MistralConfig, PreTrainedConfig

from tests.architectures import Sizes, tiny_config, tiny_learner
from tests.dispatched import Dispatched
from tests.engine.ways.test_chunked_loss import SMALL
from tests.engine.ways.test_item_attention import (
    ROWS_OF_LENGTHS,
    logits_and_gradients,
    packed_inputs,
)
from tests.engine.ways.varlen_stand_in import (
    OF_EVERY_TORCH,
    leaking,
    of_torch_2_13,
    old_card,
)
from tests.known import present
from tui_trainer.engine.data.examples import Example
from tui_trainer.engine.data.item_lengths import ItemLengths, item_lengths
from tui_trainer.engine.data.packing import pack
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.loop import row_attention
from tui_trainer.engine.loop.loss_pass import LossPass, make_loss_pass
from tui_trainer.engine.loop.row_attention import NO_KERNEL
from tui_trainer.engine.models import device_faults
from tui_trainer.engine.ways import item_attention
from tui_trainer.engine.ways.item_attention import attention_within_items
from tui_trainer.engine.ways.varlen_kernel import VarlenKernel, kernel_on
from tui_trainer.reports.progress import Progress
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import TrainSettings

PACKED = TrainSettings(pack=64, item_attention=True)
SMOLLM2: Sizes = {
    "hidden_size": 144,
    "head_dim": 16,
    "num_attention_heads": 9,
    "num_key_value_heads": 3,
    "num_hidden_layers": 6,
    "initializer_range": 0.04,
}
QWEN3: Sizes = {
    "hidden_size": 64,
    "head_dim": 32,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "num_hidden_layers": 4,
    "initializer_range": 0.02,
}
EXAMPLES = [Example(0, "", tuple(range(5, 5 + n)), 1, 1, False) for n in (7, 5, 9)]


def kernel_of(function: Callable[..., object]) -> VarlenKernel:
    return VarlenKernel(function, frozenset(inspect.signature(function).parameters))


def learner_of(model: str, precision: str) -> Learner:
    if model == "builtin":
        engine = Engine(Progress(lambda _: None))
        engine.load_model(ModelChoice(model, "cpu", precision))
        return engine.learner
    kind, sizes = ("llama", SMOLLM2) if model == "smollm2" else (model, QWEN3)
    return tiny_learner(kind, precision, sizes)


@pytest.mark.parametrize("function", OF_EVERY_TORCH)
@pytest.mark.parametrize(
    "config",
    [
        LlamaConfig(**SMALL, head_dim=8),
        MistralConfig(**SMALL, head_dim=8, sliding_window=6),
    ],
    ids=["Llama", "Mistral"],
)
def test_by_every_signature_it_gives_what_the_mask_gives(
    function: Callable[..., Tensor], config: PreTrainedConfig
) -> None:
    """Logits and gradients; both have two heads for one of keys and values."""
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16).eval()
    inputs = packed_inputs()
    masked = logits_and_gradients(model, inputs)
    lengths = item_lengths([n for row in ROWS_OF_LENGTHS for n in row])
    with attention_within_items(model, kernel_of(function)):
        apart = logits_and_gradients(model, {**inputs, "items": lengths})
    for one, other in zip(apart, masked, strict=True):
        assert (one - other).norm() <= 0.05 * other.norm()


def test_a_scale_that_the_signature_has_no_name_for_is_multiplied_in() -> None:
    query, key, value = (torch.randn(8, 2, 16, dtype=torch.bfloat16) for _ in range(3))
    ends = torch.tensor([0, 3, 8], dtype=torch.int32)
    old, new = (
        kernel_of(function)(query, key, value, ends, 8, 0.7, None)
        for function in (OF_EVERY_TORCH[0], of_torch_2_13)
    )
    assert (old - new).norm() <= 0.02 * new.norm()


@pytest.mark.parametrize("precision", ["mixed", "bf16", "bf16-sr"])
@pytest.mark.parametrize("model", ["builtin", "smollm2", "qwen3"])
def test_what_is_right_is_taken_and_what_leaks_is_not_in_every_precision(
    model: str, precision: str
) -> None:
    learner = learner_of(model, precision)
    taken = [
        learner.checks.attends_within_items(64, kernel_of(function))
        for function in (of_torch_2_13, leaking)
    ]
    assert taken == [True, False]


def passes_with(
    monkeypatch: pytest.MonkeyPatch, kernel: VarlenKernel | None, learner: Learner
) -> LossPass:
    monkeypatch.setattr(row_attention, "kernel_on", lambda _: kernel)
    return make_loss_pass(learner, EXAMPLES, PACKED)


@pytest.mark.parametrize("precision", ["mixed", "bf16"])
def test_under_autocast_the_kernel_is_reached_and_gets_one_type(
    monkeypatch: pytest.MonkeyPatch, precision: str
) -> None:
    """Positions are turned in fp32 there; of fp32 the stand-in would raise, as the kernel does."""
    learner = tiny_learner("llama", precision)
    forward = passes_with(monkeypatch, kernel_of(of_torch_2_13), learner)
    assert forward.attention.within_items
    assert forward.notes == ()
    batch = pack([tuple(EXAMPLES)], 0, None)
    with Dispatched() as dispatched:
        with learner.autocast(), forward.in_use():
            loss, _ = forward(batch, batch.counted)
        loss.backward()
    blocks = learner.model.config.num_hidden_layers
    assert dispatched.counts["varlen"] == dispatched.counts["varlen_backward"] == blocks


def test_in_fp32_each_item_attends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    forward = passes_with(monkeypatch, kernel_of(old_card), tiny_learner("llama"))
    assert (forward.attention.within_items, forward.notes) == (True, ())


def test_a_card_that_the_kernel_is_not_for_is_told_of_and_items_attend_by_themselves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    forward = passes_with(monkeypatch, kernel_of(old_card), tiny_learner("llama", "bf16"))
    assert (forward.attention.within_items, forward.attention.kernel) == (True, None)
    assert forward.notes == (NO_KERNEL.format("FlashAttention only supports Ampere GPUs or newer"),)


def test_a_kernel_that_leaks_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    forward = passes_with(monkeypatch, kernel_of(leaking), tiny_learner("llama", "bf16"))
    assert (forward.attention.within_items, forward.attention.kernel) == (True, None)
    assert forward.notes == (NO_KERNEL.format("it gives other numbers"),)


def test_an_error_of_the_device_is_no_reason_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """After it nothing runs there any more, the plain way as little."""

    def asserts(*_: Tensor, scale: float, window_size: object, enable_gqa: bool) -> Tensor:
        raise torch.AcceleratorError("CUDA error: device-side assert triggered")

    def does_nothing_more(_: torch.device) -> None:
        raise torch.AcceleratorError("CUDA error: device-side assert triggered")

    monkeypatch.setattr(device_faults, "make_it_compute", does_nothing_more)
    with pytest.raises(torch.AcceleratorError):
        passes_with(monkeypatch, kernel_of(asserts), tiny_learner("llama", "bf16"))


@pytest.mark.parametrize(
    ("capability", "has_one"), [((7, 0), False), ((7, 5), False), ((8, 0), True), ((9, 0), True)]
)
def test_it_is_chosen_by_what_the_card_can_and_not_by_a_version(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], has_one: bool
) -> None:
    from torch.nn.attention.varlen import varlen_attn  # noqa: PLC0415

    kernel_on.cache_clear()
    monkeypatch.setattr(torch, "__version__", "2.11.0")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
    kernel = kernel_on(torch.device("cuda", 3))
    kernel_on.cache_clear()
    assert (kernel is not None) == has_one
    if kernel is not None:
        assert kernel.attend is varlen_attn
        assert {"max_q", "scale", "window_size", "enable_gqa"} <= kernel.parameters
    assert kernel_on(torch.device("cpu")) is None


def test_torchs_own_function_takes_what_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """On tensors that are shapes alone, forward and backward; whoever asks them for a number
    raises."""
    monkeypatch.setattr(item_attention, "_computed_in", lambda value: value.dtype)  # no autocast
    from torch.nn.attention.varlen import varlen_attn  # noqa: PLC0415

    config = tiny_config("qwen3")
    with (
        torch.device("meta"),
        attention_within_items(
            model := AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16),
            kernel_of(varlen_attn),
        ),
    ):
        tokens = torch.zeros(2, 64, dtype=torch.long)
        items = ItemLengths((30, 34, 64), torch.zeros(4, dtype=torch.int32))
        hidden = model.base_model(
            input_ids=tokens, position_ids=tokens, items=items, use_cache=False
        ).last_hidden_state
        hidden.sum().backward()
    assert hidden.shape == (2, 64, config.hidden_size)
    assert all(present(p.grad).dtype == torch.bfloat16 for p in model.base_model.parameters())


LENGTHS = [7, 5, 9], [20, 3], [4, 4, 4, 4, 4], [31], [16, 15, 2], [6, 40, 11, 3]


@pytest.mark.parametrize(
    ("precision", "backend"),
    [("mixed", "eager"), pytest.param("bf16", "aot_eager", marks=pytest.mark.long)],
)
def test_the_compiler_reads_one_block_once_for_rows_of_every_shape(
    monkeypatch: pytest.MonkeyPatch, precision: str, backend: str
) -> None:
    """One graph, without a break, for all blocks and rows."""
    learner = tiny_learner("qwen3", precision)
    torch._dynamo.reset()
    counters.clear()
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend=backend))
    monkeypatch.setattr(row_attention, "kernel_on", lambda _: kernel_of(of_torch_2_13))
    settings = TrainSettings(pack=64, item_attention=True, compiled=True)
    forward = make_loss_pass(learner, EXAMPLES, settings)
    assert forward.notes == ()
    for lengths in LENGTHS:
        row = tuple(Example(0, "", tuple(range(5, 5 + n)), 1, 1, False) for n in lengths)
        batch = pack([row], 0, None)
        with learner.autocast(), forward.in_use():
            loss, _ = forward(batch, batch.counted)
        loss.backward()
    assert not counters["graph_break"], counters["graph_break"]
    assert counters["stats"]["unique_graphs"] == 1
