"""Where one looks in the heat maps of the layers, all of which have one cursor; no widget."""

from collections.abc import Sequence
from dataclasses import dataclass

from tui_trainer.runs.layer_history import Column, LayerHistory


@dataclass
class Cursor:
    """A layer and a step."""

    layer: int = 0
    step: int | None = None
    """None for the last one, also when there are more."""
    in_last_part: bool = False
    """Whether only the last steps are on show, one by one."""

    def columns(self, history: LayerHistory, most: int) -> list[Column]:
        """What is on show of a run."""
        return history.last(most) if self.in_last_part else history.whole(most)

    def place(self, columns: Sequence[Column]) -> int:
        """The column that has its step, or the last one before it."""
        places = [n for n, one in enumerate(columns) if self.step is None or one.first <= self.step]
        return places[-1] if places else 0

    def go_to(self, columns: Sequence[Column], place: int) -> None:
        """Take the step of that column; the last one goes on with the run."""
        is_last = place >= len(columns) - 1
        self.step = None if is_last else columns[max(0, place)].first

    def go_down(self, layers: int, by: int) -> None:
        """To a layer after it, or before."""
        self.layer = max(0, min(layers - 1, self.layer + by))
