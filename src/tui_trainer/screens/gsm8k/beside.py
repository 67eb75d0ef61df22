"""What stands beside a run: what it was measured with, its evaluations, what happened in it."""

from textual.app import ComposeResult
from textual.containers import Container

from tui_trainer.protocol.events import LoopChanged
from tui_trainer.protocol.loop_names import EVALUATION
from tui_trainer.reports.evaluation import EvaluationReport
from tui_trainer.reports.loop import LoopReport, ValidationReport
from tui_trainer.screens.gsm8k.evaluated import Evaluated, describe_score
from tui_trainer.screens.gsm8k.happened import Happened
from tui_trainer.screens.gsm8k.held_out import HeldOutTable
from tui_trainer.session.evaluations import Evaluations


class BesideRun(Container):
    """Each moment is in seconds of training."""

    def __init__(self, evaluations: Evaluations) -> None:
        super().__init__(id="more")
        self._evaluations = evaluations
        self._heard: EvaluationReport | None = None
        """The last one of this session that was told of."""
        self.held_out, self.happened = HeldOutTable(), Happened()
        self.evaluated = Evaluated(evaluations)

    def compose(self) -> ComposeResult:
        yield self.held_out
        yield self.evaluated
        yield self.happened

    def add(self, report: LoopReport, seconds: float) -> None:
        """Take in what the run reports."""
        if isinstance(report, ValidationReport):
            self.held_out.add(report)
        self.happened.add(report, seconds)

    def hear(self, change: LoopChanged, seconds: float) -> None:
        """An evaluation that ended is one of what happened, wherever it was begun."""
        if change.name != EVALUATION or not change.state.is_over:
            return
        last = next(reversed(self._evaluations.ended), None)
        if last is not None and not last.ended and last is not self._heard:
            self._heard = last
            self.happened.tell(seconds, describe_score(self._evaluations.number(last), last))
        self.show()

    def clear(self, resumed_at: int) -> None:
        """Another run: what was evaluated stays."""
        self.held_out.clear()
        self.happened.clear(resumed_at)

    def show(self) -> None:
        for panel in (self.held_out, self.evaluated, self.happened):
            panel.show()
        self.set_class(bool(self._evaluations.ended), "-evaluated")
