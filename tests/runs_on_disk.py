"""Runs written to disk as the program writes them, without a model."""

import json
from collections.abc import Sequence
from pathlib import Path

from tests.fake_engine import MODEL as FAKE
from tui_trainer.reports.steps import ItemReport, StepReport
from tui_trainer.runs.checkpoint_names import checkpoint_name
from tui_trainer.runs.description import (
    DataIdentity,
    ModelIdentity,
    Parent,
    RunDescription,
    RunState,
    Tally,
)
from tui_trainer.runs.home import CHECKPOINTS, METRICS_FILE, RUN_FILE, runs_home
from tui_trainer.runs.json_files import write_json
from tui_trainer.runs.metrics import tally_on
from tui_trainer.settings.train import TrainSettings

MODEL = ModelIdentity(
    "builtin", "builtin", FAKE.architecture, FAKE.parameters, "cpu", "fp32", 256, "f1"
)
"""The scripted engine's."""
TOKENS, SECONDS = 100, 0.5
"""Of each step."""


def step_line(step: int, loss: float | None) -> str:
    values = {"step": step, "loss": loss, "tokens": TOKENS, "lr": 1e-5, "seconds": SECONDS}
    return f"{json.dumps(values)}\n"


def step_report(step: int, loss: float, *, peak_lr: float = 1e-5) -> StepReport:
    """A step of a loop as it is told."""
    item = ItemReport(0, "1 + 1?", ("1",), (None,), 0, loss, truncated=False)
    return StepReport(
        step=step,
        steps=100,
        loss=loss,
        grad_norm=2.0,
        tokens=TOKENS,
        positions=TOKENS,
        lr=1e-5,
        peak_lr=peak_lr,
        seconds=SECONDS,
        items=100,
        item=item,
        best=item,
        worst=item,
        truncated=0,
        memory_bytes=0,
    )


def write_run(
    name: str = "2026-01-02-builtin-1",
    losses: Sequence[float | None] = (4.0, 3.0, 2.0),
    *,
    checkpoints: Sequence[int] = (),
    best_checkpoint: int | None = None,
    settings: TrainSettings | None = None,
    model: ModelIdentity = MODEL,
    steps: int | None = None,
    state: RunState = RunState.FINISHED,
    failure: str | None = None,
    parent: Parent | None = None,
    tally: Tally | None = None,
) -> Path:
    """A run of as many steps as losses unless `steps` says else; its checkpoints are empty folders.

    The tally is that of its losses where it is not given.
    """
    folder = runs_home() / name
    folder.mkdir(parents=True)
    settings = settings or TrainSettings()
    lines = [step_line(step, loss) for step, loss in enumerate(losses, start=1)]
    (folder / METRICS_FILE).write_text("".join(lines))
    for step in checkpoints:
        (folder / CHECKPOINTS / checkpoint_name(step)).mkdir(parents=True)
    description = RunDescription(
        name=name,
        started=f"{name[:10]}T03:04:05+00:00",
        settings=settings,
        model=model,
        data=DataIdentity(settings.problems, settings.items, "d1"),
        versions={"python": "3.11.7", "torch": "2.13.0"},
        steps=len(losses) if steps is None else steps,
        state=state.value,
        failure=failure,
        parent=parent,
        best_checkpoint=best_checkpoint,
        tally=tally_on(folder / METRICS_FILE, Tally()) if tally is None else tally,
    )
    write_json(folder / RUN_FILE, description)
    return folder
