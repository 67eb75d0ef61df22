"""The training cell: exactly the notebook's, and nothing lost where it fails."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from tests.engine.bits import Bits
from tests.engine.notebook import Notebook, assert_same_bits, weights_of
from tests.failing import failing_at
from tests.known import present
from tests.models import NOTEBOOK_TEXT
from tui_trainer.builtin import MODEL_FOLDER
from tui_trainer.engine.engine import Engine
from tui_trainer.errors import InputError
from tui_trainer.settings.model import ModelChoice


def test_losses_and_weights_equal_those_of_the_notebooks_cell(engine: Engine) -> None:
    engine.load_model(ModelChoice("builtin", "cpu", "fp32"))
    notebook = Notebook(MODEL_FOLDER)
    for number in range(1, 4):
        report = engine.update(NOTEBOOK_TEXT)
        assert report.update == number
        assert report.loss == pytest.approx(notebook.cell(NOTEBOOK_TEXT), rel=1e-5)
    assert_same_bits(engine.learner.model.parameters(), notebook.model.parameters())


@pytest.mark.parametrize("architecture", ["GPT2", "GPTBigCode"])
def test_the_same_dropout_is_drawn_as_in_the_notebook(
    engine: Engine, model_folder: Callable[[str], Path], architecture: str
) -> None:
    engine.load_model(ModelChoice(str(model_folder(architecture)), "cpu", "fp32"))
    notebook = Notebook(model_folder(architecture))
    torch.manual_seed(7)
    expected = notebook.loop([NOTEBOOK_TEXT] * 3)
    torch.manual_seed(7)
    losses = [engine.update(NOTEBOOK_TEXT).loss for _ in range(3)]
    assert losses == pytest.approx(expected, rel=1e-5)
    assert_same_bits(engine.learner.model.parameters(), notebook.model.parameters())


def test_pure_bf16_is_the_notebooks_too(
    engine: Engine, model_folder: Callable[[str], Path]
) -> None:
    engine.load_model(ModelChoice(str(model_folder("Qwen3")), "cpu", "bf16"))
    notebook = Notebook(model_folder("Qwen3"), torch.bfloat16)
    ids = engine.learner.input_ids(NOTEBOOK_TEXT)
    logits = notebook.model(ids).logits
    loss = F.cross_entropy(logits[0, :-1].float(), ids[0, 1:])
    assert engine.update(NOTEBOOK_TEXT).loss == pytest.approx(loss.item(), rel=1e-5)


def test_mixed_computes_in_bf16_over_fp32_weights(
    engine: Engine, model_folder: Callable[[str], Path]
) -> None:
    engine.load_model(ModelChoice(str(model_folder("Qwen3")), "cpu", "mixed"))
    model = engine.learner.model
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    ids = engine.learner.input_ids(NOTEBOOK_TEXT)
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        logits = model(ids).logits
    assert logits.dtype == torch.bfloat16
    expected = F.cross_entropy(logits[0, :-1].float(), ids[0, 1:]).item()
    assert engine.update(NOTEBOOK_TEXT).loss == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_moved_weights_are_those_whose_stored_value_changed(engine: Engine, precision: str) -> None:
    engine.load_model(ModelChoice("builtin", "cpu", precision))
    model = engine.learner.model
    shares = []
    for _ in range(2):
        before = weights_of(model)
        report = engine.update(NOTEBOOK_TEXT)
        pairs = zip(before, model.parameters(), strict=True)
        assert report.moved == sum(int((old != new).sum()) for old, new in pairs)
        shares.append(report.moved / report.parameters)
    # A step of about 1e-5 is lost to rounding for a bf16 weight beyond 0.004.
    assert min(shares) > 0.9 if precision == "fp32" else max(shares) < 0.5


def test_predictions_before_and_after_are_those_of_the_model(qwen3: Engine) -> None:
    before = qwen3.predict(NOTEBOOK_TEXT, 3)
    qwen3.set_lr(0.01)
    report = qwen3.update(NOTEBOOK_TEXT)
    assert report.after == qwen3.predict(NOTEBOOK_TEXT, 3)
    assert report.before.loss == pytest.approx(before.loss)
    assert present(report.after.loss) < present(report.before.loss)
    assert [p.top[0].id for p in report.before.positions] == [p.top[0].id for p in before.positions]
    assert report.lr == 0.01


def test_the_gradient_norm_is_over_all_gradients_together(qwen3: Engine) -> None:
    learner = qwen3.learner
    ids = learner.input_ids(NOTEBOOK_TEXT)
    F.cross_entropy(learner.model(ids).logits[0, :-1], ids[0, 1:]).backward()
    gradients = torch.cat([present(p.grad).flatten() for p in learner.model.parameters()])
    learner.model.zero_grad()
    assert qwen3.update(NOTEBOOK_TEXT).grad_norm == pytest.approx(gradients.norm().item())


@pytest.mark.parametrize(("precision", "close"), [("fp32", 1e-4), ("bf16", 1e-2)])
def test_the_gradient_norms_by_layer_are_those_of_plain_torch(
    engine: Engine, precision: str, close: float
) -> None:
    engine.load_model(ModelChoice("builtin", "cpu", precision))
    model = engine.learner.model
    ids = engine.learner.input_ids(NOTEBOOK_TEXT)
    F.cross_entropy(model(ids).logits[0, :-1].float(), ids[0, 1:]).backward()
    layers: dict[str, list[torch.Tensor]] = {}
    for name, parameter in model.named_parameters():
        gradient = present(parameter.grad).flatten().double()
        parts = name.removeprefix("model.").split(".")
        layer = ".".join(parts[:2]) if parts[0] == "layers" else parts[0]
        layers.setdefault(layer, []).append(gradient)
    model.zero_grad()
    report = engine.update(NOTEBOOK_TEXT)
    told = {layer.name: layer.norm for layer in report.gradients}
    assert list(told) == list(layers)
    for name, gradients in layers.items():
        assert told[name] == pytest.approx(torch.cat(gradients).norm().item(), rel=close)
    assert math.hypot(*told.values()) == pytest.approx(report.grad_norm, rel=close)


def test_nothing_is_left_after_an_update_but_the_weights(qwen3: Engine) -> None:
    qwen3.update(NOTEBOOK_TEXT)
    model = qwen3.learner.model
    assert all(parameter.grad is None for parameter in model.parameters())
    assert not model.training


def test_one_token_has_no_label_and_says_so(qwen3: Engine) -> None:
    with pytest.raises(InputError, match="One token has no label, since its label is the token"):
        qwen3.update("def")
    assert present(qwen3.status()).updates == 0


def test_updates_go_on_with_what_was_changed_between_them(qwen3: Engine) -> None:
    updates = qwen3.updates(NOTEBOOK_TEXT)
    assert next(updates).lr == 1e-5
    qwen3.set_lr(0.5)
    qwen3.set_optimizer("SGD")
    report = next(updates)
    assert (report.update, report.lr, report.optimizer) == (2, 0.5, "SGD")


NO_MEMORY = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


class Faults:
    """Makes one call in the training cell run out of memory."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch

    def in_the_loss(self) -> None:
        self.monkeypatch.setattr(F, "cross_entropy", self._fail)

    def at_the_end_of_the_backward_pass(self) -> None:
        backward = torch.Tensor.backward

        def fail(loss: torch.Tensor) -> None:
            backward(loss)
            self._fail()

        self.monkeypatch.setattr(torch.Tensor, "backward", fail)

    def in_the_middle_of_the_optimizers_step(self) -> None:
        third = failing_at(3, torch.Tensor.addcdiv_, NO_MEMORY)
        self.monkeypatch.setattr(torch.Tensor, "addcdiv_", third)

    def in_the_prediction_afterwards(self) -> None:
        self.monkeypatch.setattr("tui_trainer.engine.cell.update.predict_anyhow", self._fail)

    @staticmethod
    def _fail(*args: object, **keywords: object) -> None:
        raise NO_MEMORY


