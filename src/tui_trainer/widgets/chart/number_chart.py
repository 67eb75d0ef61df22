"""A number of each step as a chart, whatever it is; and what was measured on held-out items."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from textual.content import Content

from tui_trainer.reports.loop import ValidationReport
from tui_trainer.runs.past import Past
from tui_trainer.runs.series import Series
from tui_trainer.runs.step_numbers import LR, MEMORY, RATE
from tui_trainer.terminal_text import visible
from tui_trainer.widgets.chart.canvas import RAW
from tui_trainer.widgets.chart.chart import Chart
from tui_trainer.widgets.chart.picture import INKS, Curve, Picture, Shape
from tui_trainer.words.numbers import learning_rate, nats
from tui_trainer.words.signs import change

TITLE_CHARACTERS = 24
NAMELESS = "(no name)"


@dataclass(frozen=True)
class Kind:
    """How a number is told, and whether it jumps, so that its average tells more."""

    tell: Callable[[float], str]
    jumps: bool = True


KINDS = {
    LR: Kind(partial(learning_rate, digits=2), jumps=False),
    RATE: Kind("{:,.0f}".format),
    MEMORY: Kind("{:.2f}".format, jumps=False),
}
ANY = Kind("{:.3g}".format)
"""A number that this version does not know."""


class NumberChart(Chart):
    """One number of every step."""

    def __init__(self, name: str) -> None:
        super().__init__(titled=False)
        self.name_of_number = name
        self.series = Series()

    @property
    def title(self) -> str:
        return visible(self.name_of_number.replace("_", " "), limit=TITLE_CHARACTERS) or NAMELESS

    def picture(self) -> Picture:
        kind = KINDS.get(self.name_of_number, ANY)
        if kind.jumps:
            curves: tuple[Curve, ...] = (
                Curve(self.series, "", Shape.RANGE, RAW, tell=kind.tell),
                Curve(self.series, "avg", Shape.AVERAGE, tell=kind.tell),
            )
        else:
            curves = (Curve(self.series, "", tell=kind.tell),)
        return Picture(curves, self.title, "", log=self.log_axis, most=self.most, plain=True)

    def figure(self) -> Content:
        """The last of them; where it jumps its average. A learning rate has a direction too."""
        kind, series = KINDS.get(self.name_of_number, ANY), self.series
        last = series.smoothed if kind.jumps else series.last
        if last is None:
            return Content("")
        way = _way(series) if self.name_of_number == LR else ""
        return Content.assemble((kind.tell(last), "bold"), way)


def _way(series: Series) -> str:
    """Which way it goes: no better and no worse."""
    ends = series.ends
    before = series.at(ends[1] - 1) if ends is not None else None
    if before is None or series.last is None or series.last == before.highest:
        return ""
    return f" {change(before.highest, series.last).mark}"


class HeldOutChart(Chart):
    """The losses of held-out items: of all that counts, of the questions and of the answers.

    The first of them is in the chart of the run's losses, too, which adds to it.
    """

    def __init__(self) -> None:
        super().__init__(titled=False)
        self.compared, self.question, self.answer = Series(), Series(), Series()

    @property
    def title(self) -> str:
        return "val" if self.is_small else "validation"

    def clear(self, past: Past) -> None:
        self.compared = past.validation
        self.question, self.answer = past.question, past.answer

    def add(self, report: ValidationReport) -> None:
        measured = (self.question, report.question_loss), (self.answer, report.answer_loss)
        for series, loss in measured:
            if loss is not None:
                series.append(report.step, loss)

    def picture(self) -> Picture:
        curves: tuple[Curve, ...] = (Curve(self.compared, "val"),)
        if not self.is_small:
            curves += (
                Curve(self.question, "question", letter="q", ink=INKS[1]),
                Curve(self.answer, "answer", letter="a", ink=INKS[1]),
            )
        curves += (Curve(self.compared, "", Shape.POINTS, is_told=False),)
        words = "Nothing is measured on held-out items yet."
        return Picture(curves, "", words, log=self.log_axis, most=self.most, plain=True)

    def figure(self) -> Content:
        return described(self.compared, when=not self.is_small)


def described(validation: Series, *, when: bool = True) -> Content:
    """The last measurement, which way it went since the one before, and when it was made."""
    if validation.last is None or validation.ends is None:
        return Content("")
    step = validation.ends[1]
    before = validation.at(step - 1)
    way = change(before.highest, validation.last) if before is not None else None
    sign = (f" {way.mark}", way.style) if way is not None else ("", "")
    made = (f" @{step:,.0f}", "$context") if when else ""
    return Content.assemble((nats(validation.last), "bold"), sign, made)
