"""p of the right token at each position, update by update; no widget."""

from tui_trainer.reports.predictions import Prediction
from tui_trainer.reports.updates import UpdateReport
from tui_trainer.screens.step.kept_updates import KeptUpdates


class PositionHistory(KeptUpdates[tuple[float | None, ...]]):
    """By position; the updates of another text are another history."""

    def __init__(self) -> None:
        super().__init__()
        self._text = ""

    def add(self, report: UpdateReport) -> None:
        """One more update, and what was predicted before the first."""
        if report.text != self._text:
            self._text = report.text
            self._at.clear()
        self.forget_from(report.update)
        if not self._at:
            self._keep(report.update - 1, of_right(report.before))
        self._keep(report.update, of_right(report.after))

    def of(self, position: int, update: int) -> list[float]:
        """Those of a position up to an update, the oldest first; empty where none follows."""
        found = [ps[position] for at, ps in self._at.items() if at <= update and position < len(ps)]
        return [p for p in found if p is not None]


def of_right(prediction: Prediction) -> tuple[float | None, ...]:
    """By position; None where no token comes next."""
    return tuple(
        None if position.expected is None else position.expected.p
        for position in prediction.positions
    )
