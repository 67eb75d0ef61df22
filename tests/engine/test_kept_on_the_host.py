"""What is kept of a model on an accelerator is on the host, and comes there beside its work.

There is none here: its CPU stands in for one, and fake tensors for those on a card.
"""

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode

from tests.engine.bits import Bits
from tests.known import each
from tests.models import NOTEBOOK_TEXT
from tui_trainer.engine import kept_memory
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.kept_memory import lay_out
from tui_trainer.engine.optimizers.state import copy_state, put_state, take_state
from tui_trainer.engine.weights import Weights
from tui_trainer.settings.model import ModelChoice

CARD = torch.device("cuda")


class StandIn:
    """An accelerator that tells in which order it was asked for what."""

    pins = False

    def __init__(self) -> None:
        self.asked: list[str] = []

    @contextmanager
    def beside(self) -> Iterator[None]:
        self.asked.append("copy")
        yield

    def record(self) -> "StandIn":
        return self

    def wait(self) -> None:
        self.asked.append("wait")


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """From here on a model on the CPU has what is kept of it elsewhere."""
    device = StandIn()
    for module in "kept_memory", "optimizers.state":
        monkeypatch.setattr(f"tui_trainer.engine.{module}.is_apart", lambda _: True)
    monkeypatch.setattr(kept_memory, "accelerator", lambda _: device)
    monkeypatch.setattr(kept_memory, "PIECE", 1000)  # of the embedding's 6,400
    return device


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("ahead", [False, True])
def test_undo_and_redo_give_the_same_bits(
    engine: Engine,
    stand_in: StandIn,
    model_folder: Callable[[str], Path],
    precision: str,
    ahead: bool,
) -> None:
    engine.load_model(ModelChoice(str(model_folder("GPT2")), "cpu", precision))
    states, moved = [Bits(engine)], []
    for lr in (1e-3, 1e-2, 1e-5):
        engine.set_lr(lr)
        moved.append(engine.update(NOTEBOOK_TEXT).moved)
        if ahead:
            engine.prepare_undo()
        states.append(Bits(engine))
    pairs = zip(states[2].weights, states[3].weights, strict=True)
    assert moved[-1] == sum(int((old != new).sum()) for old, new in pairs) > 0
    assert engine.moved().total.moved == moved[-1]
    for _ in range(2):
        for back in (2, 1, 0):
            engine.undo()
            now = Bits(engine)
            now.plain = states[back].plain
            now.assert_equal(states[back])
        for forth in (1, 2, 3):
            engine.redo()
            Bits(engine).assert_equal(states[forth])
    forks = engine.fork(NOTEBOOK_TEXT)
    Bits(engine).assert_equal(states[3])
    assert forks[1].loss == engine.update(NOTEBOOK_TEXT).loss


def told(asked: list[str], name: str, function: Callable[..., object]) -> Callable[..., object]:
    """The function, which tells that it was called."""

    def call(*arguments: object, **keywords: object) -> object:
        asked.append(name)
        return function(*arguments, **keywords)

    return call


def test_the_optimizer_steps_when_the_copies_are_made(
    qwen3: Engine, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    qwen3.update(NOTEBOOK_TEXT)
    asked = stand_in.asked
    adam = importlib.import_module("torch.optim.adam")  # torch.optim hides it
    for owner, name in (Tensor, "backward"), (adam, "adam"):
        monkeypatch.setattr(owner, name, told(asked, name, getattr(owner, name)))
    asked.clear()
    qwen3.update(NOTEBOOK_TEXT)
    # The state's copy and that of the weights begin, and go on while the passes are made.
    assert asked == ["copy", "copy", "backward", "wait", "wait", "adam"]


class OnTheCard(TorchDispatchMode):
    """The largest tensor that anything makes on the card, in values."""

    largest = 0

    def __torch_dispatch__(
        self,
        func: torch._ops.OpOverload,
        types: object,
        args: tuple[object, ...] = (),
        kwargs: dict[str, object] | None = None,
    ) -> object:
        made = func(*args, **(kwargs or {}))
        is_new = not func.is_view and all(made is not given for given in args)
        if is_new and isinstance(made, Tensor) and made.device.type == "cuda":
            self.largest = max(self.largest, made.numel())
        return made


def test_no_copy_of_the_weights_or_the_moments_is_on_the_card(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kept_memory, "accelerator", lambda _: StandIn())
    monkeypatch.setattr(kept_memory, "PIECE", 1000)
    with FakeTensorMode(allow_non_fake_inputs=True), OnTheCard() as seen:
        model = nn.Module()
        model.weight = nn.Parameter(torch.empty(300, 100, device=CARD))
        optimizer = torch.optim.AdamW(model.parameters(), foreach=False)
        weights = Weights(model)
        for parameter in model.parameters():
            parameter.grad = torch.zeros_like(parameter)
        optimizer.step()
        seen.largest = 0
        copy, state = weights.copy(), copy_state(optimizer.state, None)
        assert {t.device.type for t in copy} == {"cpu"}
        with pytest.raises(RuntimeError):  # their count, asked of no real card
            weights.turn_into_difference(copy)
        weights.add_difference(copy)
        assert 0 < seen.largest <= 1000
        after = take_state(optimizer)
        assert seen.largest <= 1000
        assert not optimizer.state
        put_state(optimizer, state)
        held = optimizer.state[model.weight]["exp_avg"]
        assert isinstance(held, Tensor)
        assert held.device.type == "cuda"
        assert {t.device.type for t in each(Tensor, after.values[model.weight].values())} == {"cpu"}
        assert {device.type for device in after.devices} == {"cpu", "cuda"}


def test_pinned_blocks_hold_little_more_than_what_they_are_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    blocks = []

    def pinned(size: int) -> Tensor:
        blocks.append(size)
        return torch.empty(size, dtype=torch.uint8, device="meta")

    monkeypatch.setattr(kept_memory, "pinned_block", pinned)
    monkeypatch.setattr(StandIn, "pins", True)
    monkeypatch.setattr(kept_memory, "accelerator", lambda _: StandIn())
    monkeypatch.setattr(kept_memory, "is_apart", lambda _: True)
    layer = [(2048, 2048), (1024, 2048), (1024, 2048), (2048, 2048)] + 3 * [(6144, 2048)]
    shapes = [(151_936, 2048), *(28 * layer), (2048,), ()]
    like = [torch.empty(shape, device="meta") for shape in shapes]
    laid = lay_out(like)
    assert [t.shape for t in laid] == [t.shape for t in like]
    assert all(size & (size - 1) == 0 for size in blocks)
    assert sum(blocks) < 1.05 * sum(t.nbytes for t in like)
    assert not any(t.storage_offset() * t.element_size() % kept_memory.ALIGNMENT for t in laid)
