"""The numbers of a step's line: those of later versions appear by themselves."""

import json

from tests.runs_on_disk import write_run
from tui_trainer.runs.home import METRICS_FILE
from tui_trainer.runs.past import past_up_to
from tui_trainer.runs.step_numbers import step_numbers

LINE = {"step": 3, "loss": 2.0, "tokens": 90, "lr": 1e-5, "seconds": 0.5, "positions": 90}


def test_every_number_of_a_line_has_a_chart_and_nothing_else_has() -> None:
    line = LINE | {"grad_norm": 2.5, "clipped": True, "width": 9, "note": "x", "spread": None}
    found = step_numbers(line)
    assert list(found) == ["lr", "grad_norm", "tokens/s", "width", "seconds", "tokens", "positions"]
    assert (found["tokens/s"], found["grad_norm"]) == (180.0, 2.5)


def test_a_run_that_goes_on_has_the_numbers_that_it_had() -> None:
    folder = write_run("2026-11-29-builtin-1", [4.0, 3.5, 3.0])
    lines = [json.loads(line) for line in (folder / METRICS_FILE).read_text().splitlines()]
    told = [json.dumps(line | {"grad_norm": float(n)}) for n, line in enumerate(lines)]
    measured = '{"event": "validation", "step": 1, "loss": 2, "answer_loss": 3}'
    (folder / METRICS_FILE).write_text("\n".join([told[0], measured, *told[1:]]) + "\n")
    past = past_up_to(folder, 2, answer_only=False)
    assert [bucket.lowest for bucket in past.numbers["grad_norm"].reduced(9)] == [0.0, 1.0]
    assert len(past.numbers["lr"]) == len(past.losses) == 2
    assert (past.validation.last, past.answer.last, past.question.last) == (2.0, 3.0, None)
