"""The training cell phase by phase: what each has made, and the gradients layer by layer."""

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from tui_trainer.failures import Failure
from tui_trainer.reports.phases import NamedNorm, PhaseReport
from tui_trainer.screens.step.phase_words import describe_phases, describe_update
from tui_trainer.screens.step.view import View
from tui_trainer.session.session import Session
from tui_trainer.terminal_text import visible
from tui_trainer.widgets.line_table import Column, LineTable
from tui_trainer.words import COMES
from tui_trainer.words.bars import bar
from tui_trainer.words.signs import DATA

COLUMNS = (Column("layer", 14), Column("gradient", 10, right=True), Column("", 12, share=1))
BAR_CELLS = 40


class PhaseView(View):
    """Five lines, a line a phase; a sentence; where it is alone a bar a layer."""

    def __init__(self, session: Session, *, id: str) -> None:
        super().__init__(title="training cell", hint=". next phase", id=id)
        self._session = session
        self.report: PhaseReport | None = None

    def compose(self) -> ComposeResult:
        yield Static(id="phase-lines")
        yield Static(COMES, id="phase-words")
        yield LineTable(id="gradients")

    def show(self, report: PhaseReport) -> None:
        self.report = report
        self.figure = describe_update(report)
        self.query_one("#phase-lines", Static).update(describe_phases(report))
        self._say(visible(report.words))
        gradients = report.gradients
        largest = max((layer.norm for layer in gradients), default=0.0)
        self.query_one("#gradients", LineTable).show(
            COLUMNS, len(gradients), lambda row: gradient_cells(gradients[row], largest)
        )

    def refuse(self, failure: Failure) -> None:
        """A phase that has nothing to work on: a sentence where its own would be."""
        self._say(self._session.sentence_of(failure))

    def _say(self, words: str) -> None:
        self.query_one("#phase-words", Static).update(Content(words))


def gradient_cells(layer: NamedNorm, largest: float) -> tuple[str, str, Content]:
    """The cells of one layer; the largest gradient has the longest bar."""
    share = layer.norm / largest if largest else 0.0
    return visible(layer.name), f"{layer.norm:.4g}", Content.styled(bar(share, BAR_CELLS), DATA)
