"""What happened in a run beside its steps, newest first."""

from collections import deque

from textual.content import Content
from textual.widgets import Static

from tui_trainer.protocol.events import LoopChanged, LoopState
from tui_trainer.reports.loop import ChangeReport, LoopReport, SampleReport, ValidationReport
from tui_trainer.reports.steps import StepReport
from tui_trainer.terminal_text import visible
from tui_trainer.widgets.panel import Panel
from tui_trainer.words.diverging import REMEDY, diverges
from tui_trainer.words.numbers import byte_count, duration, learning_rate, nats, seconds_of
from tui_trainer.words.signs import STATES, WARNING

KEPT = 100
NO_RUN = Content.styled(
    "Nothing yet: space starts a run. Here come its measurements, checkpoints and changes of lr, "
    "and what goes wrong, the newest first.",
    "$context",
)
NO_MORE = Content.styled("Nothing beside its steps so far.", "$context")


class Happened(Panel):
    """A line for each: when, in seconds of training, and what."""

    def __init__(self) -> None:
        self._lines = Static()
        super().__init__(self._lines, title="what happened", id="happened")
        self._told: deque[Content] = deque(maxlen=KEPT)
        self._has_run = False
        self._lr: float | None = None
        self._state: LoopState | None = None
        self._first: float | None = None
        """The loss of its first step."""
        self._diverges = False
        """Whether that was told."""

    def clear(self) -> None:
        """Another run has begun."""
        self._told.clear()
        self._has_run = True
        self._lr = self._state = self._first = None
        self._diverges = False

    def add(self, report: LoopReport, seconds: float) -> None:
        """Take in what the loop reports, `seconds` of training after its beginning."""
        for words in self._describe(report):
            self.tell(seconds, words)

    def change(self, change: LoopChanged, seconds: float) -> None:
        """The loop goes on, pauses or ends; that it has begun is told by its first step."""
        begins = None in (self._state, self._lr) and not change.state.is_over
        if change.state is not self._state and not begins:
            self.tell(seconds, Content.assemble(STATES[change.state]))
        self._state = change.state

    def tell(self, seconds: float, words: Content | str) -> None:
        """A line of it, fit for a terminal."""
        when = f"{duration(seconds):>7}  "
        self._told.appendleft(Content.assemble((when, "$context"), words))

    def _describe(self, report: LoopReport) -> list[Content]:
        if isinstance(report, StepReport):
            return self._of_step(report)
        if isinstance(report, ValidationReport):
            return [Content(f"validation {nats(report.compared_loss)} after {report.step:,} steps")]
        if isinstance(report, SampleReport):
            right = sum(item.strict_right for item in report.items)
            return [Content(f"samples: {right} of {len(report.items)} right · V shows them")]
        if isinstance(report, ChangeReport):
            return [Content(f"{report.what} on Step after step {report.step:,}")]
        return []

    def _of_step(self, report: StepReport) -> list[Content]:
        found = [*self._of_lr(report), *self._of_loss(report)]
        if report.checkpoint is not None:
            saved = report.checkpoint
            size = f"{byte_count(saved.bytes)} in {seconds_of(saved.seconds)}"
            words = f"checkpoint {saved.step:,} · {size}"
            if saved.failure is not None:
                found.append(Content.assemble(WARNING.said(visible(saved.failure))))
            else:
                found.append(Content(words))
        return found

    def _of_lr(self, report: StepReport) -> list[Content]:
        """With the first step, that it began."""
        lr, before, self._lr = learning_rate(report.peak_lr), self._lr, report.peak_lr
        if before is None:
            return [Content(f"began: step {report.step:,} of {report.steps:,}, lr {lr}")]
        if before == report.peak_lr:
            return []
        return [Content(f"lr {learning_rate(before)} → {lr} at step {report.step:,}")]

    def _of_loss(self, report: StepReport) -> list[Content]:
        """What is wrong with it, the first time that it diverges."""
        if not report.applied:
            said = f"step {report.step:,} left out: not finite"
            return [Content.assemble(WARNING.said(said))]
        self._first = report.loss if self._first is None else self._first
        if self._diverges or not diverges(self._first, report.loss):
            return []
        self._diverges = True
        said = f"loss {nats(report.loss)} at step {report.step:,}: {REMEDY}"
        return [Content.assemble(WARNING.said(said))]

    def show(self) -> None:
        nothing = NO_MORE if self._has_run else NO_RUN
        self._lines.update(Content("\n").join(self._told or [nothing]), layout=False)
