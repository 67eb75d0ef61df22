"""The heat map of one figure of the layers, its number at the cursor, and what its marks mean."""

from textual.widgets import Static

from tui_trainer.runs.layer_history import LayerHistory
from tui_trainer.screens.layers.cursor import Cursor
from tui_trainer.screens.layers.words import FIGURES, at_cursor, title
from tui_trainer.widgets.heat_map import HeatMap, HeatMapView, legend, shades
from tui_trainer.widgets.panel import Panel


class FigurePanel(Panel):
    """Of one of `FIGURES`."""

    def __init__(self, number: int) -> None:
        self.view, self.legend = HeatMapView(), Static(classes="legend")
        super().__init__(self.view, self.legend, title=FIGURES[number].name)
        self.number = number
        self.heat_map: HeatMap | None = None
        """What is on show; None before the first look."""

    def show(self, history: LayerHistory, cursor: Cursor, instead: str) -> None:
        """What it is of the run; without any look what is said `instead`."""
        if not history:
            self.heat_map = None
            self.view.say(instead)
            return
        columns = cursor.columns(history, self.view.most_columns)
        self.heat_map = HeatMap(
            names=history.names,
            columns=columns,
            figure=self.number,
            layer=min(cursor.layer, len(history.names) - 1),
            at=cursor.place(columns),
            tell=FIGURES[self.number].tell,
            exactly=FIGURES[self.number].exactly,
        )
        self.view.show(self.heat_map)
        self.title = title(self.heat_map, self.heat_map.rows(self.view.content_size.height - 1))
        self.figure = at_cursor(self.heat_map)
        self.legend.update(legend(self.heat_map, shades(self.app)), layout=False)
