"""The evaluations there are, those of earlier sessions too, and the one under way. No widget."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tui_trainer.configuration.layers import Configuration
from tui_trainer.errors import InputError
from tui_trainer.failures import Failure
from tui_trainer.protocol.loop_names import EVALUATION
from tui_trainer.reports.evaluation import Comparison, EvaluationReport, compare
from tui_trainer.runs.checkpoint_names import base_name
from tui_trainer.runs.evaluations import EarlierEvaluations
from tui_trainer.session.kept_evaluations import KeptEvaluations
from tui_trainer.session.next_settings import NextSettings
from tui_trainer.settings.evaluation import (
    EvaluationSettings,
    held_out_from,
    incomparable,
)
from tui_trainer.settings.fields import SettingField
from tui_trainer.settings.train import TrainSettings

if TYPE_CHECKING:
    from tui_trainer.session.session import Session

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
    is_under_way: bool = False
    """Whether one of them goes on: it may yet have an item that the other has too."""


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
        """Those with at least one item scored, oldest first; of earlier sessions the last."""
        self.kept = KeptEvaluations()
        self.older = 0
        """How many of earlier sessions are on disk that are not listed."""
        self._has_recalled = False
        self.current: EvaluationReport | None = None
        """The last report of the one under way."""
        self.last: EvaluationReport | None = None
        """The last report of the last one that ended in this session, though nothing was kept of
        it; None where it ended before its first."""
        self.chosen: EvaluationReport | None = None
        """What the user compares the others with, whatever would be otherwise."""

    def suggest(self, training: TrainSettings) -> None:
        """Evaluate held-out items of what that loop trains on, else as it is configured."""
        rest = {name: self._configured[name] for name in self._configured.keys() - OF_THE_TRAINING}
        self.next.suggested = replace(held_out_from(training), **rest)

    def recall(self, earlier: EarlierEvaluations) -> None:
        """Those of earlier sessions stand before those of this one; heard of once."""
        if not self._has_recalled:
            self._has_recalled = True
            self.older = earlier.older
            self.ended[:0] = [kept.report for kept in earlier.listed]

    async def delete(self, report: EvaluationReport) -> None:
        """Delete one that ended, and its file; InputError where that cannot be, and it stays."""
        await asyncio.wrap_future(self.kept.delete(report))
        self.ended = [one for one in self.ended if one is not report]
        if self.chosen is report:
            self.chosen = None

    def last_of(self, model: str) -> EvaluationReport | None:
        """The last one of that model that ended, trained or not: it shows how long one takes."""
        base = base_name(model)
        return next((one for one in reversed(self.ended) if base_name(one.model) == base), None)

    @property
    def made(self) -> int:
        """How many of those listed were made in this session."""
        return sum(not report.ended for report in self.ended)

    @property
    def all(self) -> list[EvaluationReport]:
        """Oldest first, the one under way last."""
        return self.ended if self.current is None else [*self.ended, self.current]

    @property
    def has_models(self) -> bool:
        """Whether they are of several models, a model and a checkpoint of it among them."""
        return len({report.model for report in self.all}) > 1

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
        self.last = report
        if report is None or not report.items:
            return None
        self.ended.append(report)
        return report

    def end_in(self, session: "Session") -> None:
        """As `end`; it is kept on disk, unless another view began it, and keeps it."""
        if (report := self.end()) is None:
            return
        if pairing := self.pairing(report):
            session.guide.saw_comparison(pairing)
        if EVALUATION not in session.others.begun:
            session.app.run_worker(self._keep(session, report))

    async def _keep(self, session: "Session", report: EvaluationReport) -> None:
        try:
            await asyncio.wrap_future(self.kept.keep(report))
        except InputError as error:
            session.report_failure(Failure(str(error)))

    def pairing(self, report: EvaluationReport) -> Pairing | None:
        """That evaluation and the one it is compared with, the less trained one before the other;
        None where there is no other."""
        other = self._other(report)
        if other is None:
            return None
        pairs = (other, report), (report, other)
        found = next(pair(*both) for both in pairs if self._may_be_before(*both))
        return replace(found, is_under_way=report is self.current)

    def _may_be_before(self, one: EvaluationReport, other: EvaluationReport) -> bool:
        """Whether it has fewer updates; of another model, or of as many, whether it is earlier."""
        if one.model == other.model and one.updates != other.updates:
            return one.updates < other.updates
        return self.number(one) < self.number(other)

    def _other(self, report: EvaluationReport) -> EvaluationReport | None:
        """What the user chose; else, of those that can be compared with it, the last of the loaded
        weights, or the first; for one of the loaded weights the last that has updates."""
        others = [one for one in self.ended if one is not report]
        if any(one is self.chosen for one in others):
            return self.chosen
        fit = [one for one in others if not incomparable(one.settings, report.settings)]
        own = [one for one in fit if one.model == report.model]
        loaded = [one for one in own if not one.updates]
        trained = [one for one in own if one.updates]
        best = [*loaded[-1:], *own[:1]] if report.updates else [*trained[-1:], *own[-1:]]
        return next(iter([*best, *fit[:1], *others[-1:]]), None)
