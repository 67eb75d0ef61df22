"""Runs that are marked on Runs, laid over the losses of the one on show."""

from contextlib import suppress

from tui_trainer.runs.curve import XAxis
from tui_trainer.runs.listing import RunOnDisk
from tui_trainer.screens.work_screen import WorkScreen
from tui_trainer.session.run_curves import RunCurves
from tui_trainer.widgets.chart.loss_chart import LossChart
from tui_trainer.widgets.chart.overlay_chart import CurveOver
from tui_trainer.widgets.chart.picture import Curve, Shape, ink_of

NONE_MARKED = "No run is marked: 6, then space on a run, marks it; o here lays it over this one."


class RunOverlay:
    """Each marked run with its letter, read from its folder."""

    def __init__(self, screen: WorkScreen) -> None:
        self._screen = screen
        self._curves = RunCurves()

    async def toggle(self, chart: LossChart) -> None:
        """Lay them over the chart; take them away where they are there."""
        if chart.overlaid:
            chart.overlaid = ()
        elif not (marked := self._marked()):
            self._screen.notify(NONE_MARKED, markup=False)
        else:
            while await self._curves.read_slice([run for _, run in marked]):
                pass
            chart.overlaid = tuple(self._curve(*one) for one in marked)
        chart.redraw()

    def _marked(self) -> list[tuple[str, RunOnDisk]]:
        with suppress(KeyError):  # nobody was on that screen yet
            for screen in self._screen.app.get_screen_stack("runs"):
                if isinstance(screen, WorkScreen):
                    return screen.marked_runs()
        return []

    def _curve(self, letter: str, run: RunOnDisk) -> Curve:
        numbers = CurveOver(self._curves.curve(run), XAxis.STEP)
        return Curve(numbers, "", Shape.AVERAGE, ink_of(letter), letter, run=run.name)
