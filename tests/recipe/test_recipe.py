"""The recipe at a tiny size: its schedule, its resume, and the re-scaled form of a model."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from transformers import AutoModelForCausalLM, Qwen3Config, Qwen3ForCausalLM

from tui_trainer.builtin import MODEL_FOLDER
from tui_trainer.recipe import pretrain
from tui_trainer.recipe.architecture import configuration
from tui_trainer.recipe.finished_model import export, rescale
from tui_trainer.recipe.pretrain import Plan, Progress, load_checkpoint, rate_factor, train
from tui_trainer.recipe.token_store import TokenStore
from tui_trainer.recipe.tokenizer import train_tokenizer

PLAN = Plan(seed=0, steps=6, minutes=0)


class CutOffError(Exception):
    """The machine went away."""


class Store(TokenStore):
    """Counting up and down, which a tiny model learns; cut off before the step that is named."""

    def __init__(self, cut_off: int | None = None) -> None:
        self.cut_off = cut_off

    def rows(self, seed: int, step: int, rows: int, length: int) -> NDArray[np.int64]:
        if step == self.cut_off:
            raise CutOffError
        starts = np.random.default_rng([seed, step]).integers(0, 60, (rows, 1))
        return (starts + np.arange(length)) % 60


def tiny() -> Qwen3ForCausalLM:
    torch.manual_seed(0)
    return Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=64,
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=1,
            head_dim=8,
            tie_word_embeddings=True,
        )
    )


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrain, "PASS_TOKENS", 64)
    monkeypatch.setattr(pretrain, "SHORT_ROW", 16)
    monkeypatch.setattr(pretrain, "LONG_ROW", 32)
    monkeypatch.setattr(pretrain, "CHECKPOINT_SECONDS", 0.0)


@pytest.mark.long
def test_a_resumed_run_has_the_weights_of_one_never_stopped(tmp_path: Path) -> None:
    whole, cut, resumed = tiny(), tiny(), tiny()
    train(whole, Store(), PLAN, tmp_path / "whole")
    with pytest.raises(CutOffError):
        train(cut, Store(cut_off=3), PLAN, tmp_path / "cut")
    assert load_checkpoint(tmp_path / "cut", tiny(), []).step == 3
    assert train(resumed, Store(), PLAN, tmp_path / "cut").step == 6
    for name, weight in whole.state_dict().items():
        assert torch.equal(weight, resumed.state_dict()[name]), name


@pytest.mark.long
def test_training_lowers_the_loss(tmp_path: Path) -> None:
    model, rows = tiny(), torch.from_numpy(Store().rows(9, 0, 4, 32))
    before = model(input_ids=rows, labels=rows).loss.item()
    train(model, Store(), Plan(seed=0, steps=60, minutes=0), tmp_path)
    assert model(input_ids=rows, labels=rows).loss.item() < 0.8 * before


@pytest.mark.long
def test_minutes_end_a_run_too(tmp_path: Path) -> None:
    done = train(tiny(), Store(), Plan(seed=0, steps=None, minutes=0.01), tmp_path)
    assert done.seconds >= 0.6
    assert done.step >= 1  # however slow the machine


def test_the_rate_warms_up_and_falls_to_zero() -> None:
    factors = [rate_factor(share / 100) for share in range(101)]
    assert factors[0] == pytest.approx(0.02)
    assert max(factors) == factors[2] == 1
    assert factors[2:] == sorted(factors[2:], reverse=True)
    assert factors[100] == pytest.approx(0)


def test_progress_is_a_share_of_steps_or_of_minutes() -> None:
    assert Progress(3, 30).share(PLAN) == 0.5
    assert Progress(3, 30).share(Plan(seed=0, steps=None, minutes=1)) == 0.5


def test_a_rescaled_model_has_the_same_function() -> None:
    model, ids = tiny().eval(), torch.arange(40)[None]
    matrix = model.model.layers[0].mlp.up_proj.weight.detach().clone()
    before = model(input_ids=ids).logits
    rescale(model, 16)
    assert torch.equal(model.model.layers[0].mlp.up_proj.weight, matrix / 16)
    torch.testing.assert_close(model(input_ids=ids).logits, before, rtol=1e-3, atol=1e-5)


def test_a_step_of_one_size_moves_a_rescaled_model_further() -> None:
    ids, falls = torch.arange(40)[None], []
    for scale in (1, 16):
        model = tiny()
        rescale(model, scale)
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)
        first = model(input_ids=ids, labels=ids).loss
        first.backward()
        optimizer.step()
        falls.append(first.item() - model(input_ids=ids, labels=ids).loss.item())
    assert falls[1] > 8 * falls[0] > 0


@pytest.mark.parametrize("scale", [0, -2, 3, 12])
def test_a_scale_that_would_round_is_refused(scale: int) -> None:
    with pytest.raises(ValueError, match="power of two"):
        rescale(tiny(), scale)


def test_an_exported_folder_loads_and_predicts_the_same(tmp_path: Path) -> None:
    model, ids = tiny().eval(), torch.arange(40)[None]
    before = model(input_ids=ids).logits
    export(model, MODEL_FOLDER, tmp_path / "out")
    loaded = AutoModelForCausalLM.from_pretrained(tmp_path / "out", dtype=torch.float32).eval()
    torch.testing.assert_close(loaded(input_ids=ids).logits, before, rtol=0, atol=2e-2)


def test_the_shipped_model_has_the_recipes_shape() -> None:
    shipped = Qwen3Config.from_pretrained(MODEL_FOLDER)
    made = configuration(end_of_text=0)
    for name in ("hidden_size", "num_hidden_layers", "intermediate_size", "vocab_size"):
        assert getattr(shipped, name) == getattr(made, name)


def test_the_tokenizer_learns_the_words_it_is_given() -> None:
    tokenizer = train_tokenizer(["the apples and the pears"] * 50)
    assert tokenizer.encode("the apples").tokens == ["the", "Ġapples"]
    assert tokenizer.decode(tokenizer.encode("naïve 12").ids) == "naïve 12"
