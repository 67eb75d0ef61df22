"""What the screens share of benches: the settings of the next one, and the one under way."""

from collections.abc import Iterable

from tui_trainer.reports.bench_result import BenchReport, BenchResult
from tui_trainer.settings.bench import BenchSettings
from tui_trainer.settings.train import TrainSettings


class Benches:
    """Those that ended are on disk. Lives on the UI's thread."""

    def __init__(self) -> None:
        self.suggested = BenchSettings()
        """What is measured while the user has typed nothing else."""
        self.typed: BenchSettings | None = None
        self.current: BenchReport | None = None
        """The last report of the one under way."""
        self.unkept: list[BenchResult] = []
        """Those that could not be written to disk, oldest first."""
        self.not_kept = ""
        """Why the last one could not be."""

    @property
    def settings(self) -> BenchSettings:
        """Of the next bench."""
        return self.typed or self.suggested

    def suggest(self, training: TrainSettings) -> None:
        """Measure on the problems of that loop."""
        self.suggested = BenchSettings(problems=training.problems, seed=training.seed)

    def change_settings(self, settings: BenchSettings) -> None:
        """Settings typed; those that are suggested go on following the loop."""
        self.typed = None if settings == self.suggested else settings

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
