"""A loop's reports, each with what it has to alarm of."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from tui_trainer.closed import closed
from tui_trainer.engine.accelerator import accelerator
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.loop.alerts.detector import Detector, StepSeen
from tui_trainer.engine.loop.alerts.memory import MemoryUse, MemoryWatch
from tui_trainer.engine.loop.alerts.spikes import describe
from tui_trainer.engine.loop.item_losses import ItemLosses, highest_first, losses_by_item
from tui_trainer.engine.loop.not_finite import alert_of, name_items
from tui_trainer.engine.loop.step_rows import LaidOut
from tui_trainer.engine.loop.training_state import TrainingState
from tui_trainer.engine.models.layers import norms_by_layer
from tui_trainer.reports.alerts import SPIKES, Alert
from tui_trainer.reports.loop import HaltReport, LoopReport, ValidationReport
from tui_trainer.reports.steps import StepReport
from tui_trainer.runs.metrics import MetricsLine, StepLine, read_lines
from tui_trainer.settings.train import TrainSettings

LOOK_SECONDS = 10.0
"""Between two looks at the device's memory: it takes some tenths of a millisecond."""


class Watch:
    """Of one loop."""

    def __init__(self, detector: Detector, state: TrainingState, learner: Learner) -> None:
        self._detector, self._state, self._learner = detector, state, learner
        self._memory = MemoryWatch(memory_use(learner.device))
        self._looked = time.monotonic()

    def follow(self, reports: Iterator[LoopReport]) -> Iterator[LoopReport]:
        """What the loop tells, with its alerts."""
        with closed(reports):
            for report in reports:
                yield self._with_alerts(report)

    def _with_alerts(self, report: LoopReport) -> LoopReport:
        if isinstance(report, StepReport):
            alerts = tuple(self._of_step(report))
            return replace(report, alerts=alerts) if alerts else report
        if isinstance(report, ValidationReport):
            alerts = tuple(self._detector.measured(report.step, report.compared_loss))
            return replace(report, alerts=alerts) if alerts else report
        if isinstance(report, HaltReport):
            self._detector.was_told(report.alerts)
        return report

    def _of_step(self, report: StepReport) -> Iterator[Alert]:
        if not report.applied and self._detector.tells_of_not_finite(report.step):
            items = items_of(self._state.last_rows)
            yield alert_of(report.step, report.loss, items)
        for alert in self._detector.step(seen_of(report)):
            yield self._explained(alert) if alert.kind in SPIKES else alert
        if time.monotonic() - self._looked >= LOOK_SECONDS:
            self._looked = time.monotonic()
            yield from self._memory.look(report.step, memory_use(self._learner.device))

    def _explained(self, alert: Alert) -> Alert:
        """Which item of the step, which of its tokens, and in which layer."""
        items = highest_first(items_of(self._state.last_rows))
        if not items:
            return alert
        example, losses = items[0]
        place = max(range(len(losses)), key=losses.__getitem__)
        token = self._learner.vocabulary.text_of(example.ids[place + 1])
        norms = norms_by_layer(self._learner.weights, self._state.last_grad_norms)
        layer = max(norms, key=lambda one: one.norm)
        where = (
            f", at {name_items(items[:1])}, most of all at its token {place + 2:,}, {token!r}; the "
            f"longest gradient is in {layer.name}"
        )
        value, usual = alert.value or 0.0, alert.usual or 0.0
        says = describe(alert.kind, alert.step, value, usual, where)
        return replace(
            alert,
            says=says,
            items=tuple(example.problem for example, _ in items),
            token=token,
            token_loss=losses[place],
            layer=layer.name,
        )


def seen_of(report: StepReport) -> StepSeen:
    """A step in plain numbers."""
    layers = () if report.layers is None else report.layers.layers
    rms = tuple(layer.rms for layer in layers)
    return StepSeen(report.step, report.loss, report.grad_norm, rms)


def watched(
    reports: Iterator[LoopReport],
    settings: TrainSettings,
    state: TrainingState,
    learner: Learner,
    metrics: Path | None,
) -> Iterator[LoopReport]:
    """What a loop tells, with its alerts; `metrics` are those of the run that it goes on with."""
    detector = Detector(settings)
    if metrics is not None:
        detector.replay(lines_up_to(metrics, state.step))
    return Watch(detector, state, learner).follow(reports)


def items_of(rows: LaidOut | None) -> Sequence[ItemLosses]:
    """The items of a step, and the loss of each of their tokens."""
    if rows is None:
        return ()
    pairs = zip(rows.batches, rows.losses, strict=True)
    return [item for batch, losses in pairs for item in losses_by_item(batch, losses)]


def memory_use(device: torch.device) -> MemoryUse:
    """Of a device as it is now."""
    there = accelerator(device)
    memory = there.memory()
    return MemoryUse(memory.free, memory.total, there.allocated() + there.unused())


def lines_up_to(metrics: Path, step: int) -> Iterator[MetricsLine]:
    """What the metrics of a run have up to the line of `step`, from which a loop goes on."""
    for line, _ in read_lines(metrics):
        yield line
        if isinstance(line, StepLine) and line.step == step:
            return
