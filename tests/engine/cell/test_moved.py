"""Which weights moved: the counts and norms of plain torch, layer by layer, in every precision."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from transformers import AutoModelForCausalLM, AutoTokenizer

from tests.engine.notebook import weights_of
from tests.known import present
from tests.models import NOTEBOOK_TEXT
from tui_trainer.builtin import MODEL_FOLDER
from tui_trainer.engine.cell import moved
from tui_trainer.engine.engine import Engine
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import TrainSettings

LR = 1e-5
Figures = tuple[int, int, float, float]
"""Values, how many changed, norm of the change, norm of the values before."""


def layer_of(name: str) -> str:
    """Of a parameter of the built-in model and the tiny Qwen3, written out."""
    name = name.removeprefix("model.").removesuffix(".weight")
    return ".".join(name.split(".")[:2]) if name.startswith("layers.") else name


def plain_figures(folder: Path, precision: str, updates: int) -> list[dict[str, Figures]]:
    """The training cell in plain torch; what each update did to each layer, in fp64."""
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)
    ids = AutoTokenizer.from_pretrained(folder)(NOTEBOOK_TEXT, return_tensors="pt").input_ids
    optimizer = torch.optim.AdamW(model.parameters(), lr=LR)
    figures = []
    for _ in range(updates):
        before = weights_of(model)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "mixed"):
            logits = model(input_ids=ids, use_cache=False).logits
        F.cross_entropy(logits[0, :-1].float(), ids[0, 1:]).backward()
        optimizer.step()
        optimizer.zero_grad()
        layers: dict[str, list[tuple[torch.Tensor, torch.Tensor]]] = {}
        for (name, now), old in zip(model.named_parameters(), before, strict=True):
            pair = old.flatten().double(), now.detach().flatten().double()
            layers.setdefault(layer_of(name), []).append(pair)
        figures.append({name: compare(pairs) for name, pairs in layers.items()})
    return figures


def compare(pairs: list[tuple[torch.Tensor, torch.Tensor]]) -> Figures:
    old, now = (torch.cat(list(side)) for side in zip(*pairs, strict=True))
    return len(old), int((old != now).sum()), (now - old).norm().item(), old.norm().item()


def told(engine: Engine) -> dict[str, Figures]:
    layers = engine.moved().layers
    return {
        x.name: (x.parameters, present(x.moved), present(x.update_norm), x.weight_norm)
        for x in layers
    }


def assert_close(figures: dict[str, Figures], expected: dict[str, Figures]) -> None:
    assert list(figures) == list(expected)
    for name, (values, changed, update, weight) in expected.items():
        assert figures[name][:2] == (values, changed)
        assert figures[name][2:] == pytest.approx((update, weight), rel=1e-5)


@pytest.mark.parametrize("precision", ["fp32", "mixed", "bf16"])
def test_every_layer_is_as_plain_torch_has_it(engine: Engine, precision: str) -> None:
    engine.load_model(ModelChoice("builtin", "cpu", precision))
    expected = plain_figures(MODEL_FOLDER, precision, 2)
    for update, figures in enumerate(expected, start=1):
        report = engine.update(NOTEBOOK_TEXT)
        assert_close(told(engine), figures)
        moved_now = engine.moved()
        assert (moved_now.update, moved_now.precision) == (update, precision)
        total = moved_now.total
        assert (total.moved, total.parameters) == (report.moved, report.parameters)
        values, changed, update_norm, weight_norm = (
            sum(f[0] for f in figures.values()),
            sum(f[1] for f in figures.values()),
            sum(f[2] ** 2 for f in figures.values()) ** 0.5,
            sum(f[3] ** 2 for f in figures.values()) ** 0.5,
        )
        assert total.share == pytest.approx(changed / values)
        assert total.ratio == pytest.approx(update_norm / weight_norm, rel=1e-5)
    # fp32 and mixed store the same kind of values; bf16 rounds most of such an update away
    share = present(total.share)
    assert share < 0.5 if precision == "bf16" else share > 0.9


def test_weights_taken_in_pieces_give_the_same_figures(
    qwen3: Engine, model_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moved, "VALUES_AT_ONCE", 100)
    qwen3.update(NOTEBOOK_TEXT)
    (expected,) = plain_figures(model_folder("Qwen3"), "fp32", 1)
    assert_close(told(qwen3), expected)


def test_it_is_known_without_memory_for_undo(
    qwen3: Engine, model_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    qwen3.set_undo_budget(0)
    expected = plain_figures(model_folder("Qwen3"), "fp32", 2)
    for figures in expected:
        qwen3.update(NOTEBOOK_TEXT)
        assert_close(told(qwen3), figures)
    # The room of the one before is written over by an update that fails
    with monkeypatch.context() as patched:
        patched.setattr(F, "cross_entropy", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            qwen3.update(NOTEBOOK_TEXT)
    assert qwen3.moved().total.moved is None


def test_after_an_undo_it_is_the_update_before(
    qwen3: Engine, model_folder: Callable[[str], Path]
) -> None:
    first, second = plain_figures(model_folder("Qwen3"), "fp32", 2)
    qwen3.update(NOTEBOOK_TEXT)
    qwen3.update(NOTEBOOK_TEXT)
    qwen3.undo()
    assert_close(told(qwen3), first)
    qwen3.redo()
    assert_close(told(qwen3), second)


def test_without_an_update_there_are_the_weights_alone(qwen3: Engine) -> None:
    weights = torch.cat([w.flatten().double() for w in weights_of(qwen3.learner.model)])
    total = qwen3.moved().total
    assert (total.moved, total.share, total.update_norm, total.ratio) == (None, None, None, None)
    assert total.parameters == len(weights)
    assert total.weight_norm == pytest.approx(weights.norm().item(), rel=1e-5)
    qwen3.update(NOTEBOOK_TEXT)
    list(qwen3.train(TrainSettings(items=1)))
    assert qwen3.moved().total.moved is None


def test_weights_that_were_all_zero_have_no_ratio(qwen3: Engine) -> None:
    with torch.no_grad():
        for parameter in qwen3.learner.model.parameters():
            parameter.zero_()
    qwen3.update(NOTEBOOK_TEXT)
    total = qwen3.moved().total
    assert (total.weight_norm, total.ratio) == (0, None)
