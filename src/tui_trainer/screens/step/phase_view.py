"""The training cell phase by phase: what each has made, and the gradients layer by layer."""

from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.widgets import Static

from tui_trainer.failures import Failure
from tui_trainer.protocol.updates import ReadPhases
from tui_trainer.reports.phases import (
    BACKWARD,
    FORWARD,
    LOSS,
    PHASES,
    STEP,
    ZERO_GRAD,
    NamedNorm,
    PhaseReport,
)
from tui_trainer.session.session import Session
from tui_trainer.terminal_text import visible
from tui_trainer.widgets.dimmed import dimmed
from tui_trainer.widgets.line_table import Column, LineTable
from tui_trainer.words import COMES
from tui_trainer.words.numbers import nats

PHASE_KEYS = {FORWARD: "F", LOSS: "L", BACKWARD: "B", STEP: "S", ZERO_GRAD: "Z"}
COLUMNS = (Column("layer", 14), Column("gradient", 10, right=True), Column("", 12, share=1))
BAR = "█"
BAR_CELLS = 40


class PhaseView(Container):
    """Five lines, a line a phase; a sentence; a bar a layer."""

    def __init__(self, session: Session, *, id: str) -> None:
        super().__init__(id=id)
        self._session = session
        self.report: PhaseReport | None = None

    def compose(self) -> ComposeResult:
        yield Static(id="phase-lines")
        yield Static(COMES, id="phase-words")
        yield LineTable(id="gradients")

    async def read(self) -> None:
        """Ask for what the phases have made that is there now."""
        with dimmed(self):
            report = await self._session.ask(ReadPhases())
        if report is not None:
            self.show(report)

    def show(self, report: PhaseReport) -> None:
        self.report = report
        self.query_one("#phase-lines", Static).update(Content(describe_phases(report)))
        self._say(visible(report.words))
        gradients = report.gradients
        largest = max((layer.norm for layer in gradients), default=0.0)
        self.query_one(LineTable).show(
            COLUMNS, len(gradients), lambda row: gradient_cells(gradients[row], largest)
        )

    def refuse(self, failure: Failure) -> None:
        """A phase that has nothing to work on: a sentence where its own would be."""
        self._say(self._session.sentence_of(failure))

    def _say(self, words: str) -> None:
        self.query_one("#phase-words", Static).update(Content(words))


def describe_phases(report: PhaseReport) -> str:
    """A line a phase: its key, its name, and what there is of it now."""
    made = {
        FORWARD: _describe_logits(report),
        LOSS: "" if report.loss is None else f"{nats(report.loss)} nats",
        BACKWARD: _describe_gradients(report),
        STEP: _describe_step(report),
        ZERO_GRAD: "" if report.phase != ZERO_GRAD else "no weight has a gradient",
    }
    return "\n".join(
        f"{'▶' if phase == report.next else ' '} {PHASE_KEYS[phase]}  {phase:<15} {made[phase]}"
        for phase in PHASES
    )


def _describe_logits(report: PhaseReport) -> str:
    if report.logits_shape is None:
        return ""
    graph = f"a graph of {report.graph:,} operations" if report.graph else "graph freed"
    return f"logits {'×'.join(map(str, report.logits_shape))}, {graph}"


def _describe_gradients(report: PhaseReport) -> str:
    return "" if report.grad_norm is None else f"grad norm {report.grad_norm:.4g}"


def _describe_step(report: PhaseReport) -> str:
    parts = [] if report.moved is None else [f"moved {report.moved:,}"]
    parts += [f"{visible(moment.name)} {moment.norm:.3g}" for moment in report.moments]
    return " · ".join(parts)


def gradient_cells(layer: NamedNorm, largest: float) -> tuple[str, str, str]:
    """The cells of one layer; the largest gradient has the longest bar."""
    share = layer.norm / largest if largest else 0.0
    return visible(layer.name), f"{layer.norm:.4g}", bar(share)


def bar(share: float, cells: int = BAR_CELLS) -> str:
    """A bar of at most `cells` cells; what is not nothing has at least one."""
    if not share > 0:
        return ""
    return BAR * max(1, round(min(share, 1.0) * cells))
