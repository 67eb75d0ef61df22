"""The loop of the app is the notebook's, written out by hand: to the last bit."""

from dataclasses import replace

import pytest
from transformers import AutoModelForCausalLM, AutoTokenizer

from tests.at_length import first_is_quick
from tests.engine.notebook import assert_same_bits
from tests.known import step_reports
from tui_trainer.builtin import MODEL_FOLDER
from tui_trainer.engine.data.problems import format_problem
from tui_trainer.engine.data.word_problems import word_problems
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.loop.notebook import train_by_hand
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.presets import TUTORIAL


@pytest.mark.parametrize("items", first_is_quick(6, 20))
def test_losses_and_weights_of_tutorial_equal_those_by_hand(engine: Engine, items: int) -> None:
    engine.load_model(ModelChoice("builtin", "cpu", "fp32"))
    steps = list(step_reports(engine.train(replace(TUTORIAL, items=items))))
    texts = [format_problem(problem) for problem in word_problems(items, seed=0)]
    assert [step.item.text for step in steps] == texts

    model = AutoModelForCausalLM.from_pretrained(MODEL_FOLDER, dtype="float32")
    tokenizer = AutoTokenizer.from_pretrained(MODEL_FOLDER)
    losses = train_by_hand(model, [tokenizer(text).input_ids for text in texts])
    assert [step.loss for step in steps] == list(losses)
    assert_same_bits(engine.learner.model.parameters(), model.parameters())
