"""Loss and entropy of each position as a chart, with the crosshair at the one that is opened."""

from collections.abc import Sequence
from dataclasses import replace

from tui_trainer.reports.predictions import Position
from tui_trainer.runs.series import Series
from tui_trainer.widgets.chart.chart import Chart
from tui_trainer.widgets.chart.picture import INKS, Curve, Picture
from tui_trainer.widgets.chart.view import View

Figures = tuple[float | None, float]
"""The loss of a position, None at the last one, and its entropy, in nats."""


class PositionChart(Chart):
    """Where the two part, the model was sure of something else, or unsure and lucky."""

    def __init__(self) -> None:
        super().__init__(titled=False)
        self._figures: tuple[Figures, ...] = ()
        self._losses, self._entropies = Series(), Series()

    @property
    def title(self) -> str:
        return "by position"

    @property
    def legend(self) -> list[str]:
        return ["e entropy"]

    def show(self, positions: Sequence[Position], opened: int) -> None:
        figures = tuple((position.loss, position.entropy) for position in positions)
        if figures != self._figures:
            self._take(figures)
        self.view = replace(self.view, cross=float(opened))

    def _take(self, figures: tuple[Figures, ...]) -> None:
        if len(figures) != len(self._figures):
            self.view = View()  # of another text
        self._figures = figures
        self._losses, self._entropies = Series(), Series()
        for index, (loss, entropy) in enumerate(figures):
            self._entropies.append(index, entropy)
            if loss is not None:
                self._losses.append(index, loss)
        self.redraw()

    def picture(self) -> Picture:
        curves = (
            Curve(self._entropies, "entropy", letter="e", ink=INKS[1]),
            Curve(self._losses, "loss"),
        )
        return Picture(curves, "", "", x_label="token", log=self.log_axis)
