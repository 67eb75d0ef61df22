"""Cross entropy on one row: every figure against plain torch, and what holds of any row."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.known import present
from tui_trainer.engine.cell.cross_entropy import cross_entropy
from tui_trainer.engine.engine import Engine
from tui_trainer.errors import InputError
from tui_trainer.reports.labelled_logits import LabelledLogits, read_logits

logit_rows = st.lists(st.floats(-1000, 1000, width=32), min_size=2, max_size=20)
questions = logit_rows.flatmap(
    lambda row: st.integers(0, len(row) - 1).map(lambda label: LabelledLogits(tuple(row), label))
)


@pytest.mark.parametrize(
    ("row", "label"),
    [
        ([2.0, 1.0, 0.1], 0),
        ([2.0, 1.0, 0.1], 2),
        ([3.5, 2.5, 1.0, -1.0], 1),
        ([-7.25] * 20, 19),
        ([15.0, -15.0], 1),
    ],
)
def test_every_figure_is_that_of_plain_torch(row: list[float], label: int) -> None:
    report = cross_entropy(LabelledLogits(tuple(row), label))

    logits = torch.tensor(row, requires_grad=True)
    loss = F.cross_entropy(logits.unsqueeze(0), torch.tensor([label]))
    loss.backward()
    p = torch.softmax(logits.detach(), dim=0)
    onehot = torch.zeros(len(row))
    onehot[label] = 1.0

    assert report.loss == loss.item()
    assert report.probabilities == tuple(p.tolist())
    assert report.log_probabilities == tuple(torch.log_softmax(logits.detach(), dim=0).tolist())
    assert report.loss == -report.log_probabilities[label]
    assert report.label_probability == p[label].item()
    assert report.probability_sum == p.sum().item()
    assert report.p_minus_onehot == tuple((p - onehot).tolist())
    assert report.gradient == tuple(present(logits.grad).tolist())
    assert report.gradient_sum == present(logits.grad).sum().item()
    assert report.perplexity == math.exp(loss.item())
    assert report.log_sum_exp == torch.logsumexp(logits.detach(), dim=0).item()


@pytest.mark.parametrize(("label", "loss"), [(0, 0.0), (1, 100.0)])
def test_the_examples_of_the_notebook(label: int, loss: float) -> None:
    report = cross_entropy(LabelledLogits((100.0, 0.0), label))
    assert report.loss == loss
    assert math.copysign(1.0, report.loss) == 1.0, "no -0.0"
    assert report.perplexity == math.exp(loss)
    gradient = (0.0, 0.0) if label == 0 else (1.0, -1.0)
    assert report.gradient == pytest.approx(gradient, abs=1e-40)


def test_a_log_probability_outlives_its_probability() -> None:
    report = cross_entropy(LabelledLogits((1000.0, -1000.0), 1))
    assert report.probabilities == (1.0, 0.0)
    assert report.loss == 2000.0
    assert report.perplexity == math.inf


@settings(deadline=None)
@given(questions)
def test_of_any_row(question: LabelledLogits) -> None:
    report = cross_entropy(question)
    assert report.loss >= 0.0
    assert report.perplexity >= 1.0
    assert report.probability_sum == pytest.approx(1.0, abs=1e-6)
    assert report.gradient == pytest.approx(report.p_minus_onehot, abs=1e-6)
    assert report.gradient_difference <= 1e-6
    assert report.gradient_sum == pytest.approx(0.0, abs=1e-6)
    assert report.loss == pytest.approx(
        report.log_sum_exp - question.logits[question.label], rel=1e-5, abs=2e-4
    )


@settings(deadline=None)
@given(questions, st.integers(-100, 100))
def test_the_same_added_to_every_logit_changes_nothing(
    question: LabelledLogits, added: int
) -> None:
    row = tuple(float(round(logit / 2)) for logit in question.logits)  # exact in fp32
    before = cross_entropy(LabelledLogits(row, question.label))
    after = cross_entropy(LabelledLogits(tuple(x + added for x in row), question.label))
    assert after.loss == before.loss
    assert after.gradient == before.gradient


@pytest.mark.parametrize(
    ("row", "label", "sentence"),
    [
        ((1.0,), 0, "2 to 20 logits"),
        ((0.0,) * 21, 0, "2 to 20 logits"),
        ((1.0, math.nan), 0, "A logit here is a number"),
        ((1.0, math.inf), 0, "A logit here is a number"),
        ((1.0, -1000.5), 0, "A logit here is a number"),
        ((1.0, 2.0), 2, "0 to 1"),
        ((1.0, 2.0), -1, "0 to 1"),
    ],
)
def test_what_is_no_question_is_refused(row: tuple[float, ...], label: int, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        LabelledLogits(row, label)


@pytest.mark.parametrize(
    "line", ["1 -2.5 3e2", "[1, -2.5, 3e2]", "1,-2.5,300", "  1.0\t-2.50  [[300]] "]
)
def test_a_row_of_logits_is_read_however_it_is_written(line: str) -> None:
    assert read_logits(line) == (1.0, -2.5, 300.0)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("", "2 to 20 logits"),
        ("1", "2 to 20 logits"),
        ("1 " * 21, "2 to 20 logits"),
        ("1 two", "A logit takes a number such as -1.5, not 'two'"),
        ("1 nan", "A logit takes a number such as -1.5, not 'nan'"),
        ("1 1001", "A logit here is a number from -1000 to 1000"),
    ],
)
def test_what_is_no_row_of_logits_is_refused(line: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        read_logits(line)


def test_the_engine_needs_no_model_for_it(engine: Engine) -> None:
    assert engine.status() is None
    assert engine.cross_entropy(LabelledLogits((0.0, 0.0), 0)).perplexity == pytest.approx(2.0)
