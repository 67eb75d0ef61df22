"""The wall of a run's charts: its losses large, each number of its steps small beside them."""

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from tui_trainer.reports.loop import LoopReport, ValidationReport
from tui_trainer.reports.steps import StepReport
from tui_trainer.runs.past import Past
from tui_trainer.runs.series import Series
from tui_trainer.runs.step_numbers import FIRST, MOST, numbers_of
from tui_trainer.widgets.chart.chart import Chart
from tui_trainer.widgets.chart.loss_chart import LossChart
from tui_trainer.widgets.chart.number_chart import HeldOutChart, NumberChart
from tui_trainer.widgets.chart.panel import ChartPanel
from tui_trainer.widgets.chart.view import View
from tui_trainer.widgets.chart_keys import FOLLOW_KEYS
from tui_trainer.widgets.keys import CHART, key

IN_A_ROW = 3


class RunWall(Container):
    """All charts show the same part of the run, and the crosshair is in all of them.

    Below 110 columns one chart is on show, from there on as many as there is room for; `tab` takes
    the next in hand, on show or not, `enter` makes it large and small again. A number that no
    chart is for yet gets one when the first step has it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        key("enter", "enlarge", "large", "This chart alone, or all of them", CHART, main=7),
    ]

    def __init__(self, before: str = "") -> None:
        """`before` is what stands there until there is a loss, in lines."""
        super().__init__(id="wall")
        self.loss = LossChart("step", titled=False, before=before)
        self.held_out = HeldOutChart()
        self.held_out.compared = self.loss.validation
        self.numbers = {name: NumberChart(name) for name in FIRST}
        """By the name that a step's line has for it."""
        self._measured = ChartPanel(self.held_out)
        self._is_measured = False
        self.panels = [
            ChartPanel(self.loss, keys=FOLLOW_KEYS, classes="-large -in-hand", is_told=True),
            self._measured,
            *(ChartPanel(chart) for chart in self.numbers.values()),
        ]
        """In the order in which `tab` goes through them."""

    def compose(self) -> ComposeResult:
        yield from self.panels

    def on_mount(self) -> None:
        self._arrange()

    # What is in it

    def clear(self, past: Past | None = None) -> None:
        """Forget a run; `past` is what there is of the next one."""
        past = past or Past()
        self.loss.clear(past)
        self.held_out.clear(past)
        for chart in self.numbers.values():
            chart.series = Series()
        for name, series in past.numbers.items():
            self._number(name).series = series
        self.loss.look(View())
        self._arrange()

    def expect_measurements(self, expected: bool) -> None:
        """Whether the run is measured on held-out items: else there is no chart of them."""
        self._is_measured = expected
        self._arrange()

    def add(self, report: LoopReport) -> None:
        """Take in what the loop reports."""
        self.loss.add(report)
        if isinstance(report, ValidationReport):
            self.held_out.add(report)
        elif isinstance(report, StepReport):
            for name, number in numbers_of(report).items():
                if name in self.numbers or len(self.numbers) < MOST:
                    self._number(name).series.append(report.step, number)
            for chart in (self.held_out, *self.numbers.values()):
                chart.most = self.loss.most

    def _number(self, name: str) -> NumberChart:
        """The chart of that number; a new one where there is none."""
        if (chart := self.numbers.get(name)) is None:
            chart = self.numbers[name] = NumberChart(name)
            chart.set_reactive(Chart.view, self.loss.view)
            self.panels.append(ChartPanel(chart))
            if self.is_mounted:
                self.mount(self.panels[-1])
                self._arrange()
        return chart

    def redraw(self) -> None:
        """What is in the charts changed: those on show are drawn, each as often as it may."""
        self._arrange()
        for panel in self.panels:
            if panel.display:
                panel.chart.redraw()
            else:
                panel.chart.grow_stale()

    # What is on show

    @property
    def in_hand(self) -> ChartPanel:
        """The chart that the screen's keys are about."""
        return next(panel for panel in self.panels if panel.has_class("-in-hand"))

    def _arrange(self) -> None:
        """Two rows of small charts; those beyond are there by tab, those of nothing are not."""
        for panel in self.panels[1:]:
            expected = panel is self._measured and self._is_measured
            panel.set_class(not (expected or panel.chart.has_curve), "-nothing")
        small = [panel for panel in self.panels[1:] if not panel.has_class("-nothing")]
        if self.in_hand not in (self.panels[0], *small):
            self.take(self.panels[0])
        for number, panel in enumerate(small):
            panel.set_class(number >= IN_A_ROW, "-second-row")
            panel.set_class(number >= 2 * IN_A_ROW, "-beyond")
        self.set_class(self.has_class("-chosen") or self.in_hand.has_class("-beyond"), "-one")

    def take(self, panel: ChartPanel) -> None:
        """Take another chart in hand."""
        for other in self.panels:
            other.set_class(other is panel, "-in-hand")
        self._arrange()
        panel.tell()
        # At once, also of one that is not on show yet: the next key of one write is the chart's.
        self.screen.set_focus(panel.chart, scroll_visible=False)

    def next_chart(self, by: int) -> None:
        there = [panel for panel in self.panels if not panel.has_class("-nothing")]
        self.take(there[(there.index(self.in_hand) + by) % len(there)])

    def action_enlarge(self) -> None:
        self.toggle_class("-chosen")
        self._arrange()

    def leave(self) -> None:
        """One thing after another: nothing is read, all charts are on show, none has the focus."""
        if self.in_hand.chart.view.cross is None and self.has_class("-chosen"):
            self.action_enlarge()
        else:
            self.in_hand.chart.action_leave_chart()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """A chart that was clicked is in hand."""
        for panel in self.panels:
            if event.widget is panel.chart and panel is not self.in_hand:
                self.take(panel)

    def on_chart_looked(self, message: Chart.Looked) -> None:
        """All look at the same part of the run."""
        for panel in self.panels:
            panel.chart.view = message.view
