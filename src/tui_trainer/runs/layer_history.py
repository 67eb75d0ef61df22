"""What the steps of a run did to each layer, however many in bounded memory."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tui_trainer.reports.layers import FIGURES, LayersReport

MOST = 512
"""Columns: two for each cell of a heat map on a wide terminal; 30 layers of them take 2 MB."""
Numbers = tuple[float | None, ...]
"""One of each layer."""


@dataclass(frozen=True)
class Column:
    """Neighbouring looks taken together: of each figure the largest, so that no spike is lost."""

    first: int
    last: int
    """Steps."""
    figures: tuple[Numbers, ...]
    """In the order of `FIGURES`."""


class LayerHistory:
    """Once it is full two neighbours become one."""

    def __init__(self) -> None:
        self.names: tuple[str, ...] = ()
        self.columns: list[Column] = []

    def hear(self, report: LayersReport) -> None:
        """One more look, of a run that goes."""
        figures = {
            figure: [getattr(layer, figure) for layer in report.layers] for figure in FIGURES
        }
        self.add(report.step, [layer.name for layer in report.layers], figures)

    def add(
        self, step: int, names: Sequence[str], figures: Mapping[str, Sequence[float | None]]
    ) -> None:
        """One more; where the layers are others than before it is the first."""
        if self.names != tuple(names):
            self.names, self.columns = tuple(names), []
        numbers = tuple(tuple(figures[figure]) for figure in FIGURES)
        self.columns.append(Column(step, step, numbers))
        if len(self.columns) > MOST:
            self.columns = merged(self.columns, 2)

    def at_most(self, most: int) -> list[Column]:
        """So many columns of all there were."""
        number = -(-len(self.columns) // max(1, most))
        return merged(self.columns, number) if number > 1 else self.columns


def merged(columns: Sequence[Column], number: int) -> list[Column]:
    """Each `number` neighbours as one."""
    starts = range(0, len(columns), number)
    return [_together(columns[start : start + number]) for start in starts]


def _together(columns: Sequence[Column]) -> Column:
    figures = zip(*(column.figures for column in columns), strict=True)
    largest = tuple(
        tuple(_largest(numbers) for numbers in zip(*figure, strict=True)) for figure in figures
    )
    return Column(columns[0].first, columns[-1].last, largest)


def _largest(numbers: Iterable[float | None]) -> float | None:
    return max((number for number in numbers if number is not None), default=None)
