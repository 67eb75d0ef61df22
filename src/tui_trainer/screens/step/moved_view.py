"""What an update did layer by layer: its gradients, which weights moved, how far for their size."""

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from tui_trainer.reports.moved import LayerMoved, MovedReport
from tui_trainer.reports.phases import STEP, PhaseReport
from tui_trainer.screens.step.gradient_chart import LayerChart
from tui_trainer.screens.step.layer_norms import LayerNorms, with_all
from tui_trainer.screens.step.view import View
from tui_trainer.screens.step.words import SHARE_DECIMALS
from tui_trainer.terminal_text import visible
from tui_trainer.widgets.chart.chart import Chart
from tui_trainer.widgets.chart.panel import ChartPanel
from tui_trainer.widgets.line_table import MARK, Cell, Column, LineTable, least_width, share_out
from tui_trainer.words import COMES
from tui_trainer.words.bars import sparkline
from tui_trainer.words.numbers import percent
from tui_trainer.words.signs import DATA

UNKNOWN = "—"
HISTORY = "history"
COLUMNS = {
    "layer": Column("layer", 12),
    "weights": Column("weights", 10, right=True),
    "grad": Column("grad", 7, right=True),
    HISTORY: Column("past", 6, share=1),  # of the gradient, which is beside it
    "change": Column("change", 7, right=True),
    "norm": Column("norm", 7, right=True),
    "ratio": Column("Δw/w", 7, right=True),
    "moved": Column("moved", 10, right=True),
    "share": Column("share", 7, right=True),
}
OF_LOADED = "layer", "weights", "norm"
"""What there is to tell of weights that no update has changed."""
LEFT_OUT = "norm", "weights", "change", "moved"
"""Where there is no room, in this order."""
ROWS_OF_CHART = 9  # from which a chart is more than a line
SMALL = 1e-3  # below it a number is written with an exponent
IN_FP32 = "fp32 keeps 24 bits of a value: a step below 0.000006% of a weight rounds to nothing."
STORED = {
    "fp32": IN_FP32,
    "tf32": IN_FP32,
    "mixed": "The fp32 weights are the stored ones; bf16 copies are made of them to compute with.",
    "bf16": "bf16 keeps 8 bits of a value: a step below about 0.3% of a weight rounds to nothing.",
    "bf16-sr": "bf16 keeps 8 bits of a value: a step too small for them moves a few, by chance.",
}


