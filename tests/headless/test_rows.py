"""`tui-trainer problems --rows`: a step's rows, and the sum by hand that is its loss."""

import math

import pytest

from tests.headless.conftest import Program
from tui_trainer.reports.rows import IGNORED, SAME

PACKED = "--batch", "1", "--pack", "256", "--items", "2"


def test_the_losses_that_count_come_to_the_loss_of_the_step(program: Program, tiny: str) -> None:
    step, *rows = program("problems", "--rows", "1", "--model", tiny, *PACKED, "--json").lines
    (trained,) = program("gsm8k", "--model", tiny, *PACKED, "--no-run", "--json").steps[:1]
    assert (step["step"], step["loss"], step["agrees"]) == (1, trained["loss"], True)
    counted = [
        loss
        for row in rows
        for loss, label in zip(row["losses"], row["labels"], strict=True)
        if label != IGNORED
    ]
    assert len(counted) == step["counted"]
    assert math.fsum(counted) / len(counted) == pytest.approx(step["loss"], rel=SAME)
    (row,) = rows
    assert [item["item"] for item in row["items"]] == [0, None, 1]
    assert [i for i, _ in enumerate(row["position_ids"]) if row["position_ids"][i] == 0] == [
        item["start"] for item in row["items"] if item["item"] is not None
    ]
    out = program("problems", "--rows", "1", "--model", tiny, *PACKED).out
    assert out.startswith(f"step 1 · 1 row · {step['counted']} labels count\n")
    assert f" / {step['counted']} labels = " in out.splitlines()[-1]
    assert "the step's loss" in out.splitlines()[-1]


def test_before_a_step_there_are_rows_without_losses(program: Program, tiny: str) -> None:
    step, row = program("problems", "--rows", "0", "--model", tiny, "--json").lines
    assert (step["step"], step["loss"], step["summed"], step["agrees"]) == (1, None, None, None)
    assert {*row["losses"]} == {None}
    assert row["labels"][:-1] == row["input_ids"][1:]


@pytest.mark.parametrize(
    ("number", "says"),
    [("-1", "counted from 1"), ("3", "The loop has 2 steps: there is no step 3."), ("x", "number")],
)
def test_a_step_that_is_not_there_is_told(
    program: Program, tiny: str, number: str, says: str
) -> None:
    ended = program("problems", f"--rows={number}", "--items", "2", "--model", tiny)
    assert (ended.status, ended.out) == (2, "")
    assert says in ended.err
