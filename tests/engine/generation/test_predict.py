"""What a forward pass predicts, against plain softmax by hand."""

import math

import pytest
import torch

from tests.known import present
from tests.models import NOTEBOOK_TEXT
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.generation import predict as predict_module
from tui_trainer.errors import InputError
from tui_trainer.reports.predictions import Prediction


def by_hand(engine: Engine, text: str) -> tuple[torch.Tensor, torch.Tensor]:
    """The IDs [position] and logits [position, vocabulary] of `text`, in fp64."""
    learner = engine.learner
    ids = learner.vocabulary.tokenizer(text, return_tensors="pt").input_ids
    with torch.no_grad():
        logits = learner.model(ids).logits[0]
    return ids[0], logits.double()


def assert_agrees(engine: Engine, prediction: Prediction, top: int) -> None:
    ids, logits = by_hand(engine, prediction.text)
    p = logits.softmax(dim=-1)
    vocabulary = engine.learner.vocabulary
    entropy = -(p * p.log()).sum(dim=-1)
    for n, position in enumerate(prediction.positions):
        assert (position.index, position.id) == (n, ids[n].item())
        assert position.text == vocabulary.text_of(position.id)
        assert position.entropy == pytest.approx(entropy[n].item(), rel=1e-5)
        best = p[n].topk(top)
        assert [candidate.id for candidate in position.top] == best.indices.tolist()
        assert [candidate.p for candidate in position.top] == pytest.approx(best.values.tolist())
        best_logits = [candidate.logit for candidate in position.top]
        assert best_logits == pytest.approx(logits[n, best.indices].tolist(), rel=1e-5)
        assert position.p_sum == pytest.approx(1, abs=1e-6)
        if n + 1 < len(ids):
            expected = p[n, ids[n + 1]].item()
            assert position.expected is not None
            assert position.expected.id == ids[n + 1]
            assert position.expected.p == pytest.approx(expected, rel=1e-5)
            logit = logits[n, ids[n + 1]].item()
            assert position.expected.logit == pytest.approx(logit, rel=1e-5)
            order = logits[n].argsort(descending=True).tolist()
            assert position.expected_rank == order.index(ids[n + 1]) + 1
            assert position.loss == pytest.approx(-math.log(expected), rel=1e-5)
    losses = [present(position.loss) for position in prediction.positions[:-1]]
    assert prediction.loss == pytest.approx(sum(losses) / len(losses))
    last = prediction.positions[-1]
    assert (last.expected, last.expected_rank, last.loss) == (None, None, None)


def test_positions_agree_with_softmax(qwen3: Engine) -> None:
    prediction = qwen3.predict(NOTEBOOK_TEXT, 7)
    length = len(prediction.positions)
    assert prediction.shape == (1, length)
    assert prediction.logits_shape == (1, length, 400)
    assert_agrees(qwen3, prediction, 7)


@pytest.mark.parametrize("rows", [1, 2, 3, 100])
def test_rows_are_the_same_however_many_are_read_at_once(
    qwen3: Engine, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predict_module, "ROWS_AT_ONCE", rows)
    assert_agrees(qwen3, qwen3.predict(NOTEBOOK_TEXT, 3), 3)


def test_one_token_is_predicted_from_and_has_no_loss(qwen3: Engine) -> None:
    prediction = qwen3.predict("def")
    assert prediction.shape == (1, 1)
    assert prediction.loss is None
    assert len(prediction.positions[0].top) == 5


def test_more_candidates_than_the_vocabulary_has_are_all_of_it(qwen3: Engine) -> None:
    top = qwen3.predict("def", 1000).positions[0].top
    assert len(top) == 400
    assert sum(candidate.p for candidate in top) == pytest.approx(1, abs=1e-5)


def test_a_certain_model_has_no_entropy_and_a_huge_loss(qwen3: Engine) -> None:
    learner = qwen3.learner
    ids = learner.input_ids("def hello")
    logits = torch.zeros(1, ids.shape[1], 400)
    logits[0, :, 5] = 1000.0
    prediction = predict_module.read_logits(learner, "def hello", ids, logits, 1)
    assert prediction.positions[0].entropy == 0
    assert prediction.positions[0].loss == pytest.approx(1000)
    assert prediction.positions[0].top[0].p == 1


def test_predicting_changes_nothing(qwen3: Engine) -> None:
    status = qwen3.status()
    weights = [parameter.clone() for parameter in qwen3.learner.model.parameters()]
    first = qwen3.predict(NOTEBOOK_TEXT)
    assert qwen3.predict(NOTEBOOK_TEXT) == first
    assert qwen3.status() == status
    for before, now in zip(weights, qwen3.learner.model.parameters(), strict=True):
        assert torch.equal(before, now)
        assert now.grad is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "The text is empty: type at least one token."),
        ("a\udc80", "Character 2 of the text is half of a surrogate pair"),
        ("hello " * 200, "tokens and Qwen3 takes 128: shorten it."),
    ],
)
def test_a_text_that_cannot_be_used_says_why(qwen3: Engine, text: str, sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        qwen3.predict(text)
    assert sentence in str(refused.value)
    assert qwen3.predict("def").shape == (1, 1)


def test_without_a_model_it_says_how_to_get_one(engine: Engine) -> None:
    with pytest.raises(InputError, match="No model is loaded: press m and pick one"):
        engine.predict("def")
    assert engine.status() is None
