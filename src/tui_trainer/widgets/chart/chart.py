"""The chart as a widget: drawn when it is painted and seldom anew, read by a crosshair, zoomed."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tui_trainer.widgets.chart.draw import ROOMY, TITLE, Drawn, axis_ends, draw
from tui_trainer.widgets.chart.picture import Picture, Reading, readings
from tui_trainer.widgets.chart.reading_words import EVERYTHING, in_words
from tui_trainer.widgets.chart.view import View
from tui_trainer.widgets.chart_keys import CHART_KEYS, LEAVE, ZOOM

REDRAW_SECONDS = 0.5
SMALL_REDRAW_SECONDS = 1.0
"""Of one beside a large one: six of them are as many bytes for the terminal as that one."""
REST_AT_MOST = 2.0
DRAW_SHARE = 100
"""The chart rests so many times as long as it took to build: 1% of a core, whatever its size."""
WHEEL = ZOOM**0.5
WHEEL_SHARE = 0.1
"""Of what is on show, for one notch of a wheel to the side."""


class Chart(Widget, can_focus=True):
    """Draws the `picture` that a chart of some kind makes of what it holds.

    What changed is told by `redraw`: the chart is drawn at once after a pause, else at most every
    `REDRAW_SECONDS`, a long one every `REST_AT_MOST`, however often it is called, and of what is
    on show only the cells that differ are painted. On a screen that is not open it costs nothing,
    and is up to date when it is opened.
    """

    DEFAULT_CSS = """
    Chart {
        width: 1fr;
        height: 1fr;

        .chart--title { color: $text; }
        .chart--frame { color: $context; }
        .chart--raw { color: $context; }
        .chart--first { color: $data; text-style: bold; }
        .chart--second { color: $data-2; text-style: bold; }
        .chart--point { color: $attention; text-style: bold; }
        .chart--mark { color: $context; }
        .chart--cross { color: $context; }
        .chart--here { color: $text; text-style: bold reverse; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "chart--title",
        "chart--frame",
        "chart--raw",
        "chart--first",
        "chart--second",
        "chart--point",
        "chart--mark",
        "chart--cross",
        "chart--here",
    }
    BINDINGS: ClassVar[list[BindingType]] = [*CHART_KEYS, LEAVE]
    ALLOW_SELECT = False
    """What is dragged is its axis; ctrl+s saves it."""

    log_axis: reactive[bool] = reactive(False)
    """Whether the vertical axis is logarithmic."""
    view: reactive[View] = reactive(View())
    """What of the horizontal axis is on show, and where the crosshair is."""

    @dataclass
    class Looked(Message):
        """The user looks at another part of the axis, or at another place of it."""

        chart: "Chart"
        view: View

    @dataclass
    class PlaceAsked(Message):
        """The user wants to type the place to read: one of the axis, whose ends these are."""

        chart: "Chart"
        what: str
        ends: tuple[float, float]
        now: float

    @dataclass
    class Redrawn(Message):
        """The chart was drawn anew: its numbers may be others."""

        chart: "Chart"

    def __init__(self, *, titled: bool = True) -> None:
        """Not `titled` where something else, its panel, has its title and what it reads."""
        super().__init__()
        self._titled = titled
        self.most: float | None = None
        """The step that the run ends with; None where no more steps are to come."""
        self.draws = 0
        """How many times it was built."""
        self._resting = False
        self._waiting = False
        self._build_seconds = 0.0
        self._drawn: Drawn | None = None
        self._drawn_size = Size(0, 0)
        self._is_stale = True
        self._crossed_by_mouse = False
        self._held: float | None = None
        """The place that the mouse holds while its button is down."""

    def picture(self) -> Picture:
        """What is to be drawn now; a kind of chart has its own."""
        raise NotImplementedError

    @property
    def title(self) -> str:
        """What its panel is called."""
        return ""

    @property
    def has_curve(self) -> bool:
        """Whether there is something to draw."""
        return self.picture().ends is not None

    @property
    def is_small(self) -> bool:
        """Whether it stands beside a large one, which tells what it has no room for."""
        return self.size.width < ROOMY[0]

    # When it is drawn

    def redraw(self) -> None:
        """What is drawn changed: draw it now, or as soon as the last drawing is old enough."""
        if self._resting:
            self._waiting = True
        elif self.is_mounted:
            self._resting = True
            self._draw_anew()
            self.set_timer(self._rest_seconds, self._end_rest)

    def grow_stale(self) -> None:
        """What is drawn changed, and nobody sees it: it is drawn when it is painted next."""
        self._is_stale = True

    @property
    def _rest_seconds(self) -> float:
        """After the build before this one: this one may be built when it is painted."""
        least = SMALL_REDRAW_SECONDS if self.is_small else REDRAW_SECONDS
        return min(REST_AT_MOST, max(least, DRAW_SHARE * self._build_seconds))

    def _end_rest(self) -> None:
        self._resting = False
        if self._waiting:
            self._waiting = False
            self.redraw()

    def _draw_anew(self) -> None:
        """Paint what differs, where the chart can be seen; else all of it once it can be."""
        before = self._drawn if self._drawn_size == self.size and self.is_seen else None
        self._is_stale = True
        after = None if before is None else self._built()
        if before is None or after is None or len(after.canvas.cells) != len(before.canvas.cells):
            self.refresh()
        elif spans := after.canvas.changed(before.canvas):
            self.refresh(*(Region(left, y, right - left + 1, 1) for y, left, right in spans))
        self.post_message(self.Redrawn(self))

    @property
    def is_seen(self) -> bool:
        """Whether it is on show; below a dialog it is, too."""
        if not self.is_attached or not self.region:
            return False
        return self.screen.is_active or (self.screen.is_current and self.app.screen.is_modal)

    def watch_log_axis(self) -> None:
        self._draw_anew()

    def watch_view(self) -> None:
        self._draw_anew()

    def render_line(self, y: int) -> Strip:
        canvas = self._built().canvas
        pieces = canvas.pieces(y) if y < len(canvas.cells) else ()
        strip = Strip([Segment(text, self._ink(ink)) for text, ink in pieces])
        if strip.cell_length == self.size.width:  # its own style takes as long to know as the line
            return strip
        return strip.adjust_cell_length(self.size.width, self.rich_style)

    def _ink(self, ink: str) -> Style:
        return self.get_component_rich_style(f"chart--{ink}")

    def _built(self) -> Drawn:
        if self._drawn is None or self._is_stale or self._drawn_size != self.size:
            self.draws += 1
            self._drawn_size, self._is_stale = self.size, False
            began = time.thread_time()  # a training loop may have the core meanwhile
            self._drawn = self._build()
            self._build_seconds = time.thread_time() - began
        return self._drawn

    def _build(self) -> Drawn:
        picture = self.picture()
        drawn = draw(picture, *self.size, self.view, titled=self._titled)
        if self._titled and drawn.plot is not None and (read := self._read(picture)):
            width = self.size.width
            drawn.canvas.put(0, 0, f" {in_words(*read, width - 1)}".ljust(width), TITLE)
        return drawn

    # What it reads

    def _read(self, picture: Picture) -> tuple[str, Sequence[Reading]] | None:
        cross = self.view.cross
        if cross is None or not (found := readings(picture, cross)):
            return None
        place = f"{cross:,.0f}" if picture.whole else f"{cross:,.4g}"
        told = place if picture.tell_x is None else picture.tell_x(cross)
        return f"{picture.x_label} {told}", found

    def figure(self) -> Content:
        """What a glance wants of it, beside its title; a kind of chart has its own."""
        return Content("")

    @property
    def legend(self) -> list[str]:
        """Which mark is which, where that is to be told."""
        return []

    def reading(self, room: int = EVERYTHING) -> Content | None:
        """The place of the crosshair and the value of every curve there, in so many cells; None
        without one.

        A small chart, which stands beside one that tells the place, has its first value alone.
        """
        if (read := self._read(self.picture())) is None:
            return None
        if self.is_small:
            return Content.styled(read[1][0].value, "bold")
        return in_words(*read, room)

    # Keys

    def look(self, view: View, *, by_mouse: bool = False) -> None:
        """Look at that part or place of the axis, and tell of it; setting `view` tells nobody."""
        self._crossed_by_mouse = by_mouse
        self.view = view
        if self.is_mounted:
            self.post_message(self.Looked(self, view))

    def action_cross(self, by: int) -> None:
        """The crosshair so many cells on, at least a step; it comes at the last place."""
        picture = self.picture()
        if (all_of_it := axis_ends(picture)) is None or picture.ends is None:
            return
        drawn, first, last = self._built(), *picture.ends
        if self.view.cross is None or drawn.plot is None:
            self.look(self.view.crossed(all_of_it, min(last, self.view.ends(all_of_it)[1])))
            return
        plot = drawn.plot
        cell = (plot.high - plot.low) / max(1, plot.right - plot.left)
        cell = max(1.0, float(round(cell))) if picture.whole else cell
        cross = max(first, min(self.view.cross + by * cell, last))
        self.look(self.view.crossed(all_of_it, round(cross) if picture.whole else cross))

    def action_ask_place(self) -> None:
        """Whoever has dialogs asks for it; `read_at` takes it."""
        picture = self.picture()
        if (ends := picture.ends) is not None:
            cross = ends[1] if self.view.cross is None else self.view.cross
            self.post_message(self.PlaceAsked(self, picture.x_label, ends, cross))

    def read_at(self, place: float) -> None:
        """The crosshair there, where the axis has such a place; what is on show moves along."""
        if (all_of_it := axis_ends(self.picture())) is not None:
            self.look(self.view.crossed(all_of_it, place))

    def action_zoom(self, factor: float) -> None:
        if (all_of_it := axis_ends(self.picture())) is not None:
            self.look(self.view.zoomed(all_of_it, factor))

    def action_pan(self, share: float) -> None:
        if (all_of_it := axis_ends(self.picture())) is not None:
            self.look(self.view.moved(all_of_it, share))

    def action_whole(self) -> None:
        self.look(self.view.whole())

    def action_follow(self) -> None:
        picture = self.picture()
        if picture.ends is not None:
            self.look(self.view.following(picture.ends))

    def action_leave_chart(self) -> None:
        """Take the crosshair away; where there is none, leave the chart for what had the focus
        when the screen was opened. Textual's `blur` goes on to the next that can have it."""
        if self.view.cross is not None:
            self.look(replace(self.view, cross=None))
        elif self.has_focus:
            first = self.screen.AUTO_FOCUS
            self.screen.set_focus(self.screen.query(first).first() if first else None)

    # Mouse

    def _exact_place(self, event: events.MouseEvent) -> float | None:
        plot = self._built().plot
        return plot.place(event.x) if plot and plot.left <= event.x <= plot.right else None

    def _place_under(self, event: events.MouseEvent) -> float | None:
        place = self._exact_place(event)
        return place if place is None or not self.picture().whole else float(round(place))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        if event.button == 1 and (place := self._exact_place(event)) is not None:
            self._held = place
            self.capture_mouse()

    def on_mouse_up(self) -> None:
        self._held = None
        self.release_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._held is not None:
            self._drag(self._held, self._exact_place(event))
            return
        place = self._place_under(event)
        if place is not None and place != self.view.cross:
            self.look(replace(self.view, cross=place), by_mouse=True)

    def _drag(self, held: float, place: float | None) -> None:
        """What was under the mouse when its button went down is under it again."""
        all_of_it = axis_ends(self.picture())
        if all_of_it is None or place is None or place == held:
            return
        low, high = self.view.ends(all_of_it)
        if high - low < all_of_it[1] - all_of_it[0]:
            self.look(self.view.shown(all_of_it, low + held - place, high - low))

    def on_leave(self) -> None:
        """What the mouse brought goes with it; a click, or a key, lets it stay."""
        if self._crossed_by_mouse:
            self.look(replace(self.view, cross=None))

    def on_click(self) -> None:
        self._crossed_by_mouse = False

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._zoom_by_wheel(event, 1 / WHEEL)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._zoom_by_wheel(event, WHEEL)

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        self._pan_by_wheel(event, -WHEEL_SHARE)

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        self._pan_by_wheel(event, WHEEL_SHARE)

    def _zoom_by_wheel(self, event: events.MouseEvent, factor: float) -> None:
        event.stop()
        if (all_of_it := axis_ends(self.picture())) is not None:
            view = self.view.zoomed(all_of_it, factor, self._place_under(event))
            self.look(view, by_mouse=self._crossed_by_mouse)

    def _pan_by_wheel(self, event: events.MouseEvent, share: float) -> None:
        event.stop()
        if (all_of_it := axis_ends(self.picture())) is not None:
            self.look(self.view.moved(all_of_it, share), by_mouse=self._crossed_by_mouse)
