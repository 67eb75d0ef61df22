"""Layers: what the steps of a run did to each, as a heat map, layer by step."""

from collections.abc import Callable, Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.containers import Container
from textual.widget import Widget
from textual.widgets import Static

from tui_trainer.runs.layer_history import LayerHistory
from tui_trainer.screens.layers.cursor import Cursor
from tui_trainer.screens.layers.figure_panel import FigurePanel
from tui_trainer.screens.layers.keys import KEYS
from tui_trainer.screens.layers.words import FIGURES, details, nothing
from tui_trainer.screens.work_screen import ScreenOnTop
from tui_trainer.session.session import Session
from tui_trainer.widgets.heat_map import HeatMap

SHOW_SECONDS = 0.5
OF_MAP = {
    "figure",
    "last-part",
    "earlier-step",
    "later-step",
    "layer-before",
    "layer-after",
    "large",
}
"""The keys in the footer that are about what is on it."""


class LayersScreen(ScreenOnTop):
    """Of the loop over items, opened over its screen; it goes on with the run."""

    NAME = "gsm8k"
    HELP = """\
A line a layer, a column a step that was looked at. Where there are more of them than columns, a
column is some neighbours, and shows the largest of them: no spike is lost. w has the last ones one
by one. · is the least fifth of what is on show, █ a twentieth, the most; below stands where each
mark ends. At the right of a line is its number at the cursor's step, and above all the one at the
cursor, in the digits that metrics.jsonl has.

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
        self.panels = tuple(map(FigurePanel, range(len(FIGURES))))
        self.figure = 0
        """That in hand, the only one where there is no room for all."""
        self.cursor = Cursor()

    def body(self) -> Iterable[Widget]:
        with Container(id="maps"):
            yield from self.panels
        yield Static(id="at", classes="details")

    def on_mount(self) -> None:
        self._take_in_hand()
        self.set_interval(SHOW_SECONDS, self._show)

    def on_resize(self) -> None:
        self.call_after_refresh(self._show)

    @property
    def heat_map(self) -> HeatMap | None:
        """The one in hand; None before the first look."""
        return self.panels[self.figure].heat_map

    def word_for(self, name: str, label: str) -> str:
        """Without a look there is nothing but the way back."""
        has_room = self.has_class("-wide") and self.has_class("-tall")
        if name in OF_MAP and (self.heat_map is None or (name == "large" and not has_room)):
            return ""
        if name == "last-part" and self.cursor.in_last_part:
            label = "all steps"
        if name == "large" and self.has_class("-alone"):
            label = "all four"
        return super().word_for(name, label)

    # What is shown

    def _show(self) -> None:
        if not self.is_current:
            return
        was_empty, instead = self.heat_map is None, nothing(self._every)
        for panel in self.panels:
            if panel.display:
                panel.show(self._history(), self.cursor, instead)
        if self.heat_map is not None:
            self.say("at", details(self.heat_map))
        if was_empty is not (self.heat_map is None):
            self.follow_keys()

    def _take_in_hand(self) -> None:
        """What is on show may be something else now."""
        for panel in self.panels:
            panel.set_class(panel.number == self.figure, "-in-hand")
        self.call_after_refresh(self._show)

    # Keys

    def action_figure(self, by: int) -> None:
        self.figure = (self.figure + by) % len(FIGURES)
        self._take_in_hand()

    def action_large(self) -> None:
        self.toggle_class("-alone")
        self.follow_keys()
        self._take_in_hand()

    def action_last_part(self) -> None:
        self.cursor.in_last_part = not self.cursor.in_last_part
        self.follow_keys()
        self._show()

    def action_layer(self, by: int) -> None:
        self.cursor.go_down(len(self._history().names), by)
        self._show()

    def action_step(self, by: int) -> None:
        if self.heat_map is not None:
            self.cursor.go_to(self.heat_map.columns, self.heat_map.at + by)
            self._show()

    def action_first_step(self) -> None:
        if self.heat_map is not None:
            self.cursor.go_to(self.heat_map.columns, 0)
            self._show()

    def action_last_step(self) -> None:
        self.cursor.step = None
        self._show()
