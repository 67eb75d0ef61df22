"""The built-in model as it ships: its limits, its tokenizer, and what it learns from the loop."""

import itertools
import json
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedTokenizerBase,
    Qwen3ForCausalLM,
)

from tui_trainer.builtin import MODEL_FOLDER
from tui_trainer.engine.data.problems import load_problems
from tui_trainer.recipe.corpus import held_out_modules
from tui_trainer.recipe.measure import answer_loss, bits_per_byte, tutorial

TOKENIZER: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(MODEL_FOLDER)


@pytest.fixture
def model() -> Qwen3ForCausalLM:
    loaded = AutoModelForCausalLM.from_pretrained(MODEL_FOLDER, dtype=torch.float32)
    assert isinstance(loaded, Qwen3ForCausalLM)
    return loaded.eval()


def ids(text: str) -> list[int]:
    return TOKENIZER(text).input_ids


def test_it_is_small(model: Qwen3ForCausalLM) -> None:
    assert sum(p.numel() for p in model.parameters()) <= 8_000_000
    assert sum(path.stat().st_size for path in MODEL_FOLDER.iterdir()) <= 16_000_000
    assert 4096 <= len(TOKENIZER) <= 8192
    assert len(TOKENIZER) == model.config.vocab_size


def test_nothing_in_the_folder_is_pickled_or_private() -> None:
    assert {path.suffix for path in MODEL_FOLDER.iterdir()} <= {".json", ".safetensors", ".md"}
    assert all(path.stat().st_mode & 0o044 == 0o044 for path in MODEL_FOLDER.iterdir())


def test_it_is_a_tied_qwen3_with_room_for_a_problem(model: Qwen3ForCausalLM) -> None:
    assert model.lm_head.weight is model.model.embed_tokens.weight
    assert model.config.max_position_embeddings >= 1024
    assert all(parameter.dtype == torch.float32 for parameter in model.parameters())
    assert json.loads((MODEL_FOLDER / "config.json").read_text())["dtype"] == "bfloat16"


def test_the_end_of_text_closes_and_pads_and_nothing_begins(model: Qwen3ForCausalLM) -> None:
    end = TOKENIZER.convert_tokens_to_ids("<|endoftext|>")
    assert TOKENIZER.eos_token_id == TOKENIZER.pad_token_id == model.config.eos_token_id == end
    assert TOKENIZER.bos_token_id is None
    assert end not in ids("a")
    assert ids("<|endoftext|>") == [end]


def test_the_tokenizer_is_fast_and_splits_digits_singly() -> None:
    assert TOKENIZER.is_fast
    assert [TOKENIZER.decode([i]) for i in ids("1234")] == ["1", "2", "3", "4"]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back_from_its_tokens(text: str) -> None:
    assert TOKENIZER.decode(ids(text)) == text


@pytest.mark.parametrize(
    "text",
    ["def hello():\n\treturn", " ,.  'nt don't", "\r\n\t\0", "👩‍👩‍👧 e\u0301 é 世界", "x" * 10_000],
)
def test_awkward_texts_come_back_from_their_tokens(text: str) -> None:
    assert TOKENIZER.decode(ids(text)) == text


def test_every_token_of_the_vocabulary_is_one_that_text_can_have() -> None:
    assert len(set(TOKENIZER.get_vocab().values())) == len(TOKENIZER)
    assert max(TOKENIZER.get_vocab().values()) == len(TOKENIZER) - 1


@pytest.mark.long
def test_it_predicts_python_that_it_has_not_seen(model: Qwen3ForCausalLM) -> None:
    modules = [module for module in held_out_modules() if len(module.source) < 12_000]
    assert sum(len(module.source) for module in modules) > 20_000
    # All held-out modules together are measured by the recipe; the bound is the same.
    assert bits_per_byte(model, TOKENIZER, modules) < 2.2


@pytest.mark.long
def test_thirty_tutorial_steps_halve_the_answers_loss(model: Qwen3ForCausalLM) -> None:
    held_out = load_problems("builtin", split="test", limit=12)
    before = answer_loss(model, TOKENIZER, held_out)
    losses = tutorial(model, TOKENIZER, load_problems("builtin", limit=30))
    after = answer_loss(model, TOKENIZER, held_out)
    assert after < 0.5 * before  # 500 steps lower it by far more; the README has the figure
    assert sum(losses[-5:]) < 0.6 * sum(losses[:5])


def test_one_step_lowers_the_loss_on_the_notebooks_string(model: Qwen3ForCausalLM) -> None:
    text = torch.tensor([ids("def hello():\n\treturn")])
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)
    losses = []
    for _ in range(4):
        loss = model(input_ids=text, labels=text).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    falls = [first - second for first, second in itertools.pairwise(losses)]
    assert all(fall > 0.2 for fall in falls), losses


def test_the_folder_is_found_beside_the_package() -> None:
    assert (Path(MODEL_FOLDER) / "model.safetensors").is_file()
