"""What of a chart is a curve."""

from tui_trainer.widgets.chart.canvas import BLANK


def is_dots(cell: str) -> bool:
    return BLANK < ord(cell) <= BLANK + 0xFF
