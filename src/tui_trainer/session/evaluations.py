"""The evaluations made since the app began, and the one under way. No widget, no torch."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from tui_trainer.configuration.layers import Configuration
from tui_trainer.reports.evaluation import Comparison, EvaluationReport, compare
from tui_trainer.session.next_settings import NextSettings
from tui_trainer.settings.evaluation import (
    EvaluationSettings,
    held_out_from,
    incomparable,
)
from tui_trainer.settings.fields import SettingField
from tui_trainer.settings.train import TrainSettings

OF_THE_TRAINING = {"problems", "skip", "seed"}


@dataclass(frozen=True)
class Pairing:
    """A later evaluation beside an earlier one."""

    before: EvaluationReport
    after: EvaluationReport
    differing: tuple[SettingField, ...]
    """The settings that make their scores incomparable."""
    comparison: Comparison
    """Of the items that both have; empty where the settings differ."""


def pair(before: EvaluationReport, after: EvaluationReport) -> Pairing:
    """Compare two evaluations item by item, where they can be compared."""
    differing = incomparable(before.settings, after.settings)
    comparison = Comparison(()) if differing else compare(before.items, after.items)
    return Pairing(before, after, differing, comparison)


class Evaluations:
    """What the screens share of them. Lives on the UI's thread."""

    def __init__(self, configuration: Configuration) -> None:
        self._configured = configuration.values(EvaluationSettings)
        self.next = NextSettings(configuration.settings(EvaluationSettings))
        self.ended: list[EvaluationReport] = []
        """Those with at least one item scored, oldest first."""
        self.current: EvaluationReport | None = None
        """The last report of the one under way."""
        self.chosen: EvaluationReport | None = None
        """What the user compares with, whatever would be compared with otherwise."""

    def suggest(self, training: TrainSettings) -> None:
        """Evaluate held-out items of what that loop trains on, else as it is configured."""
        rest = {name: self._configured[name] for name in self._configured.keys() - OF_THE_TRAINING}
        self.next.suggested = replace(held_out_from(training), **rest)

    @property
    def all(self) -> list[EvaluationReport]:
        """Oldest first, the one under way last."""
        return self.ended if self.current is None else [*self.ended, self.current]

    def number(self, report: EvaluationReport) -> int:
        """Counted from 1 in the order in which they began."""
        return next(n for n, other in enumerate(self.all, start=1) if other is report)

    def add(self, reports: Iterable[object]) -> None:
        """Reports of the one under way; the last holds all that those before it do."""
        for report in reports:
            if isinstance(report, EvaluationReport):
                self.current = report

    def end(self) -> EvaluationReport | None:
        """It ended, however: what was scored is kept, and given back."""
        report, self.current = self.current, None
        if report is None or not report.items:
            return None
        self.ended.append(report)
        return report

    def before(self, after: EvaluationReport) -> EvaluationReport | None:
        """What a later evaluation is compared with; None where there is nothing earlier.

        What the user chose, where that is earlier; else, of those that can be compared with it,
        the last of the loaded weights or the first.
        """
        earlier = []
        for report in self.ended:
            if report is after:
                break
            earlier.append(report)
        if any(report is self.chosen for report in earlier):
            return self.chosen
        fit = [report for report in earlier if not incomparable(report.settings, after.settings)]
        loaded = [report for report in fit if not report.updates and report.model == after.model]
        return next(iter([*loaded[-1:], *fit[:1], *earlier[-1:]]), None)

    def pairing(self, after: EvaluationReport) -> Pairing | None:
        """That evaluation beside the one it is compared with."""
        before = self.before(after)
        return None if before is None else pair(before, after)
