"""On a device that the host would wait for no mask is made: the numbers stay those of the items."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.architectures import tiny_learner
from tests.dispatched import Dispatched
from tests.engine.ways.test_model_checks import KINDS, examples_of, losses_alone, losses_in
from tests.engine.ways.test_varlen_kernel import kernel_of
from tests.engine.ways.varlen_stand_in import of_torch_2_13
from tests.known import present, step_reports
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.loop import row_attention
from tui_trainer.engine.loop.row_attention import NO_KERNEL, TOO_OLD, choose_attention
from tui_trainer.engine.loop.step_figures import StepFigures
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.presets import TUNED
from tui_trainer.settings.train import TrainSettings

WAYS = {
    "padded right": TrainSettings(batch=4),
    "padded left": TrainSettings(batch=4, padding="left"),
}


@pytest.fixture
def as_on_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_attention, "is_accelerator", lambda _: True)


@pytest.mark.usefixtures("as_on_a_device")
@pytest.mark.parametrize("kind", [*KINDS, "mistral"])
def test_without_a_mask_losses_are_those_of_the_items_alone(kind: str) -> None:
    learner = tiny_learner(kind, sizes={"sliding_window": 8} if kind == "mistral" else {})
    examples = examples_of(learner)
    alone = losses_alone(learner, examples)
    found = {way: losses_in(learner, examples, settings)[0] for way, settings in WAYS.items()}
    found["alone"] = [losses_in(learner, [each], TrainSettings())[0][0] for each in examples]
    for way, losses in found.items():
        for one, expected in zip(losses, alone, strict=True):
            assert one == pytest.approx(expected, rel=1e-3, abs=1e-4), way


@pytest.mark.usefixtures("as_on_a_device")
@pytest.mark.parametrize("kind", ["llama", "qwen3", "gpt2"])
def test_an_item_alone_has_the_same_bits_without_a_mask(kind: str) -> None:
    learner = tiny_learner(kind)
    examples = examples_of(learner)
    assert not choose_attention(learner, examples, TrainSettings()).masked
    losses, _, _ = losses_in(learner, examples[:1], TrainSettings())
    assert losses == losses_alone(learner, examples[:1])


@pytest.mark.usefixtures("as_on_a_device")
def test_a_window_shorter_than_the_items_keeps_its_mask() -> None:
    learner = tiny_learner("mistral", sizes={"sliding_window": 8})
    assert choose_attention(learner, examples_of(learner), TrainSettings()).masked


@pytest.mark.usefixtures("as_on_a_device")
def test_a_device_without_a_kernel_for_items_is_told_of() -> None:
    learner = tiny_learner("llama")
    settings = TrainSettings(pack=128, item_attention=True)
    attention = choose_attention(learner, examples_of(learner), settings)
    assert (attention.within_items, attention.kernel) == (True, None)
    assert attention.notes == (NO_KERNEL.format(TOO_OLD),)


def asked_in_a_step(
    engine: Engine, settings: TrainSettings, monkeypatch: pytest.MonkeyPatch
) -> dict[str, int]:
    """How often the host asks the device in the second step.

    What it sends is looked at on the host, and what it receives it waits for once.
    """
    dispatched = Dispatched()

    def uncounted(of: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **options: object) -> object:
            with dispatched.paused():
                return of(*args, **options)

        return call

    monkeypatch.setattr(Learner, "send", uncounted(Learner.send))
    monkeypatch.setattr(StepFigures, "receive", uncounted(StepFigures.receive))
    steps = step_reports(engine.train(settings))
    next(steps)
    state = present(engine.at_hand.training.state).optimizer.state
    dispatched.on_host = {kept["step"].data_ptr() for kept in state.values()}
    with dispatched:
        next(steps)
    assert dispatched.counts["mm"] > 0
    return dispatched.asked


LOOPS = {
    "tutorial": TrainSettings(),
    "padded right": TrainSettings(batch=3),
    "tuned": replace(TUNED, pack=400, accumulation=2),
    "tuned, with dropout": replace(TUNED, pack=400, accumulation=2, chunked_loss=False),
}


@pytest.mark.usefixtures("as_on_a_device")
@pytest.mark.parametrize(
    ("loop", "precision"), [*((loop, "mixed") for loop in LOOPS), ("tuned", "bf16-sr")]
)
def test_a_step_asks_the_device_for_nothing_but_its_losses(
    engine: Engine,
    model_folder: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
    loop: str,
    precision: str,
) -> None:
    """On a GPU the host would wait at each question, and the GPU then for the host."""
    model = "GPT2" if "dropout" in loop else "Qwen3"
    engine.load_model(ModelChoice(str(model_folder(model)), "cpu", precision))
    monkeypatch.setattr(row_attention, "kernel_on", lambda _: kernel_of(of_torch_2_13))
    assert asked_in_a_step(engine, LOOPS[loop], monkeypatch) == {}


def test_where_masks_are_made_it_is_asked(qwen3: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or the test above would find nothing because it sees nothing."""
    assert asked_in_a_step(qwen3, TrainSettings(), monkeypatch)
