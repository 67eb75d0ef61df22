"""Layers: what the steps of a run did to each, as a heat map, layer by step."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import Static

from tui_trainer.runs.layer_history import Column, LayerHistory
from tui_trainer.screens.layers.keys import KEYS
from tui_trainer.screens.work_screen import ScreenOnTop
from tui_trainer.session.session import Session
from tui_trainer.terminal_text import visible
from tui_trainer.widgets.heat_map import HeatMap, Place, legend
from tui_trainer.widgets.panel import Panel
from tui_trainer.widgets.token_losses import ramp
from tui_trainer.words.numbers import percent

SHOW_SECONDS = 0.5
NOTHING = (
    "No step was looked at yet: a run looks at its layers every {every} steps ('layers every' in "
    "its settings)."
)
NEVER = "This run does not look at its layers: 'layers every' in its settings is 0."


@dataclass(frozen=True)
class Figure:
    """How one is told."""

    name: str
    meaning: str
    tell: Callable[[float], str] = "{:.3g}".format


FIGURES = (
    Figure("gradient norm", "of all its gradients together, before clipping"),
    Figure("update / weight", "norm of its update over that of its weights: some 1e-3 is usual"),
    Figure("RMS of g/√v", "of gradients over Adam's second moment; above 1 that lags behind"),
    Figure(
        "moved", "share of its stored values that have other bits", partial(percent, decimals=1)
    ),
)
"""In the order in which a column has them."""


class LayersScreen(ScreenOnTop):
    """Of the loop over items, opened over its screen; it goes on with the run."""

    NAME = "gsm8k"
    HELP = """\
A line a layer, a cell a step that was looked at, or a few: then it is the largest of them. · is the
least and █ the most of all there are; what each mark is stands below. At the right is the number at
the cursor's step.

The norm of the gradient tells which layer the loss pulls at. The norm of the update over that of
the weights tells how far a layer moves for its size, which the optimizer decides: with Adam hardly
by the gradient's length. The root of the mean of g²/v tells whether Adam's second moment keeps up:
it is 1 in a first step and below while gradients shrink; where it rises far above 1, the moment is
of smaller gradients than those that come, and updates are too large: it rises before the loss does
(StableAdamW, arXiv 2304.13013). Moved is the share of values whose bits are others: in bf16 most
small updates are lost to rounding.

They are measured before the update (the gradient) and by it (the rest)."""

    BINDINGS: ClassVar[list[BindingType]] = [*KEYS]

    def __init__(
        self, session: Session, history: Callable[[], LayerHistory], every: Callable[[], int]
    ) -> None:
        """`history` is of the run on show; it looks at its layers `every` so many steps."""
        super().__init__(session)
        self._history, self._every = history, every
        self.figure = 0
        self.place = Place()

    def body(self) -> Iterable[Widget]:
        with Panel(title="layers", id="layers"):
            yield HeatMap()
        yield Static(id="legend")
        yield Static(id="at", classes="details")

    def on_mount(self) -> None:
        self.set_interval(SHOW_SECONDS, self._show)

    def on_resize(self) -> None:
        self.call_after_refresh(self._show)

    # What is shown

    def _show(self) -> None:
        if not self.is_current:
            return
        history, figure, heat_map = self._history(), FIGURES[self.figure], self.query_one(HeatMap)
        panel = self.query_one("#layers", Panel)
        panel.title = figure.name
        if not history.columns:
            every = self._every()
            heat_map.update(NOTHING.format(every=every) if every else NEVER)
            return
        columns = heat_map.columns_of(history)
        self._stay_within(len(history.names), len(columns))
        heat_map.show(history, self.figure, self.place, figure.tell)
        column = columns[len(columns) - 1 - self.place.back]
        panel.figure = self._describe(history, column)
        shown = [n for one in columns for n in one.figures[self.figure] if n is not None]
        self.query_one("#legend", Static).update(legend(shown, figure.tell, ramp(self.app)))
        self.say("at", f"{figure.name}: {figure.meaning}")

    def _stay_within(self, layers: int, columns: int) -> None:
        """Another run may have fewer."""
        layer = max(0, min(self.place.layer, layers - 1))
        self.place = Place(layer, max(0, min(self.place.back, columns - 1)))

    def _describe(self, history: LayerHistory, column: Column) -> str:
        """What is at the cursor: `step 120 · layers.3 · 0.0012`."""
        steps = f"step {column.first:,}"
        if column.last > column.first:
            steps = f"steps {column.first:,} to {column.last:,}"
        number = column.figures[self.figure][self.place.layer]
        told = "none" if number is None else FIGURES[self.figure].tell(number)
        return f"{steps} · {visible(history.names[self.place.layer])} · {told}"

    # Keys

    def action_figure(self, by: int) -> None:
        self.figure = (self.figure + by) % len(FIGURES)
        self._show()

    def action_move(self, layers: int, steps: int) -> None:
        self.place = Place(max(0, self.place.layer + layers), max(0, self.place.back - steps))
        self._show()
