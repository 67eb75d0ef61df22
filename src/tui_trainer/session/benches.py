"""What the screens share of benches: the settings of the next one, and the one under way."""

from collections.abc import Iterable
from dataclasses import replace

from tui_trainer.configuration.layers import Configuration
from tui_trainer.reports.bench_result import BenchReport, BenchResult
from tui_trainer.session.next_settings import NextSettings
from tui_trainer.settings.bench import BenchSettings
from tui_trainer.settings.train import TrainSettings


class Benches:
    """Those that ended are on disk. Lives on the UI's thread."""

    def __init__(self, configuration: Configuration) -> None:
        self.next = NextSettings(configuration.settings(BenchSettings))
        self.current: BenchReport | None = None
        """The last report of the one under way."""
        self.unkept: list[BenchResult] = []
        """Those that could not be written to disk, oldest first."""
        self.not_kept = ""
        """Why the last one could not be."""

    def suggest(self, training: TrainSettings) -> None:
        """Measure on the problems of that loop."""
        suggested, problems = self.next.suggested, training.problems
        self.next.suggested = replace(suggested, problems=problems, seed=training.seed)

    def add(self, reports: Iterable[object]) -> None:
        """Reports of the one under way."""
        for report in reports:
            if isinstance(report, BenchReport):
                self.current = report

    def end(self) -> None:
        """It ended, however; what could not be written is held on to."""
        report, self.current = self.current, None
        self.not_kept = (report and report.not_kept) or ""
        if report is not None and report.result is not None and report.not_kept is not None:
            self.unkept.append(report.result)
