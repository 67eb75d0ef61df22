"""Generation against a loop written out, and one position opened."""

from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest
import torch
from transformers import GenerationMixin

from tests.models import NOTEBOOK_TEXT
from tui_trainer.engine.engine import Engine
from tui_trainer.errors import InputError
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.sampling import Sampling

GREEDY = Sampling()
SAMPLED = Sampling(greedy=False, temperature=0.8, top_k=40, top_p=0.95, seed=3)


def generate_by_hand(engine: Engine, text: str, tokens: int) -> list[int]:
    """Greedy generation as one writes it in a notebook."""
    learner = engine.learner
    ids = learner.vocabulary.tokenizer(text, return_tensors="pt").input_ids
    start = ids.shape[1]
    for _ in range(tokens):
        with torch.no_grad():
            logits = learner.model(ids).logits
        ids = torch.cat([ids, logits[:, -1:].argmax(dim=-1)], dim=1)
    return ids[0, start:].tolist()


def test_greedy_generation_is_argmax_after_argmax(qwen3: Engine) -> None:
    tokens = list(qwen3.generate(NOTEBOOK_TEXT, (), GREEDY, 12))
    assert [token.id for token in tokens] == generate_by_hand(qwen3, NOTEBOOK_TEXT, 12)
    length = len(qwen3.learner.vocabulary.ids(NOTEBOOK_TEXT))
    assert [token.index for token in tokens] == list(range(length, length + 12))
    assert {token.draw for token in tokens} == {None}


def test_greedy_generation_is_that_of_transformers(qwen3: Engine) -> None:
    learner = qwen3.learner
    ids = learner.input_ids(NOTEBOOK_TEXT)
    generate = vars(GenerationMixin)["generate"]  # what it says its self is fits no model
    whole = generate(learner.model, ids, max_new_tokens=20, do_sample=False, use_cache=True)
    tokens = qwen3.generate(NOTEBOOK_TEXT, (), GREEDY, 20)
    assert [token.id for token in tokens] == whole[0, ids.shape[1] :].tolist()


@pytest.mark.parametrize("sampling", [GREEDY, SAMPLED])
def test_token_by_token_is_the_same_as_in_one_go(qwen3: Engine, sampling: Sampling) -> None:
    whole = list(qwen3.generate(NOTEBOOK_TEXT, (), sampling, 10))
    generated: tuple[int, ...] = ()
    for expected in whole:
        token = qwen3.next_token(NOTEBOOK_TEXT, generated, sampling)
        assert token == expected
        generated = (*generated, token.id)
    undone = qwen3.next_token(NOTEBOOK_TEXT, generated[:-1], sampling)
    assert undone == whole[-1]
    later = list(qwen3.generate(NOTEBOOK_TEXT, generated[:4], sampling, 6))
    assert later == whole[4:]


def test_a_seed_gives_the_same_tokens_and_another_seed_others(qwen3: Engine) -> None:
    def ids(seed: int) -> list[int]:
        sampling = Sampling(greedy=False, seed=seed)
        return [token.id for token in qwen3.generate(NOTEBOOK_TEXT, (), sampling, 12)]

    assert ids(1) == ids(1)
    assert ids(1) != ids(2)


def test_a_change_of_settings_holds_from_the_next_token_on(qwen3: Engine) -> None:
    tokens = qwen3.generate(NOTEBOOK_TEXT, (), SAMPLED, 2)
    assert next(tokens).draw is not None
    qwen3.set_sampling(GREEDY)
    assert next(tokens).draw is None


def test_a_loop_that_trains_in_between_is_heard_at_the_next_token(qwen3: Engine) -> None:
    tokens = qwen3.generate(NOTEBOOK_TEXT, (), GREEDY, 10)
    first = next(tokens)
    qwen3.set_lr(0.1)
    qwen3.update("print(10)")
    second = next(tokens)
    assert second == qwen3.next_token(NOTEBOOK_TEXT, (first.id,), GREEDY)
    qwen3.reload()
    assert second != qwen3.next_token(NOTEBOOK_TEXT, (first.id,), GREEDY)


