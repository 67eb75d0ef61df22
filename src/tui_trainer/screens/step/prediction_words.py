"""A row of the predictions: what comes next at a position, and how likely the model held that."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content

from tui_trainer.reports.predictions import Position, Prediction
from tui_trainer.widgets.cell_text import token_cell
from tui_trainer.widgets.line_table import MARK, Cell, Column, least_width
from tui_trainer.words.bars import EMPTY, FULL, full_cells, sparkline
from tui_trainer.words.numbers import probability
from tui_trainer.words.signs import CONTEXT, RIGHT, WRONG, change

TOKEN = 8
NOTHING = "—"
HISTORY = 10  # cells
P = 6  # cells of a probability
LEAST_BAR, MOST_BAR = 5, 20
P_ALONE = P + len(" ") + len(" ↑ ") + P  # a probability before and after, and what is between


@dataclass(frozen=True)
class Cells:
    """How many cells a bar has, and the history of p: none where there is no room for it."""

    bar: int
    history: int = 0


def columns_for(width: int) -> tuple[tuple[Column, ...], Cells]:
    """The columns in `width` cells: the history first, then a longer bar."""
    room = width - len(MARK)
    history = HISTORY if least_width(_columns(Cells(LEAST_BAR, HISTORY))) <= room else 0
    spare = room - least_width(_columns(Cells(LEAST_BAR, history)))
    cells = Cells(max(LEAST_BAR, min(MOST_BAR, LEAST_BAR + spare // 2)), history)
    return _columns(cells), cells


def _columns(cells: Cells) -> tuple[Column, ...]:
    history = (Column("past", cells.history),) if cells.history else ()
    return (
        Column("#", 3, right=True),
        Column("token", TOKEN, share=1),
        Column("next", TOKEN, share=1),
        Column("p of the right one", P_ALONE + cells.bar),
        *history,
        Column("likeliest", TOKEN + 2, share=1),
    )


def position_cells(
    before: Position | None, after: Position, cells: Cells, ps: Sequence[float] = ()
) -> tuple[Cell, ...]:
    """The cells of one row; `before` an update where one was made; `ps` of the updates so far."""
    expected = after.expected
    history = (Content.styled(sparkline(ps, cells.history), "$data"),) if cells.history else ()
    return (
        str(after.index),
        token_cell(after.text, TOKEN),
        NOTHING if expected is None else token_cell(expected.text, TOKEN),
        _p_cell(before, after, cells.bar),
        *history,
        _most_likely(after),
    )


def _p_cell(before: Position | None, after: Position, bar: int) -> Content:
    """0.5312 ▰▰▰▰▱ ↑ 0.8034: the cells that the update filled or emptied are bright in the bar."""
    if after.expected is None:
        return Content("")
    now = after.expected.p
    if before is None or before.expected is None:
        blank = " " * (P + 1)
        return Content.assemble(blank, *_bar(now, now, bar), "   ", (probability(now), "bold"))
    then = before.expected.p
    sign = change(then, now, falls_is_better=False)
    return Content.assemble(
        (f"{probability(then)} ", CONTEXT),
        *_bar(then, now, bar),
        " ",
        sign,
        " ",
        (probability(now), "bold"),
    )


def _bar(then: float, now: float, cells: int) -> tuple[tuple[str, str], ...]:
    before, after = full_cells(then, cells), full_cells(now, cells)
    both = min(before, after)
    return (
        (FULL * both, "$data"),
        (FULL * (after - both), "bold"),
        (EMPTY * (before - both), "bold"),
        (EMPTY * (cells - max(before, after)), CONTEXT),
    )


def _most_likely(after: Position) -> Content:
    """The likeliest token, and whether it is the right one."""
    guess = token_cell(after.top[0].text, TOKEN)
    if after.expected is None:
        return Content(guess)
    return Content.assemble(guess, " ", RIGHT if _is_right(after) else WRONG)


def _is_right(position: Position) -> bool:
    return position.expected is not None and position.top[0].id == position.expected.id


def describe_right(prediction: Prediction) -> Content:
    """At how many positions the likeliest token is the one that comes next."""
    labelled = [position for position in prediction.positions if position.expected is not None]
    right = sum(map(_is_right, labelled))
    return Content.assemble(RIGHT, f" {right} of {len(labelled)}")
