"""A loop that ends before its last step where a rule says so."""

from collections.abc import Iterator
from dataclasses import replace

from tui_trainer.closed import closed
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.loop.held_out import HeldOut
from tui_trainer.engine.loop.stop_rules import Reached, StopRules
from tui_trainer.engine.loop.training_state import TrainingState
from tui_trainer.engine.loop.validation import measure
from tui_trainer.reports.loop import LoopReport, StopReport, ValidationReport
from tui_trainer.reports.steps import StepReport
from tui_trainer.settings.train import TrainSettings

RULES = "patience", "stop_at_loss", "minutes", "tokens"


def stopped_by_rule(
    reports: Iterator[LoopReport],
    rules: StopRules,
    learner: Learner,
    held_out: HeldOut,
    settings: TrainSettings,
    state: TrainingState,
) -> Iterator[LoopReport]:
    """What the loop tells, until a rule holds: then what is measured at any end, and why it ends.

    Without a rule it is the loop itself.
    """
    if any(getattr(settings, rule) for rule in RULES):
        return _until(reports, rules, learner, held_out, settings, state)
    return reports


def _until(
    reports: Iterator[LoopReport],
    rules: StopRules,
    learner: Learner,
    held_out: HeldOut,
    settings: TrainSettings,
    state: TrainingState,
) -> Iterator[LoopReport]:
    with closed(reports):
        for report in reports:
            yield report
            is_last = state.step == state.loop.steps
            if not is_last and (reached := reached_by(rules, report)) is not None:
                break
        else:
            return
    if isinstance(report, ValidationReport):  # it was measured just now
        held_out = replace(held_out, examples=())
    yield from measure(learner, held_out, settings, state.step, state.step)
    yield StopReport(state.step, reached.rule, reached.says, reached.value)


def reached_by(rules: StopRules, report: LoopReport) -> Reached | None:
    """The rule that holds since this report."""
    if isinstance(report, StepReport):
        return rules.step(report.loss, report.tokens, report.seconds)
    if isinstance(report, ValidationReport):
        return rules.measured(report.step, report.compared_loss)
    return None
