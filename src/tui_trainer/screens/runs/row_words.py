"""The list of runs: its columns and what a row of it tells, fit for a terminal."""

import math
from collections.abc import Sequence

from textual.content import Content

from tui_trainer.runs.description import RunState
from tui_trainer.runs.listing import DamagedRun, RunOnDisk
from tui_trainer.session.run_curves import Glance
from tui_trainer.settings.train import TrainSettings
from tui_trainer.terminal_text import visible, visible_source
from tui_trainer.widgets.chart.picture import INKS, ink_of
from tui_trainer.widgets.line_table import Cell, Column
from tui_trainer.words.bars import sparkline
from tui_trainer.words.numbers import (
    LOSS_WIDTH,
    counted,
    duration,
    exponential,
    nats,
    per_second,
    rate,
    short_count,
)
from tui_trainer.words.runs import NAME_CHARACTERS
from tui_trainer.words.signs import BROKEN, FINISHED, RUNNING, STOPPED
from tui_trainer.words.times import moment

CELL_CHARACTERS = 40
DAMAGED = "unreadable"
LETTER = Column("", 1)
STARTED, DATE = Column("started", 11), Column("started", 16)
MODEL = Column("model", 6, share=1, keep_end=True)
PROBLEMS = Column("data", 6, share=1, keep_end=True)
STEPS = Column("steps", 9, right=True)
LR, BATCH = Column("lr", 6, right=True), Column("batch", 5, right=True)
LAST = Column("last", LOSS_WIDTH, right=True)
BEST = Column("best", LOSS_WIDTH, right=True)
VALIDATION = Column("val", LOSS_WIDTH, right=True)
TIME, RATE = Column("time", 7, right=True), Column("tok/s", 6, right=True)
WORD, STATE = Column("state", 10), Column("state", 12)
SIGNS = {
    RunState.GOING: RUNNING,
    RunState.FINISHED: FINISHED,
    RunState.STOPPED: STOPPED,
    RunState.FAILED: BROKEN,
    RunState.BROKEN_OFF: BROKEN,
}


def _losses(cells: int) -> Column:
    return Column("loss", cells)


COLUMNS = {
    "-narrow": (LETTER, STARTED, MODEL, STEPS, LR, LAST, VALIDATION, WORD),
    "-wide": (
        *(LETTER, STARTED, MODEL, STEPS, LR, BATCH, LAST, VALIDATION, TIME, RATE),
        *(_losses(8), STATE),
    ),
    "-broad": (
        *(LETTER, Column("run", 20, share=2), DATE, MODEL, PROBLEMS, STEPS, LR, BATCH, LAST),
        *(BEST, VALIDATION, TIME, RATE, _losses(16), STATE),
    ),
}
"""Of the list, by how much room there is: 80 columns, 110, 170."""

INK_STYLES = dict(zip(INKS, ("$data", "$data-2"), strict=True))

Listed = RunOnDisk | DamagedRun
"""A row of the list."""


def list_columns(room: str, listed: Sequence[Listed]) -> tuple[Column, ...]:
    """Those that a room of COLUMNS has; where it has one for both, the problems take the place of
    a model that all runs have."""
    columns = COLUMNS[room]
    runs = [run.description for run in listed if isinstance(run, RunOnDisk)]
    one_model = len({run.model.name for run in runs}) == 1
    if PROBLEMS in columns or not one_model or len({run.data.problems for run in runs}) == 1:
        return columns
    return tuple(PROBLEMS if column is MODEL else column for column in columns)


def row_cells(
    run: Listed, letter: Content, columns: tuple[Column, ...], glance: Glance
) -> tuple[Cell, ...]:
    """The row of one run in these columns; `letter` is what marks it in the chart."""
    told = cells_of(run, glance) if isinstance(run, RunOnDisk) else damaged_cells(run)
    cells = next((column.width for column in columns if column.title == "loss"), 0)
    told |= {"": letter, "loss": Content.styled(trend(glance.losses, cells), "$data")}
    if isinstance(run, RunOnDisk):
        told["state"] = state_cell(run.state, signed=STATE in columns)
        told["started"] = moment(run.description.started, year=DATE in columns)
    return tuple(told.get(column.title, "-") for column in columns)


def cells_of(run: RunOnDisk, glance: Glance) -> dict[str, Cell]:
    """By the title of the column."""
    described, tally = run.description, run.description.tally
    settings = described.settings
    return {
        "run": visible(run.name, limit=NAME_CHARACTERS),
        "model": visible_source(described.model.name, CELL_CHARACTERS),
        "data": visible_source(described.data.problems, CELL_CHARACTERS),
        "steps": describe_steps(tally.step, described.steps),
        "lr": short_lr(settings.lr if glance.lr is None else glance.lr),
        "batch": describe_batch(settings),
        "last": nats(tally.last),
        "best": nats(tally.best),
        "val": nats(None if glance.best is None else glance.best.loss),
        "time": duration(tally.seconds).strip(),
        "tok/s": rate(per_second(tally.tokens, tally.seconds)).strip(),
    }


def damaged_cells(run: DamagedRun) -> dict[str, Cell]:
    name = visible(run.folder.name, limit=CELL_CHARACTERS)
    return {
        "run": name,
        "model": name,
        "data": name,
        "state": Content.styled(DAMAGED, "$attention"),
    }


def state_cell(state: RunState, *, signed: bool) -> Cell:
    """A run that goes, or that did not end by itself, stands out."""
    mark, style = SIGNS[state]
    return Content.styled(f"{mark} {state.value}" if signed else state.value, style)


def trend(losses: Sequence[float], cells: int) -> str:
    """A curve in at most so many cells: the last of each part of it."""
    if not cells:
        return ""
    every = max(1, -(-len(losses) // cells))
    return sparkline(losses[(len(losses) - 1) % every :: every], cells)


def short_lr(lr: float) -> str:
    """In six characters: 1e-5, 2.5e-5, 0.001."""
    plain = f"{lr:.3g}"
    is_whole = math.isclose(lr, float(f"{lr:.0e}"), rel_tol=1e-6)
    return exponential(lr, 0 if is_whole else 1) if "e" in plain else plain[:6]


def describe_batch(settings: TrainSettings) -> str:
    """The rows of a pass, and how many passes a step has where there are several."""
    if settings.accumulation == 1:
        return f"{settings.batch}"
    return f"{settings.batch}×{settings.accumulation}"


def describe_steps(step: int, steps: int) -> str:
    """Those made, of all; a run tells how many those are with its first."""
    made = f"{step}/{steps}" if steps else str(step)
    return made if len(made) <= 9 else f"{short_count(step, down=True)}/{short_count(steps)}"


def marked(letter: str) -> Content:
    """The letter of a run, in the colour of its curve."""
    return Content.styled(letter or " ", f"bold {INK_STYLES[ink_of(letter)]}" if letter else "")


def describe_list(runs: int, damaged: int, marked: int) -> str:
    """The figure of the list."""
    parts = [counted(runs, "run")]
    if damaged:
        parts.append(f"{damaged:,} cannot be read: select to see why")
    parts.append(f"{marked} marked" if marked else "space marks runs to compare")
    return " · ".join(parts)
