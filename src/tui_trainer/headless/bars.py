"""Progress on standard error, for a person at a terminal; elsewhere it draws nothing."""

import sys
from typing import TYPE_CHECKING

from tui_trainer.engine.reports import LoadProgress, StepReport
from tui_trainer.terminal_text import visible

if TYPE_CHECKING:
    from tqdm import tqdm


class StepBar:
    """How far a training loop is, its rate and when it will end."""

    def __init__(self) -> None:
        self._bar: tqdm[None] | None = None

    def hide(self) -> None:
        """Take the bar off the terminal, which standard output may share, for a line to come."""
        if self._bar is not None:
            self._bar.clear()

    def advance(self, report: StepReport) -> None:
        """Draw the bar as it is after a step."""
        if self._bar is None:
            self._bar = _make_bar(total=report.steps, unit="step", desc="gsm8k", initial=0)
        self._bar.set_postfix_str(f"loss {report.loss:.4f}", refresh=False)
        self._bar.update()
        self._bar.refresh()

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


class LoadBar:
    """What is being loaded, and how much of it has come where that is known."""

    def __init__(self) -> None:
        self._bar: tqdm[None] | None = None
        self._what = ""

    def tell(self, progress: LoadProgress) -> None:
        """Draw how far a load is; another thing loaded gets a bar of its own."""
        if progress.what != self._what:
            self.close()
        if self._bar is None:
            self._what = progress.what
            self._bar = self._open(progress)
        self._bar.total = progress.total_bytes
        self._bar.n = progress.done_bytes or 0
        self._bar.refresh()

    def _open(self, progress: LoadProgress) -> "tqdm[None]":
        what = visible(progress.what)
        if progress.done_bytes is None:
            # A '{' in a name would be a field of the format.
            return _make_bar(desc=what, bar_format="{desc} …")
        return _make_bar(desc=what, total=progress.total_bytes, unit="B", unit_scale=True)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def _make_bar(**settings: object) -> "tqdm[None]":
    from tqdm import tqdm  # noqa: PLC0415 - 70 ms that the app's first frame need not wait for

    # `disable=None` is tqdm's word for 'only on a terminal'.
    return tqdm(file=sys.stderr, disable=None, leave=False, dynamic_ncols=True, **settings)
