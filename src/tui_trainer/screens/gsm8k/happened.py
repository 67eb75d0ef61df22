"""What happened in a run beside its steps, newest first."""

from collections import deque

from textual.content import Content
from textual.widgets import Static

from tui_trainer.protocol.events import LoopChanged, LoopState
from tui_trainer.reports.alerts import Alert
from tui_trainer.reports.loop import (
    ChangeReport,
    LoopReport,
    SampleReport,
    StopReport,
    ThreadsReport,
    ValidationReport,
    alerts_of,
)
from tui_trainer.reports.runs import CheckpointReport
from tui_trainer.reports.steps import StepReport
from tui_trainer.screens.gsm8k.loss_course import LossCourse
from tui_trainer.terminal_text import visible
from tui_trainer.widgets.panel import Panel
from tui_trainer.words.diverging import REMEDY, diverges
from tui_trainer.words.numbers import byte_count, counted, duration, learning_rate, nats, seconds_of
from tui_trainer.words.signs import RIGHT, STATES, WARNING, change
from tui_trainer.words.threads import describe_threads

KEPT = 100
NEARLY = 1 - 1e-9
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
        self._forget()

    def clear(self, resumed_at: int = 0) -> None:
        """Another run has begun, after the step of a checkpoint where it was resumed."""
        self._told.clear()
        self._has_run = True
        self._forget()
        self._checkpoint = resumed_at

    def _forget(self) -> None:
        """What is known of a run, to tell what is new in it."""
        self._lr: float | None = None
        self._state: LoopState | None = None
        self._first: float | None = None
        """The loss of its first step."""
        self._diverges = False
        """Whether that was told."""
        self._course = LossCourse()
        self._is_below = self._is_warm = False
        """Whether the learning rate is below the highest, and whether it came up to that."""
        self._validated: float | None = None
        self._best: float | None = None
        """The last loss on held-out items, and the lowest."""
        self._checkpoint = 0
        """The step of the last one that was told."""

    def add(self, report: LoopReport, seconds: float) -> None:
        """Take in what the loop reports, `seconds` of training after its beginning."""
        for words in self._describe(report):
            self.tell(seconds, words)

    def change(self, change: LoopChanged, seconds: float) -> None:
        """The loop goes on, pauses or ends; that it has begun is told by its first step."""
        begins = None in (self._state, self._lr) and not change.state.is_over
        if change.steps:
            steps = f" for {counted(change.steps, 'step')}, then it pauses"
            self.tell(seconds, Content.assemble(STATES[change.state], steps))
        elif change.state is not self._state and not begins:
            self.tell(seconds, Content.assemble(STATES[change.state]))
        self._state = change.state

    def tell(self, seconds: float, words: Content | str) -> None:
        """A line of it, fit for a terminal."""
        when = f"{duration(seconds):>7}  "
        self._told.appendleft(Content.assemble((when, "$context"), words))

    def _describe(self, report: LoopReport) -> list[Content]:
        return [*self._of_report(report), *map(self._of_alert, alerts_of(report))]

    def _of_alert(self, alert: Alert) -> Content:
        return Content.assemble(WARNING.said(visible(alert.says)))

    def _of_report(self, report: LoopReport) -> list[Content]:
        if isinstance(report, StepReport):
            return self._of_step(report)
        if isinstance(report, ValidationReport):
            return [self._of_validation(report)]
        if isinstance(report, SampleReport):
            right = sum(item.strict_right for item in report.items)
            return [Content(f"samples: {right} of {len(report.items)} right · V shows them")]
        if isinstance(report, StopReport):
            saved = [] if report.checkpoint is None else [self._of_checkpoint(report.checkpoint)]
            return [*saved, Content(report.says)]
        return [Content(words)] if (words := self._of_change(report)) else []

    def _of_change(self, report: LoopReport) -> str:
        """What became other between two steps, if anything did."""
        if isinstance(report, ThreadsReport):
            return f"{describe_threads(report.share)}, from step {report.step:,} on"
        if isinstance(report, ChangeReport):
            return f"{report.what} on Step after step {report.step:,}"
        return ""

    def _of_step(self, report: StepReport) -> list[Content]:
        checkpoint = [] if report.checkpoint is None else [self._of_checkpoint(report.checkpoint)]
        return [
            *self._of_lr(report),
            *self._of_warmup(report),
            *self._of_loss(report),
            *self._course.add(report),
            *checkpoint,
        ]

    def _of_checkpoint(self, saved: CheckpointReport) -> Content:
        if saved.failure is not None:
            return Content.assemble(WARNING.said(visible(saved.failure)))
        self._checkpoint = max(self._checkpoint, saved.step)
        size = f"{byte_count(saved.bytes)} in {seconds_of(saved.seconds)}"
        return Content(f"checkpoint {saved.step:,} · {size}")

    def saw_checkpoint(self, step: int, seconds: float) -> bool:
        """Whether there is one of that step that was not told: the user saved it, between steps."""
        if step <= self._checkpoint:
            return False
        self._checkpoint = step
        self.tell(seconds, f"checkpoint {step:,}, saved by c")
        return True

    def _of_validation(self, report: ValidationReport) -> Content:
        """With the way it went since the last one, and whether it is the best so far."""
        loss, before, best = report.compared_loss, self._validated, self._best
        self._validated, place = loss, f" @{report.step:,}"
        if loss is None or before is None or best is None:
            self._best = loss
            return Content(f"val {nats(loss)}{place}")
        self._best, sign = min(best, loss), change(before, loss)
        told = Content.assemble(f"val {nats(loss)} ", sign, place)
        return told + Content.assemble("  ", RIGHT.said("best so far")) if loss < best else told

    def _of_warmup(self, report: StepReport) -> list[Content]:
        """That a schedule which began lower has come to the highest learning rate."""
        was_below, self._is_below = self._is_below, report.lr < NEARLY * report.peak_lr
        if not was_below or self._is_below or self._is_warm:
            return []
        self._is_warm = True
        return [Content(f"warm-up over at step {report.step:,}, lr {learning_rate(report.lr)}")]

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
        """The text is as high as its lines: one more is room for one more."""
        nothing = NO_MORE if self._has_run else NO_RUN
        self._lines.update(Content("\n").join(self._told or [nothing]))
