"""`tui-trainer loss`: cross entropy of a row of logits."""

import io
import math
import sys

import pytest
import torch
import torch.nn.functional as F

from tests.headless.conftest import Program
from tests.known import present
from tui_trainer.words.numbers import nats


def test_the_line_is_what_plain_torch_computes(program: Program) -> None:
    ended = program("loss", "3", "2.5", "0.5", "-1", "--label", "1", "--json")
    assert (ended.status, ended.err) == (0, "")
    (line,) = ended.lines

    logits = torch.tensor([3, 2.5, 0.5, -1], requires_grad=True)
    loss = F.cross_entropy(logits, torch.tensor(1))
    loss.backward()
    p = logits.detach().softmax(dim=0)
    assert line == {
        "logits": [3.0, 2.5, 0.5, -1.0],
        "label": 1,
        "loss": loss.item(),
        "perplexity": math.exp(loss.item()),
        "p": p.tolist(),
        "log_p": logits.detach().log_softmax(dim=0).tolist(),
        "p_minus_onehot": (p - torch.tensor([0, 1, 0, 0])).tolist(),
        "gradient": present(logits.grad).tolist(),
    }
    assert list(line)[:4] == ["logits", "label", "loss", "perplexity"]


@pytest.mark.parametrize(("logits", "loss"), [(("0", "100", "0"), 0.0), (("100", "0", "0"), 100.0)])
def test_the_examples_of_the_notebook(
    program: Program, logits: tuple[str, ...], loss: float
) -> None:
    (line,) = program("loss", *logits, "--label", "1", "--json").lines
    assert line["loss"] == loss
    ended = program("loss", *logits, "--label", "1")
    assert f"loss        {nats(loss)} nats = -log p of class 1" in ended.out
    assert "*1" in ended.out
    assert "-0" not in ended.out.replace("e-0", "")


def test_a_perplexity_that_overflows_is_null(program: Program) -> None:
    (line,) = program("loss", "1000", "-1000", "--label", "1", "--json").lines
    assert (line["loss"], line["perplexity"]) == (2000.0, None)


def test_logits_as_a_python_list_or_from_standard_input(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    (listed,) = program("loss", "[-3, 2]", "--label", "0", "--json").lines
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"-3 2\n")))
    (piped,) = program("loss", "-", "--label", "0", "--json").lines
    assert listed == piped
    assert listed["logits"] == [-3.0, 2.0]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["1", "--label", "0"], "2 to 20 logits"),
        (["1", "2", "--label", "2"], "The label is the index of a class, 0 to 1, not 2."),
        (["1", "2", "--label", "-1"], "The label is the index of a class"),
        (["1", "x\x1b[31m", "--label", "0"], "A logit takes a number"),
        (["1", "nan", "--label", "0"], "A logit takes a number"),
    ],
)
def test_wrong_input_is_one_line_and_status_2(
    program: Program, arguments: list[str], sentence: str
) -> None:
    ended = program("loss", *arguments, "--json")
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert sentence in ended.err
    assert "\x1b" not in ended.err
