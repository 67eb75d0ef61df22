"""The evaluations there are: a table on one scale, how far one is, what the one on show says."""

from textual.content import Content
from textual.widgets import Static

from tui_trainer.reports.evaluation import EvaluationReport
from tui_trainer.screens.evaluation.words import (
    describe_asked,
    describe_older,
    describe_on_show,
    describe_scores,
    scale_end,
    score_cells,
    score_columns,
)
from tui_trainer.session.evaluations import Evaluations
from tui_trainer.terminal_text import visible
from tui_trainer.widgets.line_table import LineTable
from tui_trainer.widgets.panel import Panel
from tui_trainer.words.costs import evaluation_cost
from tui_trainer.words.signs import BROKEN, WARNING


class Scored(Panel):
    """A row an evaluation; before there is one, what it will do and what it costs."""

    def __init__(self, evaluations: Evaluations) -> None:
        self._progress, self._said = Static(id="progress"), Static(id="said")
        self._table = LineTable(id="evaluations")
        self._scores, self._asked = Static(id="scores"), Static(id="asked")
        super().__init__(
            *(self._progress, self._said, self._table, self._scores, self._asked),
            title="evaluations",
            id="scored",
            hint="P N select · b baseline",
        )
        self._evaluations = evaluations

    def show_progress(self, line: Content) -> None:
        self._progress.update(line, layout=False)

    def show(self, row: int, said: str) -> None:
        """The table with the one of that row on show; `said` is why none began, or one failed."""
        reports = self._evaluations.all
        report = reports[row] if reports else None
        self._list(row)
        self._say(said, () if report is None else report.notes)
        self.figure = "" if report is None else describe_on_show(report)
        self._scores.update(Content(self._describe(row, report)), layout=False)
        self._asked.update(Content(self._describe_asked(report)), layout=False)

    def _list(self, row: int) -> None:
        evaluations, wide = self._evaluations, self.screen.has_class("-wide")
        self.title = f"evaluations{describe_older(evaluations.older)}"
        end = scale_end(evaluations.all)
        cells = [
            score_cells(n, report, end, wide=wide, named=evaluations.has_models)
            for n, report in enumerate(evaluations.all, start=1)
        ]
        self._table.show(score_columns(end, wide=wide), len(cells), cells.__getitem__)
        self._table.cursor = max(0, row)

    def _say(self, said: str, notes: tuple[str, ...]) -> None:
        told = "\n".join(map(visible, notes))
        self._said.display = bool(said or told)
        sign, words = (BROKEN, said) if said else (WARNING, told)
        self._said.update(Content.assemble(sign, f" {words}"))

    def _describe(self, row: int, report: EvaluationReport | None) -> str:
        """One that was stopped before its first batch leaves nothing to tell of."""
        if report is None:
            return evaluation_cost(self._evaluations.next.settings, None)
        return describe_scores(row + 1, report)

    def _describe_asked(self, report: EvaluationReport | None) -> str:
        if report is None:
            return describe_asked(self._evaluations.next.settings)
        return describe_asked(report.settings, report.model)
