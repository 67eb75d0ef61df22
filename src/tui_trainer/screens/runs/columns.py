"""The columns of the list of runs that there is room for; what all runs have is said once."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from tui_trainer.runs.listing import DamagedRun, RunOnDisk
from tui_trainer.terminal_text import visible_source
from tui_trainer.widgets.line_table import GAP, MARK, NARROW_GAP, Column, least_width
from tui_trainer.words.numbers import LOSS_WIDTH
from tui_trainer.words.times import moment

Listed = RunOnDisk | DamagedRun
"""A row of the list."""
CELL_CHARACTERS = 40
DAY_CHARACTERS = 5  # of a moment without its year

LETTER = Column("", 1)
DAY, HOUR = Column("day", 5), Column("hour", 5)
STARTED, DATE = Column("started", 11), Column("started", 16)
SHORT_MODEL = Column("model", 8, share=1, keep_end=True)
MODEL = Column("model", 10, share=1, keep_end=True)
PROBLEMS = Column("data", 10, share=1, keep_end=True)
SHORT_STEPS, STEPS = Column("steps", 8, right=True), Column("steps", 9, right=True)
LR, BATCH = Column("lr", 6, right=True), Column("batch", 5, right=True)
LAST = Column("last", LOSS_WIDTH, right=True)
BEST = Column("best", LOSS_WIDTH, right=True)
VALIDATION = Column("val", LOSS_WIDTH, right=True)
TIME = Column("time", 7, right=True)
SHORT_RATE, RATE = Column("tok/s", 5, right=True), Column("tok/s", 6, right=True)
SHORT_STATE, STATE = Column("state", 7), Column("state", 12)
LOSSES = Column("loss", 8)

COLUMNS = {
    "-narrow": (
        *(LETTER, DAY, SHORT_MODEL, SHORT_STEPS, LR, BATCH, LAST, VALIDATION, TIME, SHORT_RATE),
        SHORT_STATE,
    ),
    "-wide": (
        *(LETTER, STARTED, MODEL, STEPS, LR, BATCH, LAST, VALIDATION, TIME, RATE, LOSSES),
        STATE,
    ),
    "-broad": (
        *(LETTER, Column("run", 20, share=2), DATE, MODEL, PROBLEMS, STEPS, LR, BATCH, LAST),
        *(BEST, VALIDATION, TIME, RATE, replace(LOSSES, width=16), STATE),
    ),
}
"""Of the list, by how much room there is: 80 columns, 110, 170."""
FIRST_TO_GO = "loss", "time", "tok/s", "last", "batch", "lr", "val", "day", "hour", "state", "steps"
"""Where even what differs has no room."""


@dataclass(frozen=True)
class Layout:
    """The columns, and what has none since it is the same in all rows."""

    columns: tuple[Column, ...]
    of_all: tuple[str, ...] = ()


def list_layout(room: str, width: int, listed: Sequence[Listed]) -> Layout:
    """Of the columns of that room as many as `width` cells have room for.

    What all runs have goes first, and is said once; then the columns stand closer. Where there is a
    column for one of both, the problems take the place of a model that all runs have.
    """
    columns, of_all = COLUMNS[room], []
    shared = shared_words(listed)
    if "model" in shared and "data" not in shared and PROBLEMS not in columns:
        columns = tuple(
            replace(PROBLEMS, width=column.width) if column.title == "model" else column
            for column in columns
        )
        of_all.append(f"model {shared.pop('model')}")
    if DAY in columns and "day" in shared:
        columns = tuple(HOUR if column is DAY else column for column in columns)
        of_all.append(shared.pop("day"))
    for title in ("data", "model"):
        if title in shared and not _fits(columns, width):
            columns = _without(columns, title)
            of_all.append(f"{title} {shared[title]}")
    for title in FIRST_TO_GO:
        if not _fits(columns, width, NARROW_GAP):
            columns = _without(columns, title)
    return Layout(columns, tuple(of_all))


def shared_words(listed: Sequence[Listed]) -> dict[str, str]:
    """What all runs have, by the title of its column; one that cannot be read is named there."""
    runs = [run.description for run in listed if isinstance(run, RunOnDisk)]
    if not runs:
        return {}
    words: dict[str, Collection[str]] = {
        "day": {moment(run.started, year=False)[:DAY_CHARACTERS] for run in runs},
        "model": {run.model.name for run in runs},
        "data": {run.data.problems for run in runs},
    }
    if len(runs) < len(listed):
        del words["model"]
    alone = {title: next(iter(found)) for title, found in words.items() if len(found) == 1}
    return {title: visible_source(word, CELL_CHARACTERS) for title, word in alone.items()}


def _fits(columns: tuple[Column, ...], width: int, gap: str = GAP) -> bool:
    return len(MARK) + least_width(columns, gap) <= width


def _without(columns: tuple[Column, ...], title: str) -> tuple[Column, ...]:
    return tuple(column for column in columns if column.title != title)
