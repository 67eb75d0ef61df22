"""Layers: what the steps of a run did to each, as a heat map, layer by step."""

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import Static

from tui_trainer.runs.layer_history import Column, LayerHistory
from tui_trainer.screens.layers.keys import KEYS
from tui_trainer.screens.layers.words import (
    FIGURES,
    at_cursor,
    details,
    nothing,
    place_of,
    title,
)
from tui_trainer.screens.work_screen import ScreenOnTop
from tui_trainer.session.session import Session
from tui_trainer.widgets.heat_map import HeatMap, HeatMapView, legend, shades
from tui_trainer.widgets.panel import Panel

SHOW_SECONDS = 0.5
OF_MAP = {"figure", "last-part", "earlier-step", "later-step", "layer-before", "layer-after"}
"""The keys in the footer that are about what is on it."""


class LayersScreen(ScreenOnTop):
    """Of the loop over items, opened over its screen; it goes on with the run."""

    NAME = "gsm8k"
    HELP = """\
A line a layer, a column a step that was looked at. Where there are more of them than columns, a
column is some neighbours, and shows the largest of them: no spike is lost. w has the last ones one
by one. · is the least of all that is on show and █ the most; below stands what each mark is. At the
right of each line is its number at the cursor's step, and above all the one at the cursor, in the
digits that metrics.jsonl has.

gradient norm: of the layer's gradients, before they are clipped: which layer the loss pulls at.

update / weight: the norm of the update over that of the weights: how far the layer moves for its
size. The optimizer decides that: with Adam hardly the length of the gradient.

RMS of g/√v: the root of the mean of g²/v tells whether Adam's second moment keeps up. It is 1 in a
first step, and below while gradients shrink; far above 1 the moment is of smaller gradients than
those that come, and the updates are too large: it rises before the loss does (StableAdamW, arXiv
2304.13013). Other optimizers have none.

moved: the share of values whose bits are others: in bf16 most small updates are lost to rounding.

'layers every' in the settings says how often a run looks; 0: never."""

    BINDINGS: ClassVar[list[BindingType]] = [*KEYS]

    def __init__(self, session: Session, history: Callable[[], LayerHistory], every: int) -> None:
        """`history` is of the run on show, which looks at its layers `every` so many steps."""
        super().__init__(session)
        self._history, self._every = history, every
        self.figure = 0
        self.at_layer = 0
        self.at_step: int | None = None
        """The cursor's; None for the last one, also when there are more."""
        self.is_last_part = False
        """Whether only the last steps are on show, one by one."""
        self.heat_map: HeatMap | None = None
        """What is on show; None before the first look."""

    def body(self) -> Iterable[Widget]:
        with Panel(title="layers", id="layers"):
            yield HeatMapView()
        yield Static(id="legend")
        yield Static(id="at", classes="details")

    def on_mount(self) -> None:
        self.set_interval(SHOW_SECONDS, self._show)

    def on_resize(self) -> None:
        self.call_after_refresh(self._show)

    def word_for(self, name: str, label: str) -> str:
        """Without a look there is nothing but the way back."""
        if self.heat_map is None and name in OF_MAP:
            return ""
        return super().word_for(name, "all" if name == "last-part" and self.is_last_part else label)

    # What is shown

    def _show(self) -> None:
        if not self.is_current:
            return
        was_empty, view = self.heat_map is None, self.query_one(HeatMapView)
        self.heat_map = self._map_of(self._history(), view.most_columns)
        if self.heat_map is None:
            view.update(nothing(self._every))
            return
        view.show(self.heat_map)
        panel = self.query_one("#layers", Panel)
        panel.title = title(self.heat_map, self.heat_map.rows(view.content_size.height - 1))
        panel.figure = at_cursor(self.heat_map)
        self.query_one("#legend", Static).update(legend(self.heat_map, shades(self.app)))
        self.say("at", details(self.heat_map))
        if was_empty:
            self.follow_keys()

    def _map_of(self, history: LayerHistory, most: int) -> HeatMap | None:
        if not history:
            return None
        columns = history.last(most) if self.is_last_part else history.whole(most)
        self.at_layer = min(self.at_layer, len(history.names) - 1)  # another run may have fewer
        return HeatMap(
            names=history.names,
            columns=columns,
            figure=self.figure,
            layer=self.at_layer,
            at=place_of(columns, self.at_step),
            tell=FIGURES[self.figure].tell,
        )

    # Keys

    def action_figure(self, by: int) -> None:
        self.figure = (self.figure + by) % len(FIGURES)
        self._show()

    def action_last_part(self) -> None:
        self.is_last_part = not self.is_last_part
        self.follow_keys()
        self._show()

    def action_layer(self, by: int) -> None:
        self.at_layer = max(0, self.at_layer + by)
        self._show()

    def action_step(self, by: int) -> None:
        if self.heat_map is not None:
            self._go_to(self.heat_map.columns, self.heat_map.at + by)

    def action_first_step(self) -> None:
        if self.heat_map is not None:
            self._go_to(self.heat_map.columns, 0)

    def action_last_step(self) -> None:
        self.at_step = None
        self._show()

    def _go_to(self, columns: Sequence[Column], place: int) -> None:
        last = len(columns) - 1
        self.at_step = None if place >= last else columns[max(0, place)].first
        self._show()
