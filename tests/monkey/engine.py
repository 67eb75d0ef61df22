"""The real engine with a tiny model, and a bench of no processes: each would load torch anew."""

import time
from collections.abc import Iterator
from dataclasses import replace

from tui_trainer.engine.engine import Engine
from tui_trainer.reports.bench_result import BenchReport
from tui_trainer.reports.progress import Progress
from tui_trainer.runs.benches import keeping
from tui_trainer.settings.bench import BenchSettings

RUNS, RUN_SECONDS = 6, 0.05


class MonkeysEngine(Engine):
    """As the app's, but for what a bench runs."""

    def bench(self, settings: BenchSettings) -> Iterator[BenchReport]:
        return keeping(self._bench())

    def _bench(self) -> Iterator[BenchReport]:
        report = BenchReport(0, RUNS, 0, 2, "", 0.0)
        for run in range(1, RUNS + 1):
            yield replace(report, run=run, round=(run + 1) // 2, loop="notebook", seconds=0.5)
            time.sleep(RUN_SECONDS)


def make_engine(progress: Progress) -> Engine:
    return MonkeysEngine(progress)
