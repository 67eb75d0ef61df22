"""The losses of Step's updates and their gradients, and which of them a chart shows; no widget."""

from collections.abc import Callable
from typing import NamedTuple

from tui_trainer.reports.phases import NamedNorm
from tui_trainer.reports.predictions import Prediction
from tui_trainer.reports.updates import UpdateReport
from tui_trainer.runs.series import Series
from tui_trainer.screens.step.layer_norms import LayerNorms
from tui_trainer.screens.step.position_history import PositionHistory


class Made(NamedTuple):
    """What is kept of an update."""

    loss: float
    text: str
    grad_norm: float | None
    """Of all gradients together; None where it was not told."""


class UpdateLosses:
    """A loss for each update since the weights were loaded, also for those that were undone.

    Fills `curve` with those up to the weights as they are now, `grad_norms` with the norms of their
    gradients, `after` with the loss that the last one led to, and calls `redraw`. A loss of another
    text is another curve: the losses before it are not shown beside it.
    """

    def __init__(
        self, curve: Series, after: Series, grad_norms: Series, redraw: Callable[[], None]
    ) -> None:
        self._curve, self._after, self._grad_norms = curve, after, grad_norms
        self._redraw = redraw
        self._made: dict[int, Made] = {}
        """By how many updates there are with it."""
        self._text = ""
        """That of the curves."""
        self.norms = LayerNorms()
        self.positions = PositionHistory()
        self.updates = 0
        """How many updates the weights are away from the loaded ones."""

    def add(
        self,
        update: int,
        loss: float,
        text: str,
        grad_norm: float | None = None,
        gradients: tuple[NamedNorm, ...] = (),
    ) -> None:
        """One more update; those from there on were undone and cannot be redone any more."""
        self._forget_from(update)
        self._after.clear()
        self.norms.add(update, gradients)
        self._made[update] = made = Made(loss, text, grad_norm)
        self.updates = update
        self._append(update, made)
        self._redraw()

    def add_update(self, report: UpdateReport) -> None:
        """A whole one, which tells what was predicted before and after it, too."""
        made = report.update, report.loss, report.text, report.grad_norm
        self.add(*made, report.gradients)
        self.positions.add(report)
        if report.after.loss is not None:
            self._after.append(report.update, report.after.loss)
            self._redraw()

    def last_of(self, updates: int, prediction: Prediction | None) -> Made | None:
        """The last of so many updates; None where it is not known, or was of another text than that
        of `prediction`."""
        made = self._made.get(updates)
        return None if made is None or prediction is None or made.text != prediction.text else made

    def describe(self, updates: int, prediction: Prediction | None) -> str:
        """Of which updates and which text the curve is, where the weights are so many updates
        further on, or `prediction` is of another text; else empty."""
        if (ends := self._curve.ends) is None:
            return ""
        first, last = map(int, ends)
        is_old = last < updates
        is_of_another = prediction is not None and prediction.text != self._text
        which = f"update {last:,}" if first == last else f"updates {first:,} to {last:,}"
        parts = [which] * (is_old or is_of_another) + ["another text"] * is_of_another
        return ", ".join(parts)

    def leave(self, updates: int) -> None:
        """The weights are further on, by updates made elsewhere: the last one here led to none."""
        if updates > self.updates and len(self._after):
            self._after.clear()
            self._redraw()

    def go_to(self, updates: int, *, can_redo: bool) -> bool:
        """The weights are so many updates away now, made or undone elsewhere; whether they went
        back. With `can_redo` those that were undone are kept."""
        self.leave(updates)
        before, self.updates = self.updates, updates
        is_back = updates < before
        if is_back:
            self._after.clear()
        if is_back and not can_redo:
            self._forget_from(updates + 1)
        if is_back or (updates > before and updates in self._made):
            self._draw()
        return is_back

    def _forget_from(self, update: int) -> None:
        self.norms.forget_from(update)
        self.positions.forget_from(update)
        for later in [made for made in self._made if made >= update]:
            del self._made[later]

    def _draw(self) -> None:
        self._clear()
        for update, made in self._made.items():
            if update <= self.updates:
                self._append(update, made)
        self._redraw()

    def _append(self, update: int, made: Made) -> None:
        if made.text != self._text:
            self._clear()
        self._text = made.text
        self._curve.append(update, made.loss)
        if made.grad_norm is not None:
            self._grad_norms.append(update, made.grad_norm)

    def _clear(self) -> None:
        self._curve.clear()
        self._grad_norms.clear()
