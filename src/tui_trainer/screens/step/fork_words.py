"""What the fork's dialog says of its outcomes: columns beside each other, in words and numbers."""

import math

from textual.content import Content

from tui_trainer.reports.predictions import Position
from tui_trainer.reports.updates import UpdateReport
from tui_trainer.screens.step.words import SHARE_DECIMALS
from tui_trainer.widgets.cell_text import fit_content, token_cell
from tui_trainer.widgets.line_table import GAP, Cell, Column
from tui_trainer.words.numbers import learning_rate, nats, percent, probability
from tui_trainer.words.signs import CONTEXT, RIGHT, change

FACTORS = "÷3", "×1", "×3"
LABEL, OUTCOME = 10, 18  # the widest that a dialog has room for at 80 columns
TOKEN = OUTCOME - 9  # beside a probability, a space and a tick
COLUMNS = (
    Column("next token", LABEL),
    *(Column(f"p · likeliest {factor}", OUTCOME) for factor in FACTORS),
)


def describe_outcomes(outcomes: tuple[UpdateReport, ...]) -> Content:
    """A line for each fact, a column for each learning rate."""
    counts = [outcome.moved or 0 for outcome in outcomes]  # a fork always counts them
    facts: dict[str, list[Content]] = {
        "": [Content.styled(f"{key}  {factor}", "bold") for key, factor in enumerate(FACTORS, 1)],
        "lr": [Content(learning_rate(outcome.lr)) for outcome in outcomes],
        "loss now": [Content(nats(outcome.loss)) for outcome in outcomes],
        "loss after": [Content.styled(nats(loss_after(outcome)), "bold") for outcome in outcomes],
        "change": [_change(outcome) for outcome in outcomes],
        "moved": [Content(f"{moved:,}") for moved in counts],
        "share": [
            Content(percent(moved / outcome.parameters, SHARE_DECIMALS))
            for moved, outcome in zip(counts, outcomes, strict=True)
        ],
    }
    return Content("\n").join(_line(label, cells) for label, cells in facts.items())


def _line(label: str, cells: list[Content]) -> Content:
    """Under the columns of the table below, which has a mark before its first."""
    columns = [Content.styled(f" {label:<{LABEL}}", CONTEXT)]
    columns += [fit_content(cell, OUTCOME) for cell in cells]
    return Content(GAP).join(columns)


def _change(outcome: UpdateReport) -> Content:
    after = loss_after(outcome)
    sign = change(outcome.loss, after)
    return Content.assemble(sign.said(nats(abs(after - outcome.loss))))


def describe_lowest(outcomes: tuple[UpdateReport, ...]) -> str:
    """Which has the lowest loss after it; a loss that is no number is none."""
    losses = [loss_after(outcome) for outcome in outcomes]
    known = [loss for loss in losses if not math.isnan(loss)]
    if not known:
        return "Every loss afterwards is no number any more."
    lowest = losses.index(min(known))
    return f"The lowest loss afterwards is that of {lowest + 1} ({FACTORS[lowest]})."


def loss_after(report: UpdateReport) -> float:
    """The loss of the text after the update, which has at least two tokens."""
    return math.nan if report.after.loss is None else report.after.loss


def position_cells(outcomes: tuple[UpdateReport, ...], row: int) -> tuple[Cell, ...]:
    """One position: the token that comes next, and what each outcome makes of it."""
    positions = [outcome.after.positions[row] for outcome in outcomes]
    expected = positions[0].expected
    label = "—" if expected is None else token_cell(expected.text, LABEL)
    return (label, *(_outcome_cell(position) for position in positions))


def _outcome_cell(position: Position) -> Content:
    """p of the token that comes next, or at the end of the likeliest; and the likeliest token."""
    expected, likeliest = position.expected, position.top[0]
    p = likeliest.p if expected is None else expected.p
    tick = RIGHT if expected is not None and expected.id == likeliest.id else " "
    return Content.assemble(f"{probability(p)} {token_cell(likeliest.text, TOKEN)} ", tick)
