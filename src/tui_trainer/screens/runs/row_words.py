"""The list of runs: what a row of it tells, in the columns that there are, fit for a terminal."""

from collections.abc import Sequence

from textual.content import Content

from tui_trainer.runs.description import RunState
from tui_trainer.runs.listing import DamagedRun, RunOnDisk
from tui_trainer.screens.runs.columns import (
    CELL_CHARACTERS,
    DATE,
    DAY_CHARACTERS,
    SHORT_RATE,
    SHORT_STEPS,
    STATE,
    STEPS,
    Listed,
)
from tui_trainer.session.run_curves import Glance
from tui_trainer.settings.train import TrainSettings
from tui_trainer.terminal_text import visible, visible_source
from tui_trainer.widgets.cell_text import first_fitting
from tui_trainer.widgets.chart.picture import INKS, ink_of
from tui_trainer.widgets.line_table import Cell, Column
from tui_trainer.words.bars import sparkline
from tui_trainer.words.numbers import (
    counted,
    duration,
    learning_rate,
    nats,
    per_second,
    rate,
    short_count,
)
from tui_trainer.words.runs import NAME_CHARACTERS
from tui_trainer.words.signs import BROKEN, FINISHED, RUNNING, STOPPED
from tui_trainer.words.times import moment

DAMAGED, SHORT_DAMAGED = "unreadable", "damaged"
SIGNS = {
    RunState.GOING: RUNNING,
    RunState.FINISHED: FINISHED,
    RunState.STOPPED: STOPPED,
    RunState.FAILED: BROKEN,
    RunState.BROKEN_OFF: BROKEN,
}
SHORT = {RunState.FINISHED: "done", RunState.BROKEN_OFF: "broken"}
"""Where there are seven cells; the other states are told as they are."""
INK_STYLES = dict(zip(INKS, ("$data", "$data-2"), strict=True))


def row_cells(
    run: Listed, letter: Content, columns: tuple[Column, ...], glance: Glance
) -> tuple[Cell, ...]:
    """The row of one run in these columns; `letter` is what marks it in the chart."""
    told = cells_of(run, glance) if isinstance(run, RunOnDisk) else damaged_cells(run)
    cells = next((column.width for column in columns if column.title == "loss"), 0)
    told |= {"": letter, "loss": Content.styled(trend(glance.losses, cells), "$data")}
    told["state"] = state_cell(run, signed=STATE in columns)
    if isinstance(run, RunOnDisk):
        told |= fitted_cells(run, columns)
    return tuple(told.get(column.title, "-") for column in columns)


def fitted_cells(run: RunOnDisk, columns: tuple[Column, ...]) -> dict[str, Cell]:
    """What is told in fewer characters where its column has fewer."""
    described, tally = run.description, run.description.tally
    started = moment(described.started, year=DATE in columns)
    pace = per_second(tally.tokens, tally.seconds)
    steps = SHORT_STEPS if SHORT_STEPS in columns else STEPS
    problems = without_suffix(described.data.problems)
    return {
        "data": visible_source(problems, CELL_CHARACTERS),
        "started": started,
        "day": started[:DAY_CHARACTERS],
        "hour": started[DAY_CHARACTERS + 1 :],
        "steps": describe_steps(tally.step, described.steps, steps.width),
        "tok/s": short_count(round(pace)) if SHORT_RATE in columns else rate(pace).strip(),
    }


def without_suffix(problems: str) -> str:
    """A file's name by what tells it from others: its end is what a narrow column has room for."""
    return problems.removesuffix(".jsonl").removesuffix(".parquet")


def cells_of(run: RunOnDisk, glance: Glance) -> dict[str, Cell]:
    """By the title of the column."""
    described, tally = run.description, run.description.tally
    settings = described.settings
    return {
        "run": visible(run.name, limit=NAME_CHARACTERS),
        "model": visible_source(described.model.name, CELL_CHARACTERS),
        "lr": learning_rate(settings.lr if glance.lr is None else glance.lr, 2),
        "batch": describe_batch(settings),
        "last": nats(tally.last),
        "best": nats(tally.best),
        "val": nats(None if glance.best is None else glance.best.loss),
        "time": duration(tally.seconds).strip(),
    }


def damaged_cells(run: DamagedRun) -> dict[str, Cell]:
    name = visible(run.folder.name, limit=CELL_CHARACTERS)
    return {"run": name, "model": name, "data": name}


def state_cell(run: Listed, *, signed: bool) -> Cell:
    """A run that goes, or that did not end by itself, stands out."""
    if isinstance(run, DamagedRun):
        return Content.styled(DAMAGED if signed else SHORT_DAMAGED, "$attention")
    mark, style = SIGNS[run.state]
    word = f"{mark} {run.state.value}" if signed else SHORT.get(run.state, run.state.value)
    return Content.styled(word, style)


def trend(losses: Sequence[float], cells: int) -> str:
    """A curve in at most so many cells: the last of each part of it."""
    if not cells:
        return ""
    every = max(1, -(-len(losses) // cells))
    return sparkline(losses[(len(losses) - 1) % every :: every], cells)


def describe_batch(settings: TrainSettings) -> str:
    """The rows of a pass, and how many passes a step has where there are several."""
    if settings.accumulation == 1:
        return f"{settings.batch}"
    return f"{settings.batch}×{settings.accumulation}"


def describe_steps(step: int, steps: int, width: int = STEPS.width) -> str:
    """Those made, of all; a run tells how many those are with its first."""
    made = f"{step}/{steps}" if steps else str(step)
    return first_fitting((made, f"{short_count(step, down=True)}/{short_count(steps)}"), width)


def marked(letter: str) -> Content:
    """The letter of a run, in the colour of its curve."""
    return Content.styled(letter or " ", f"bold {INK_STYLES[ink_of(letter)]}" if letter else "")


def describe_list(runs: int, damaged: int, marked: int, of_all: Sequence[str]) -> str:
    """The figure of the list: how many, and what all of them have."""
    parts = [counted(runs, "run")]
    if damaged:
        parts.append(f"{damaged:,} cannot be read: select to see why")
    parts += of_all
    parts.append(f"{marked} marked" if marked else "space marks runs to compare")
    return " · ".join(parts)
