"""Progress on standard error, for a person at a terminal; elsewhere it draws nothing."""

import sys
from typing import TYPE_CHECKING

from tui_trainer.reports.bench_result import BenchReport
from tui_trainer.reports.evaluation import EvaluationReport
from tui_trainer.reports.loop import LoopReport, PartReport
from tui_trainer.reports.models import LoadProgress
from tui_trainer.reports.steps import StepReport
from tui_trainer.terminal_text import visible
from tui_trainer.words.numbers import counted, nats, percent
from tui_trainer.words.parts import describe_part

if TYPE_CHECKING:
    from tqdm import tqdm


class StepBar:
    """How far a training loop is, its rate and when it will end; made before its first step."""

    def __init__(self, steps: int) -> None:
        self._bar = _make_bar(total=steps, unit="step", desc="gsm8k")

    def hide(self) -> None:
        """Take the bar off the terminal, which standard output may share, for a line to come."""
        self._bar.clear()

    def show(self, report: LoopReport) -> None:
        """Draw the bar as it is after a step, or with how far what lies between two steps is."""
        if isinstance(report, StepReport):
            _set_place(self._bar, report.step, report.steps)
            self._bar.set_postfix_str(f"loss {nats(report.loss)}")
        elif isinstance(report, PartReport):
            self._bar.set_postfix_str(describe_part(report))

    def close(self) -> None:
        self._bar.close()


class ItemBar:
    """How far an evaluation is, its rate and when it will end."""

    def __init__(self, items: int) -> None:
        self._bar = _make_bar(total=items, unit="item", desc="eval")

    def hide(self) -> None:
        """Take the bar off the terminal for a line to come."""
        self._bar.clear()

    def show(self, report: EvaluationReport) -> None:
        """Draw the bar; what it counts are answers, which are scored a batch at a time."""
        _set_place(self._bar, report.answered, report.total)
        self._bar.set_postfix_str(
            f"answered, {len(report.items):,} scored, {counted(report.tokens, 'token')}"
        )

    def close(self) -> None:
        self._bar.close()


class RunBar:
    """How far the bench is, and which loop runs now."""

    def __init__(self, runs: int) -> None:
        self._bar = _make_bar(total=runs, unit="run", desc="bench")
        self._run = 0

    def show(self, report: BenchReport) -> None:
        """Draw the bar where a loop has begun another run."""
        if report.run != self._run:
            self._run = report.run
            _set_place(self._bar, report.run - 1, report.runs)
            self._bar.set_postfix_str(f"round {report.round} of {report.rounds}: {report.loop}")

    def close(self) -> None:
        self._bar.close()


class LoadBar:
    """What is being loaded, and how much of it has come where that is known."""

    def __init__(self) -> None:
        self._bar: tqdm[None] | None = None
        self._shown: tuple[str, bool] | None = None

    def report(self, progress: LoadProgress) -> None:
        """Draw how far a load is; what comes next, or begins to count bytes, gets a new bar."""
        kind = progress.what, progress.done_bytes is not None
        if self._bar is None or kind != self._shown:
            self.close()
            self._bar, self._shown = _open_load_bar(progress), kind
        _set_place(self._bar, progress.done_bytes or 0, progress.total_bytes)
        self._bar.refresh()

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def _open_load_bar(progress: LoadProgress) -> "tqdm[None]":
    what = visible(progress.what)
    if progress.done_bytes is None:
        return _make_bar(desc=what, bar_format="{desc} …")
    return _make_bar(desc=what, total=progress.total_bytes, unit="B", unit_scale=True)


def _make_bar(**settings: object) -> "tqdm[None]":
    from tqdm import tqdm  # noqa: PLC0415 - 70 ms that the app's first frame need not wait for

    # `disable=None` is tqdm's word for 'only on a terminal'.
    return tqdm(file=sys.stderr, disable=None, leave=False, dynamic_ncols=True, **settings)


def _set_place(bar: "tqdm[None]", done: int, total: int | None) -> None:
    """How far it is, with a share that is 100% at the end alone: tqdm rounds 498 of 500 to it."""
    bar.n, bar.total = done, total
    if total:
        share = percent(min(done / total, 1.0))
        bar.bar_format = f"{{desc}}: {share:>4}|{{bar}}{{r_bar}}"
