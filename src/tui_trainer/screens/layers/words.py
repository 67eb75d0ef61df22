"""What the heat map of the layers tells: its figures, and the number at the cursor."""

from dataclasses import dataclass
from functools import partial

from tui_trainer.runs.layer_history import Column
from tui_trainer.runs.loop_lines import DIGITS
from tui_trainer.terminal_text import visible
from tui_trainer.widgets.heat_map import HeatMap, Tell
from tui_trainer.words.numbers import percent

NOTHING = (
    "No step was looked at yet: a run looks at its layers every {every} steps ('layers every' in "
    "the settings)."
)
NEVER = "Nothing to see: a run looks at its layers where 'layers every' in the settings is not 0."
NO_NUMBER = "none: not finite, or nothing to compare with"


def _exactly(number: float) -> str:
    """In all the digits that a run keeps."""
    return f"{number:.{DIGITS}g}"


def _exact_percent(share: float) -> str:
    return f"{100 * share:.{DIGITS}g}%"


@dataclass(frozen=True)
class Figure:
    """How one is told."""

    name: str
    meaning: str
    tell: Tell = "{:.3g}".format
    exactly: Tell = _exactly


FIGURES = (
    Figure("gradient norm", "of all its gradients together, before they are clipped"),
    Figure("update / weight", "norm of its update over that of its weights: 1e-3 or so is usual"),
    Figure("RMS of g/√v", "gradients over Adam's second moment: far above 1 that lags behind"),
    Figure(
        "moved",
        "share of its stored values that have other bits since",
        partial(percent, decimals=2),
        _exact_percent,
    ),
)
"""In the order in which a column has them."""


def nothing(every: int) -> str:
    """Instead of the map; a run looks every so many steps."""
    return NOTHING.format(every=every) if every else NEVER


def title(heat_map: HeatMap, rows: range) -> str:
    """The figure; and which layers, where they are not all."""
    name, layers = FIGURES[heat_map.figure].name, len(heat_map.names)
    if len(rows) == layers:
        return name
    return f"{name} · layers {rows.start + 1} to {rows.stop} of {layers}"


def at_cursor(heat_map: HeatMap) -> str:
    """The number there, its layer and step: `step 120 · layers.3 · 0.00120034`."""
    column = heat_map.columns[heat_map.at]
    cell = heat_map.cell(heat_map.layer, heat_map.at)
    step = column.last if cell is None else cell.step
    told = NO_NUMBER if cell is None else FIGURES[heat_map.figure].exactly(cell.number)
    return f"step {step:,} · {visible(heat_map.names[heat_map.layer])} · {told}"


def details(heat_map: HeatMap) -> str:
    """What the figure is; and of which steps the cell at the cursor is the largest."""
    figure, column = FIGURES[heat_map.figure], heat_map.columns[heat_map.at]
    told = f"{figure.name}: {figure.meaning}."
    if column.looks == 1:
        return told
    return f"{told} A cell is the largest of {describe_looks(column)}."


def describe_looks(column: Column) -> str:
    """`4 steps, 330 to 360`."""
    return f"{column.looks:,} steps looked at, {column.first:,} to {column.last:,}"
