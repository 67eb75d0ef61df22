"""The keys of a chart: on the chart that has the focus, and on a screen for the one in hand."""

from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.dom import DOMNode

from tui_trainer.widgets.keys import CHART, key

if TYPE_CHECKING:
    from tui_trainer.widgets.chart.chart import Chart

ZOOM = 2.0
"""Of one press."""
CHART_KEYS = (
    key(
        "left",
        "cross(-1)",
        "back",
        "Read what the curves had before",
        CHART,
        main=31,
        pair="read",
        id="chart-left",
    ),
    key(
        "right",
        "cross(1)",
        "on",
        "Read what the curves had after",
        CHART,
        main=31,
        pair="read",
        id="chart-right",
    ),
    key(
        "plus",
        f"zoom({1 / ZOOM})",
        "zoom in",
        "Half as much of the chart, around what is read",
        CHART,
        main=32,
        pair="zoom",
        drawn="+",
        id="chart-in",
    ),
    key(
        "minus",
        f"zoom({ZOOM})",
        "zoom out",
        "Twice as much of the chart",
        CHART,
        main=32,
        pair="zoom",
        drawn="-",
        id="chart-out",
    ),
    key(
        "number_sign",
        "ask_place",
        "go to",
        "Read the place whose number is typed: a step, an update",
        CHART,
        main=35,
        drawn="#",
        id="chart-place",
    ),
    key("shift+left", "pan(-0.5)", "earlier", "What came before", CHART, id="chart-earlier"),
    key("shift+right", "pan(0.5)", "later", "What comes after", CHART, id="chart-later"),
    key("0", "whole", "show all", "All of the chart", CHART, main=33, id="chart-all"),
    key(
        "w", "follow", "follow", "The last part of the chart, as it grows", CHART, id="chart-follow"
    ),
    key(
        "equals_sign",
        f"zoom({1 / ZOOM})",
        "zoom in",
        "Half as much of the chart",
        CHART,
        id="chart-in-too",
        system=True,
    ),
)
"""In the order in which they are told."""
LEAVE = key(
    "escape",
    "leave_chart",
    "leave",
    "Read nothing more; leave the chart",
    CHART,
    main=34,
    id="chart-leave",
)
READ_KEYS = "← → read  # go to  + - zoom"
FOLLOW_KEYS = f"{READ_KEYS}  w follow"
"""What a panel tells of them, by which of them are the screen's."""


class WithChart(DOMNode):
    """A screen whose keys go to a chart that need not have the focus: the one in hand.

    It stands behind the screen among the bases: Textual takes styles along the first of them alone,
    and a key that means something else on the screen goes on to. That one is the chart's where it
    has the focus.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*CHART_KEYS]

    @property
    def chart_in_hand(self) -> "Chart":
        raise NotImplementedError

    def action_cross(self, by: int) -> None:
        self.chart_in_hand.action_cross(by)

    def action_ask_place(self) -> None:
        self.chart_in_hand.action_ask_place()

    def action_zoom(self, factor: float) -> None:
        self.chart_in_hand.action_zoom(factor)

    def action_pan(self, share: float) -> None:
        self.chart_in_hand.action_pan(share)

    def action_whole(self) -> None:
        self.chart_in_hand.action_whole()

    def action_follow(self) -> None:
        self.chart_in_hand.action_follow()

    def action_leave_chart(self) -> None:
        self.chart_in_hand.action_leave_chart()
