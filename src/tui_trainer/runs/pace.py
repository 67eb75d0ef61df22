"""How fast the loops of earlier runs went: how long the next one takes is known before it began."""

from dataclasses import dataclass

from tui_trainer.errors import InputError
from tui_trainer.reports.models import ModelReport
from tui_trainer.runs.began import began
from tui_trainer.runs.description import ModelIdentity, RunDescription
from tui_trainer.runs.home import run_folders
from tui_trainer.runs.listing import read_run
from tui_trainer.settings.fields import BATCH, SPEED, fields_of
from tui_trainer.settings.train import TrainSettings

LOOKED_AT = 100
"""Of the newest runs: a small file each."""
LEAST_STEPS = 2
"""The first of a run warms up."""


@dataclass(frozen=True)
class RunPace:
    """What a run on disk made of its time."""

    run: str
    """Its name."""
    tokens_per_second: float


def pace_of_runs(model: ModelReport, settings: TrainSettings) -> RunPace | None:
    """Of the newest run of such a model on such a device whose rows and ways are those of
    `settings`; else of the newest with others. None where there is none that can be read."""
    newest = None
    for run in _runs_of(model):
        pace = RunPace(run.name, run.tally.tokens / run.tally.seconds)
        if _row_settings(run.settings) == _row_settings(settings):
            return pace
        newest = newest or pace
    return newest


def _runs_of(model: ModelReport) -> list[RunDescription]:
    """Those that show a pace, the last that began first, as `list_runs` has them."""
    try:
        folders = run_folders()[:LOOKED_AT]
    except InputError:
        return []
    found: list[tuple[float, RunDescription]] = []
    for folder in folders:
        try:
            run = read_run(folder)
        except InputError:
            continue
        tally = run.tally
        if tally.step >= LEAST_STEPS and tally.tokens and tally.seconds > 0:
            found += [(began(run.started, folder), run)] * is_such(run.model, model)
    found.sort(key=lambda one: one[0], reverse=True)
    return [run for _, run in found]


def is_such(trained: ModelIdentity, model: ModelReport) -> bool:
    """Whether one takes as long as the other."""
    return (
        is_same_model(trained, model)
        and trained.device == model.device
        and trained.precision == model.precision
    )


def is_same_model(trained: ModelIdentity, model: ModelReport) -> bool:
    """Whether one is the other, trained or not: a checkpoint of a model has another name."""
    return (trained.architecture, trained.parameters) == (model.architecture, model.parameters)


def _row_settings(settings: TrainSettings) -> tuple[str, ...]:
    """What the time of a token hangs on most."""
    fields = (field for field in fields_of(TrainSettings) if field.group in (BATCH, SPEED))
    return tuple(field.typed(settings) for field in fields)
