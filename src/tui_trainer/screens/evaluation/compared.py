"""Before and after: what became of the score and of the items from one evaluation to another."""

from textual.content import Content
from textual.widgets import Static

from tui_trainer.screens.evaluation.words import (
    RISE_CELLS,
    describe_pairing,
    describe_rise_alone,
    draw_rise,
    name_among,
)
from tui_trainer.session.evaluations import Evaluations, Pairing
from tui_trainer.widgets.panel import Panel

COMPARED = "before and after"
FIRST = (
    "e evaluates, then train, and evaluate again.\n"
    "Strict takes the number after ####, and counts; flexible the last number."
)
ALONE = "Nothing to compare with yet: train, or R, and e again.\n"
BASELINE = "{} is the baseline: train, or R, and e compares with it.\n"


class Compared(Panel):
    """The rise as a figure, in words, and drawn where there is room."""

    def __init__(self, evaluations: Evaluations) -> None:
        self._rise, self._drawn = Static(id="rise"), Static(id="drawn")
        super().__init__(
            *(self._rise, self._drawn),
            title=COMPARED,
            id="compared",
            hint="95%, the same items twice",
        )
        self._evaluations = evaluations

    def show(self, pairing: Pairing | None) -> None:
        """Those two; None where there is no other evaluation, or none at all."""
        self.title = COMPARED if pairing is None else self._which(pairing)
        self.figure = describe_rise_alone(pairing)
        self._rise.update(self._words(pairing), layout=False)
        width = min(self._drawn.content_size.width, RISE_CELLS)
        self._drawn.update(draw_rise(pairing, width), layout=False)

    def _words(self, pairing: Pairing | None) -> Content:
        evaluations = self._evaluations
        if pairing is None and evaluations.chosen is not None:
            return Content(BASELINE.format(name_among(evaluations, evaluations.chosen)))
        if pairing is None:
            return Content(ALONE if evaluations.all else FIRST)
        numbers = map(evaluations.number, (pairing.before, pairing.after))
        return describe_pairing(pairing, *numbers, width=self._rise.content_size.width)

    def _which(self, pairing: Pairing) -> str:
        """Which two, the less trained one first, and which of them the user chose."""
        evaluations = self._evaluations
        return " → ".join(
            f"{name_among(evaluations, one)}{', baseline' if one is evaluations.chosen else ''}"
            for one in (pairing.before, pairing.after)
        )
