"""The losses of Step's updates, and which of them its chart shows; no widget."""

from collections.abc import Callable

from tui_trainer.reports.phases import NamedNorm
from tui_trainer.runs.series import Series
from tui_trainer.screens.step.layer_norms import LayerNorms


class UpdateLosses:
    """A loss for each update since the weights were loaded, also for those that were undone.

    Fills `curve` with those up to the weights as they are now, and calls `redraw`. A loss of
    another text is another curve: the losses before it are not shown beside it.
    """

    def __init__(self, curve: Series, redraw: Callable[[], None]) -> None:
        self._curve = curve
        self._redraw = redraw
        self._made: dict[int, tuple[float, str]] = {}
        """The loss and the text of each, by how many updates there are with it."""
        self._text = ""
        """That of the curve."""
        self.norms = LayerNorms()
        self.updates = 0
        """How many updates the weights are away from the loaded ones."""

    def add(
        self, update: int, loss: float, text: str, gradients: tuple[NamedNorm, ...] = ()
    ) -> None:
        """One more update; those from there on were undone and cannot be redone any more."""
        self._forget_from(update)
        self.norms.add(update, gradients)
        self._made[update] = loss, text
        self.updates = update
        self._append(update, loss, text)
        self._redraw()

    def go_to(self, updates: int, *, can_redo: bool) -> bool:
        """The weights are so many updates away now, made or undone elsewhere; whether they went
        back. With `can_redo` those that were undone are kept."""
        before, self.updates = self.updates, updates
        is_back = updates < before
        if is_back and not can_redo:
            self._forget_from(updates + 1)
        if is_back or (updates > before and updates in self._made):
            self._draw()
        return is_back

    def _forget_from(self, update: int) -> None:
        self.norms.forget_from(update)
        for later in [made for made in self._made if made >= update]:
            del self._made[later]

    def _draw(self) -> None:
        self._curve.clear()
        for update, (loss, text) in self._made.items():
            if update <= self.updates:
                self._append(update, loss, text)
        self._redraw()

    def _append(self, update: int, loss: float, text: str) -> None:
        if text != self._text:
            self._curve.clear()
        self._text = text
        self._curve.append(update, loss)