def biased(engine: Engine, token_id: int) -> None:
    """Make the model predict this token everywhere."""
    model = engine.learner.model
    model.lm_head.bias = torch.nn.Parameter(torch.zeros(400))
    model.lm_head.bias.data[token_id] = 1000


def test_it_stops_at_the_end_of_the_text_and_can_go_on_after_it(qwen3: Engine) -> None:
    assert qwen3.learner.end_ids == {0}
    biased(qwen3, 0)
    tokens = list(qwen3.generate(NOTEBOOK_TEXT, (), GREEDY, 10))
    assert [(token.id, token.ends) for token in tokens] == [(0, True)]
    assert qwen3.next_token(NOTEBOOK_TEXT, (0,), GREEDY).ends


def test_the_models_and_the_tokenizers_end_both_count(qwen3: Engine) -> None:
    learner = qwen3.learner
    learner.model.generation_config.eos_token_id = [7, 9]
    assert learner.end_ids == {0, 7, 9}


def test_it_stops_where_the_context_is_full(qwen3: Engine) -> None:
    biased(qwen3, 5)
    length = len(qwen3.learner.vocabulary.ids(NOTEBOOK_TEXT))
    tokens = list(qwen3.generate(NOTEBOOK_TEXT, (), GREEDY, 1000))
    assert len(tokens) == 128 - length
    full = tuple(token.id for token in tokens)
    for ask in (
        lambda: qwen3.next_token(NOTEBOOK_TEXT, full, GREEDY),
        lambda: qwen3.generate(NOTEBOOK_TEXT, full, GREEDY, 1),
    ):
        with pytest.raises(InputError, match="fills the 128 tokens that Qwen3 takes"):
            ask()
    assert len(qwen3.inspect(NOTEBOOK_TEXT, full, 0, GREEDY).prediction.positions) == 128


def test_an_empty_text_cannot_be_continued(qwen3: Engine) -> None:
    with pytest.raises(InputError, match="The text is empty"):
        qwen3.generate("", (), GREEDY, 5)


def test_an_inspection_is_the_prediction_with_one_position_opened(qwen3: Engine) -> None:
    whole = qwen3.predict(NOTEBOOK_TEXT, 400)
    for index, position in enumerate(whole.positions):
        inspection = qwen3.inspect(NOTEBOOK_TEXT, (), index, SAMPLED, 400)
        assert inspection.prediction == qwen3.predict(NOTEBOOK_TEXT, 1)
        assert inspection.position == position
        first = inspection.steps[0]
        assert [c.p for c in first.candidates] == pytest.approx([c.p for c in position.top])
        assert [c.logit for c in first.candidates] == [c.logit for c in position.top]
    last = qwen3.inspect(NOTEBOOK_TEXT, (), 10_000, SAMPLED, 3)
    assert last.position.index == len(whole.positions) - 1
    assert last == qwen3.inspect(NOTEBOOK_TEXT, (), -1, SAMPLED, 3)


def test_generated_tokens_are_positions_like_those_of_the_text(qwen3: Engine) -> None:
    tokens = list(islice(qwen3.generate(NOTEBOOK_TEXT, (), SAMPLED, 6), 6))
    ids = tuple(token.id for token in tokens)
    inspection = qwen3.inspect(NOTEBOOK_TEXT, ids[:5], 0, SAMPLED)
    assert tuple(p.id for p in inspection.prediction.positions[-5:]) == ids[:5]
    assert inspection.next_token == tokens[5]
    decode = qwen3.learner.vocabulary.tokenizer.decode
    prompt = qwen3.learner.vocabulary.ids(NOTEBOOK_TEXT)
    assert NOTEBOOK_TEXT + inspection.continuation == decode([*prompt, *ids[:5]])


def test_a_continuation_keeps_its_first_space(
    engine: Engine, model_folder: Callable[[str], Path]
) -> None:
    engine.load_model(ModelChoice(str(model_folder("Llama")), "cpu", "fp32"))
    vocabulary = engine.learner.vocabulary
    word = vocabulary.ids("a clips")[len(vocabulary.ids("a")) :]
    assert vocabulary.tokenizer.decode(word) == "clips"
    inspection = engine.inspect("a", tuple(word), -1, GREEDY)
    assert inspection.continuation == " clips"
