"""What a run was measured with, a row a measurement."""

from collections import deque

from textual.content import Content
from textual.widgets import Static

from tui_trainer.reports.loop import ValidationReport
from tui_trainer.widgets.panel import Panel
from tui_trainer.words.numbers import counted, nats, nats_cell
from tui_trainer.words.signs import RIGHT, change

KEPT = 50
HEADING = "  step      all  question   answer"
ROWS = 5


class HeldOutTable(Panel):
    """The last measurements, and which had the lowest loss of what the loop counts."""

    def __init__(self) -> None:
        self._rows = Static()
        super().__init__(self._rows, title="validation", id="held-out")
        self._reports: deque[ValidationReport] = deque(maxlen=KEPT)
        self._best: ValidationReport | None = None
        self._lowest: float | None = None

    def clear(self) -> None:
        self._reports.clear()
        self._best = self._lowest = None

    def add(self, report: ValidationReport) -> None:
        self._reports.append(report)
        loss = report.compared_loss
        if loss is not None and (self._lowest is None or loss < self._lowest):
            self._best, self._lowest = report, loss

    def show(self) -> None:
        """There is no such panel where nothing was measured."""
        self.set_class(not self._reports, "-nothing")
        if not self._reports:
            return
        last = self._reports[-1]
        self.figure = self._figure(last)
        self.hint = f"{counted(last.items, 'held-out item')}, nats"
        rows = [self._row(report) for report in list(self._reports)[-ROWS:]]
        self._rows.update(Content("\n").join([Content.styled(HEADING, "$context"), *rows]))

    def _figure(self, last: ValidationReport) -> Content:
        before = self._reports[-2].compared_loss if len(self._reports) > 1 else None
        loss = last.compared_loss
        if loss is None or before is None:
            return Content.styled(nats(loss), "bold")
        sign = change(before, loss)
        return Content.assemble((nats(loss), "bold"), (f" {sign.mark}", sign.style))

    def _row(self, report: ValidationReport) -> Content:
        losses = report.loss, report.question_loss, report.answer_loss
        cells = "  ".join(nats_cell(loss) for loss in losses)
        best = ("  " + RIGHT.mark + " best", RIGHT.style) if report is self._best else ""
        return Content.assemble(f"{report.step:>6,}  {cells}", best)
