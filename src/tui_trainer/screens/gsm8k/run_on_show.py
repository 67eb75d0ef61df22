"""What is known of the run on show, from its reports; no widget, no session."""

from dataclasses import replace

from tui_trainer.protocol.events import LoopState
from tui_trainer.reports.alerts import Alert
from tui_trainer.reports.loop import LoopReport, MemoryEstimate, PartReport, StopReport, alerts_of
from tui_trainer.reports.steps import StepReport
from tui_trainer.runs.past import Past
from tui_trainer.settings.train import TrainSettings
from tui_trainer.widgets.run_clock import RunClock

ENDS = {LoopState.FINISHED: "Finished", LoopState.STOPPED: "Stopped"}


class RunOnShow:
    """The run that goes, or the last one; it stays until another one has begun."""

    def __init__(self) -> None:
        self.begin(TrainSettings(), Past())

    def begin(self, settings: TrainSettings, past: Past, resumed_at: int = 0) -> None:
        """Another run, which goes on from `past`."""
        self.settings = settings
        self.resumed_at = resumed_at
        """The step of the checkpoint that it was resumed from; 0 where it was not."""
        self.report: StepReport | None = None
        """Its last step."""
        self.alarmed: Alert | None = None
        """The last that is about the items of a step."""
        self.estimate: MemoryEstimate | None = None
        """What it needs, until its first step is made."""
        self.part: PartReport | None = None
        """How far a measurement between two steps is."""
        self.clock = RunClock(past.seconds, past.tokens)
        self.layers = past.layers
        self.clipped = past.clipped
        """How many of its steps had their gradients clipped so far."""
        self.truncated = 0
        """How many of its items were cut so far."""
        self.ended = ""
        """How it ended, in a word."""
        self.why_ended = ""
        """What ended it before its last step, in a sentence."""

    def expect(self, estimate: MemoryEstimate | None, lr: float) -> None:
        """What was begun: a run that was resumed may have another learning rate than its settings
        say."""
        self.estimate = estimate
        self.change_lr(lr)

    def change_lr(self, lr: float) -> None:
        """The highest learning rate of its schedule, from the next step on."""
        self.settings = replace(self.settings, lr=lr)

    def hear(self, report: LoopReport) -> None:
        """Anything that the loop reports: a measurement is under way until something else comes."""
        self.part = report if isinstance(report, PartReport) else None
        if isinstance(report, StopReport):
            self.why_ended = report.says
        for alert in alerts_of(report):
            if alert.items:
                self.alarmed = alert

    def add(self, report: StepReport) -> None:
        """One more step."""
        self.estimate = None
        self.clock.step(report.seconds, report.tokens)
        if report.layers is not None:
            self.layers.hear(report.layers)
        self.clipped += report.clipped
        self.truncated += report.truncated
        self.report = report

    def change(self, state: LoopState) -> None:
        """It goes on, pauses or ends."""
        if state.is_over:
            self.estimate = None
        self.ended = ENDS.get(state, "")