class MovedView(View):
    """A line a layer and one for them all; two sentences; the layer at the cursor as a chart."""

    def __init__(self, norms: LayerNorms, *, id: str) -> None:
        super().__init__(title="what the update did", id=id)
        self._norms = norms
        self.report: MovedReport | None = None
        self._now: dict[str, float] = {}
        """The gradients that a phase has left, by layer."""
        self._chart = LayerChart()
        self._layer = ChartPanel(self._chart, classes="ruled")
        self._layer.id = "layer"

    def compose(self) -> ComposeResult:
        yield LineTable(id="layers")
        yield Static(COMES, id="moved-words")
        yield self._layer

    def show(self, report: MovedReport) -> None:
        self.report = report
        self.query_one("#moved-words", Static).update(Content(describe_moved(report)))
        self._draw()

    def show_gradients(self, report: PhaseReport) -> None:
        """Those that the phases have left; those of a step that was just made are an update's."""
        self._now = {} if report.phase == STEP else with_all(report.gradients)
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def on_line_table_moved(self) -> None:
        self._draw_layer()

    def on_chart_looked(self, message: Chart.Looked) -> None:
        """It has fewer updates than the other charts: they look elsewhere."""
        message.stop()

    def _draw(self) -> None:
        if (report := self.report) is None:
            return
        self._draw_table(report)
        self.call_after_refresh(self._draw_layer)

    def _draw_layer(self) -> None:
        """The layer at the cursor as a chart, where the table leaves room for one."""
        if (report := self.report) is None:
            return
        table, words = self.query_one(LineTable), self.query_one("#moved-words")
        left = self.content_size.height - table.virtual_size.height - words.outer_size.height
        layer = (*report.layers, report.total)[table.cursor]
        norms = self._norms.by_update(layer.name, report.update)
        has_room = left >= ROWS_OF_CHART and not self.screen.has_class("-narrow")
        self._layer.display = has_room and bool(norms)
        self._chart.show(visible(layer.name), norms)

    def _draw_table(self, report: MovedReport) -> None:
        self.figure = describe_figure(report, by_phases=bool(self._now))
        table = self.query_one(LineTable)
        width = table.scrollable_content_region.width
        rows = (*report.layers, report.total)
        known = [self._norms.at(layer.name, report.update) for layer in rows]
        is_measured = report.total.moved is not None or self._now or any(known)
        names = those_that_fit(width - len(MARK)) if is_measured else OF_LOADED
        columns = tuple(COLUMNS[name] for name in names)
        history = share_out(columns, width)[names.index(HISTORY)] if HISTORY in names else 0

        def cells(row: int) -> tuple[Cell, ...]:
            told = self._cells(rows[row], report.update, history)
            return tuple(told[name] for name in names)

        table.show(columns, len(rows), cells)

    def _cells(self, layer: LayerMoved, update: int, history: int) -> dict[str, Cell]:
        """By column; the history in so many cells."""
        gradient = self._now.get(layer.name, self._norms.at(layer.name, update))
        curve = sparkline(self._norms.of(layer.name, update), history)
        cells = layer_cells(layer)
        cells["grad"], cells[HISTORY] = short(gradient), Content.styled(curve, DATA)
        return cells


def those_that_fit(width: int) -> tuple[str, ...]:
    """The columns that `width` cells have room for."""
    names = tuple(COLUMNS)
    for left_out in LEFT_OUT:
        if least_width(tuple(COLUMNS[name] for name in names)) <= width:
            break
        names = tuple(name for name in names if name != left_out)
    return names


def describe_figure(report: MovedReport, *, by_phases: bool) -> Content:
    """Which update it is, and the share that moved."""
    if by_phases:
        return Content("gradients as they are now")
    if report.total.share is None:
        return Content("")
    return Content(
        f"update {report.update:,} · moved {percent(report.total.share, SHARE_DECIMALS)}"
    )


def describe_moved(report: MovedReport) -> str:
    """What the last update did to the whole model, and what its precision has to do with it."""
    total, stored = report.total, STORED[report.precision]
    if total.moved is not None:
        return (
            f"Update {report.update} changed {total.moved:,} of {total.parameters:,} stored "
            f"values. {stored} Δw/w: norm of the change / norm of the weights before."
        )
    if not report.update:
        return f"These are the loaded weights: space makes an update and shows here. {stored}"
    return (
        "What moved last is not known here: a loop changed the weights, or the memory for undo "
        f"has let it go. space makes another update. {stored}"
    )


def layer_cells(layer: LayerMoved) -> dict[str, Cell]:
    """What moved of one layer, by column."""
    return {
        "layer": visible(layer.name),
        "weights": f"{layer.parameters:,}",
        "change": short(layer.update_norm),
        "norm": short(layer.weight_norm),
        "ratio": short(layer.ratio),
        "moved": UNKNOWN if layer.moved is None else f"{layer.moved:,}",
        "share": UNKNOWN if layer.share is None else percent(layer.share, SHARE_DECIMALS),
    }


def short(number: float | None) -> str:
    """Three digits in at most seven characters: 12.3, 0.0123, 1.23e-4."""
    if number is None:
        return UNKNOWN
    small = 0 < abs(number) < SMALL
    digits, _, exponent = (f"{number:.2e}" if small else f"{number:#.3g}").partition("e")
    return f"{digits}e{int(exponent)}" if exponent else digits.rstrip(".")
