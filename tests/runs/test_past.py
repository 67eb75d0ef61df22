"""What a run was up to a checkpoint: its curve, its measurements, its learning rates."""

import json
import math
from pathlib import Path

import pytest

from tests.known import present
from tests.runs_on_disk import write_run
from tui_trainer.errors import InputError
from tui_trainer.runs.home import METRICS_FILE
from tui_trainer.runs.metrics import ChangeLine, LrLine
from tui_trainer.runs.past import past_up_to


def validation(step: int, loss: float) -> dict[str, object]:
    return {
        "event": "validation", "step": step, "items": 5, "loss": loss,
        "question_loss": loss - 1, "answer_loss": loss + 1,
        "question_tokens": 3, "answer_tokens": 4, "seconds": 0.5,
    }  # fmt: skip


def step(number: int) -> dict[str, object]:
    return {"step": number, "loss": 5.0 - number, "tokens": 10, "lr": 1e-5, "seconds": 0.5}


def metrics(folder: Path, *lines: dict[str, object]) -> Path:
    (folder / METRICS_FILE).write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return folder


LINES = (
    validation(0, 6.0),
    step(1),
    {"event": "lr", "step": 2, "peak_lr": 2e-5},
    step(2),
    validation(2, 4.0),
    {"event": "sample", "step": 2, "answer": "42"},
    {"event": "update", "step": 2, "text": "a", "loss": 1.0, "lr": 1e-5, "optimizer": "SGD"},
    {"event": "undo", "step": 2, "text": "a", "loss": None, "lr": 1e-5, "optimizer": "SGD"},
    step(3),
    validation(3, 3.0),
    {"event": "lr", "step": 4, "peak_lr": 1e-6},
    step(4),
)


def test_the_past_ends_at_its_checkpoint() -> None:
    past = past_up_to(write_run(losses=[4.0, 3.0, 2.0, 1.0]), 3, answer_only=False)
    series = past.losses
    assert (len(series), series.first, series.last, series.best) == (3, 4.0, 2.0, 2.0)
    assert math.isfinite(present(series.smoothed))


@pytest.mark.parametrize(("answer_only", "more"), [(False, 0.0), (True, 1.0)])
def test_measurements_and_learning_rates_are_of_it(
    tmp_path: Path, answer_only: bool, more: float
) -> None:
    past = past_up_to(metrics(tmp_path, *LINES), 3, answer_only=answer_only)
    points = [(bucket.first, bucket.lowest) for bucket in past.validation.reduced(9)]
    assert points == [(0, 6.0 + more), (2, 4.0 + more)]  # that of step 3 is measured again
    assert past.changes == [LrLine(2, 2e-5), ChangeLine(2, "update"), ChangeLine(2, "undo")]
    changes = [change for change in past.changes if isinstance(change, ChangeLine)]
    assert [change.updates for change in changes] == [1, -1]
    assert (past.tokens, past.seconds) == (30, 1.5)


@pytest.mark.parametrize(
    "line",
    [{"event": "lr", "step": 1, "peak_lr": "high"}, validation(1, 1) | {"answer_loss": "low"}],
)
def test_a_line_that_is_damaged_is_named(tmp_path: Path, line: dict[str, object]) -> None:
    with pytest.raises(InputError, match=r"damaged .*: restore it"):
        past_up_to(metrics(tmp_path, line, step(2)), 2, answer_only=False)
