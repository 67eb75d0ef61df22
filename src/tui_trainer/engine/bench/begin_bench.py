"""A bench is begun: what it needs is looked for before its first process."""

from collections.abc import Iterator
from dataclasses import replace

from tui_trainer.engine.bench.turns import installed_loops, run_bench
from tui_trainer.engine.data.problems import load_problems
from tui_trainer.reports.bench_result import BenchReport
from tui_trainer.reports.progress import Progress
from tui_trainer.runs.benches import check_benches_home, keeping
from tui_trainer.settings.bench import BenchSettings
from tui_trainer.settings.model import ModelChoice


def begin_bench(
    choice: ModelChoice, device: str, settings: BenchSettings, progress: Progress
) -> Iterator[BenchReport]:
    """The installed loops on `device`, for the model of a choice.

    Looks for the problems and for room on disk now. InputError where there is none.
    """
    load_problems(settings.problems, limit=1, progress=progress)
    check_benches_home()
    return keeping(run_bench(replace(choice, device=device), settings, installed_loops()))
