"""The run on show, or the next one: its settings, what of it is saved, what it would cost."""

from collections.abc import Iterable, Sequence

from textual.content import Content
from textual.widgets import Static

from tui_trainer.runs.series import Series
from tui_trainer.runs.step_numbers import LR, RATE
from tui_trainer.screens.gsm8k.run_on_show import RunOnShow
from tui_trainer.screens.gsm8k.words import describe_unsaved
from tui_trainer.session.saved_run import SavedRun
from tui_trainer.settings.fields import field_of
from tui_trainer.settings.train import TrainSettings
from tui_trainer.widgets.cell_text import fewer_parts, first_fitting
from tui_trainer.widgets.chart.run_wall import RunWall
from tui_trainer.widgets.panel import DOT, Panel
from tui_trainer.words.bars import sparkline
from tui_trainer.words.numbers import counted, tokens_per_second
from tui_trainer.words.signs import CONTEXT, DATA, RIGHT, WARNING

CURVE = 16  # cells
SHOWN = 4  # checkpoints
MORE = "…"
AROUND_TITLE, AROUND_FIGURE = 5, 3
"""Cells of a rule that are never its words'."""


class RunPanel(Panel):
    """At 80 columns its rule has the settings in the place of a title, and nothing is below."""

    def __init__(self) -> None:
        self._lines = Static()
        super().__init__(self._lines, title="run", id="run")

    def show(self, settings: str, facts: Content, name: str, risk: Content) -> None:
        """`facts` are lines below the settings; `name` is that of the run on disk, `risk` what it
        could lose."""
        narrow = self.screen.has_class("-narrow")
        figure = risk.cell_length + AROUND_FIGURE if risk else 0
        room = self.outer_size.width - AROUND_TITLE - figure
        self.title = settings_line(settings, room) if narrow else "run"
        self.figure = risk if narrow else name
        told = risk and risk + ": c saves now"
        self._lines.update(Content("\n").join(filter(None, (Content(settings), facts, told))))


def settings_line(settings: str, room: int) -> Content:
    """As many settings as `room` cells have place for, none cut; … stands for the others."""
    return first_fitting(fewer_parts(Content(settings), DOT, MORE), room)


def describe_facts(saved: SavedRun | None, wall: RunWall, run: RunOnShow) -> Content:
    """How it goes, how often its gradients were clipped, and what of it is on disk."""
    steps = [mark.step for mark in wall.loss.checkpoints]
    kept = describe_kept(saved, steps, best_of(wall.loss.validation, steps))
    pace = describe_pace(wall.numbers[LR].series, wall.numbers[RATE].series.smoothed or 0.0)
    return Content("\n").join(filter(None, (pace, describe_clipped(run), kept)))


def best_of(validation: Series, steps: Iterable[int]) -> int | None:
    """Of these steps the one with the lowest loss on held-out items; None where none was
    measured."""
    found = {step: validation.at(step) for step in steps}
    losses = {step: at.lowest for step, at in found.items() if at and at.first == at.last == step}
    return min(losses, key=losses.__getitem__, default=None)


def describe_pace(lr: Series, per_second: float) -> Content:
    """The learning rate so far as a small curve, and the rate: `lr ▃▆█▇▆▅▃▂   1,532 tokens/s`."""
    rates = [bucket.highest for bucket in lr.reduced(CURVE)]
    curve = sparkline(rates, CURVE) if len(set(rates)) > 1 else "constant so far"
    return Content.assemble(
        ("lr ", CONTEXT), (curve, DATA), "  ", tokens_per_second(per_second).strip()
    )


def describe_clipped(run: RunOnShow) -> Content:
    """How many of its steps had longer gradients than its settings allow: `clipped to norm 1: 12
    of 40 steps`. Empty where none would be clipped."""
    if run.report is None or run.settings.clip is None:
        return Content("")
    most = field_of(TrainSettings, "clip").typed(run.settings)
    return Content(f"clipped to norm {most}: {run.clipped:,} of {counted(run.report.step, 'step')}")


def describe_kept(saved: SavedRun | None, checkpoints: Sequence[int], best: int | None) -> Content:
    """Whether all is saved, and which steps are: `▲ 4 steps unsaved · saved 6, 12 best`.

    `best` is the one of them with the lowest loss on held-out items.
    """
    if saved is None or not saved.step:
        return Content("")
    if saved.is_deleted:
        return Content.assemble(WARNING.said("its run was deleted"))
    last = checkpoints[-SHOWN:]
    told = [f"{step:,} best" if step == best else f"{step:,}" for step in last]
    earlier = "" if best is None or best in last else f" {best:,} best …"
    steps = f"{earlier} {', '.join(told)}" if told else ""
    if not saved.unsaved:
        return Content.assemble(RIGHT.said("saved"), steps)
    rest = f" · saved{steps}" if steps else ""
    return Content.assemble(describe_unsaved(saved), rest)