PLACES = [
    Faults.in_the_loss,
    Faults.at_the_end_of_the_backward_pass,
    Faults.in_the_middle_of_the_optimizers_step,
    Faults.in_the_prediction_afterwards,
]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
def test_out_of_memory_leaves_the_weights_as_they_were(
    qwen3: Engine, monkeypatch: pytest.MonkeyPatch, place: Callable[[Faults], None]
) -> None:
    learner = qwen3.learner
    qwen3.update(NOTEBOOK_TEXT)
    before = weights_of(learner.model)
    with monkeypatch.context() as patched:
        place(Faults(patched))
        with pytest.raises(torch.OutOfMemoryError):
            qwen3.update(NOTEBOOK_TEXT)
    assert_same_bits(learner.model.parameters(), before)
    assert present(qwen3.status()).updates == 1
    assert all(parameter.grad is None for parameter in learner.model.parameters())
    assert not learner.model.training
    assert qwen3.update(NOTEBOOK_TEXT).update == 2


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
def test_the_optimizer_is_as_it_was_and_so_is_what_can_be_undone(
    qwen3: Engine, monkeypatch: pytest.MonkeyPatch, place: Callable[[Faults], None]
) -> None:
    """Undo's copy of its state takes a failed update back."""
    loaded = Bits(qwen3)
    qwen3.update(NOTEBOOK_TEXT)
    before = Bits(qwen3)
    with monkeypatch.context() as patched:
        place(Faults(patched))
        with pytest.raises(torch.OutOfMemoryError):
            qwen3.update(NOTEBOOK_TEXT)
    Bits(qwen3).assert_equal(before)
    qwen3.undo()
    loaded.assert_equal(Bits(qwen3))
    qwen3.redo()
    Bits(qwen3).assert_equal(before)
