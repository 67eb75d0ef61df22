"""The evaluations beside the run: each score with its interval, the newest first."""

from textual.content import Content
from textual.widgets import Static

from tui_trainer.reports.evaluation import EvaluationReport, tally
from tui_trainer.screens.evaluation.words import (
    describe_figure,
    name,
    rise_sign,
    scale_end,
    why_incomparable,
)
from tui_trainer.session.evaluations import Evaluations, Pairing
from tui_trainer.widgets.panel import Panel
from tui_trainer.widgets.whiskers import whiskers
from tui_trainer.words.numbers import percent
from tui_trainer.words.scores import describe_points, share
from tui_trainer.words.signs import CONTEXT

ROWS = 4
SHARE = 6  # cells of a score
GAP = 2


class Evaluated(Panel):
    """Those that have ended, on one scale; below them what the newest is beside an earlier one."""

    def __init__(self, evaluations: Evaluations) -> None:
        self._lines = Static()
        super().__init__(
            self._lines, title="evaluations", id="evaluated", hint="e again  E all of them"
        )
        self._evaluations = evaluations

    def on_resize(self) -> None:
        super().on_resize()
        self.show()

    def show(self) -> None:
        """There is no such panel where none has ended."""
        ended = self._evaluations.ended
        self.set_class(not ended, "-nothing")
        if ended:
            self.figure = describe_figure(ended[-1])
            rows = rows_of(ended, self._lines.content_size.width)
            self._lines.update(Content("\n").join([*rows, *self._compared(ended[-1])]))

    def _compared(self, last: EvaluationReport) -> list[Content]:
        pairing = self._evaluations.pairing(last)
        if pairing is None or why_incomparable(pairing):
            return []
        return [
            describe_rise(pairing, *map(self._evaluations.number, (pairing.before, pairing.after)))
        ]


def rows_of(ended: list[EvaluationReport], width: int) -> list[Content]:
    """Newest first: which it is, its strict score, and what that may be worth; above them the
    scale."""
    numbered = list(enumerate(ended, start=1))[-ROWS:][::-1]
    reports = [report for _, report in numbered]
    named = len({report.model for report in ended}) > 1
    names = [name(number, report, short=True, named=named) for number, report in numbered]
    wide = max(map(len, names))
    room = max(1, width - wide - SHARE - 2 * GAP)
    end = scale_end(reports)
    heading = f"{'':{wide + GAP}}{'strict':>{SHARE}}{'':{GAP}}0{percent(end):>{room - 1}}"
    found = [Content.styled(heading, CONTEXT)]
    for shown, report in zip(names, reports, strict=True):
        strict = tally(report.items).strict
        figure = f"{share(strict):>{SHARE}}"
        line = f"{shown:<{wide + GAP}}", (figure, "bold"), " " * GAP
        found.append(Content.assemble(*line, whiskers(strict.share, strict.interval, room, end)))
    return found


def describe_rise(pairing: Pairing, before: int, after: int) -> Content:
    """Which way the score went, by how much, and whether that is hardly chance."""
    rise = pairing.comparison.strict
    return Content.assemble(rise_sign(rise), f" {before} → {after}: {describe_points(rise)}")


def describe_score(number: int, report: EvaluationReport) -> str:
    """One that ended, in a line of what happened."""
    strict = tally(report.items).strict
    return f"evaluation {number}: strict {share(strict)} of {strict.items:,}"
