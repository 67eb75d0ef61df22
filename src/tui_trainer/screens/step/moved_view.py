"""Which weights the last update moved, layer by layer, and how far against their size."""

from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.widgets import Static

from tui_trainer.protocol.updates import CompareWeights
from tui_trainer.reports.moved import LayerMoved, MovedReport
from tui_trainer.screens.step.phase_view import BAR_CELLS, bar
from tui_trainer.session.session import Session
from tui_trainer.terminal_text import visible
from tui_trainer.widgets.dimmed import dimmed
from tui_trainer.widgets.line_table import Column, LineTable
from tui_trainer.words import COMES
from tui_trainer.words.numbers import percent

UNKNOWN = "—"
COLUMNS = (
    Column("layer", 12),
    Column("weights", 11, right=True),
    Column("moved", 11, right=True),
    Column("share", 7, right=True),
    Column("change", 7, right=True),
    Column("norm", 7, right=True),
    Column("ratio", 7, right=True),
)
SHARE_BAR = Column("", 0, share=1)
BAR_ROOM = 80  # what the other columns take
SHORTEST_BAR = 8
SMALL = 1e-3  # below it a number is written with an exponent
IN_FP32 = "fp32 keeps 24 bits of a value: a step below 0.000006% of a weight rounds to nothing."
STORED = {
    "fp32": IN_FP32,
    "tf32": IN_FP32,
    "mixed": "The fp32 weights are the stored ones; bf16 copies are made of them to compute with.",
    "bf16": "bf16 keeps 8 bits of a value: a step below about 0.3% of a weight rounds to nothing.",
    "bf16-sr": "bf16 keeps 8 bits of a value: a step too small for them moves a few, by chance.",
}


class MovedView(Container):
    """Two sentences; a line a layer and one for them all."""

    def __init__(self, session: Session, *, id: str) -> None:
        super().__init__(id=id)
        self._session = session
        self.report: MovedReport | None = None

    def compose(self) -> ComposeResult:
        yield Static(COMES, id="moved-words")
        yield LineTable(id="layers")

    async def read(self) -> None:
        """Ask for what the last update moved."""
        with dimmed(self):
            report = await self._session.ask(CompareWeights())
        if report is not None:
            self.show(report)

    def show(self, report: MovedReport) -> None:
        self.report = report
        self.query_one("#moved-words", Static).update(Content(describe_moved(report)))
        self._draw(report)

    def on_resize(self) -> None:
        if self.report is not None:
            self._draw(self.report)

    def _draw(self, report: MovedReport) -> None:
        """A bar of the share too, where there is room for one."""
        rows = (*report.layers, report.total)
        room = min(BAR_CELLS, self.size.width - BAR_ROOM)
        if room < SHORTEST_BAR:
            self.query_one(LineTable).show(COLUMNS, len(rows), lambda row: layer_cells(rows[row]))
            return
        self.query_one(LineTable).show(
            (*COLUMNS, SHARE_BAR),
            len(rows),
            lambda row: (*layer_cells(rows[row]), bar(rows[row].share or 0.0, room)),
        )


def describe_moved(report: MovedReport) -> str:
    """What the last update did to the whole model, and what its precision has to do with it."""
    total, stored = report.total, STORED[report.precision]
    if total.moved is not None:
        return (
            f"Update {report.update} changed {total.moved:,} of {total.parameters:,} stored "
            f"values. {stored} Ratio: norm of the change / norm of the weights before."
        )
    if not report.update:
        return f"These are the loaded weights: space makes an update and shows here. {stored}"
    return (
        "What moved last is not known here: a loop changed the weights, or the memory for undo "
        f"has let it go. space makes another update. {stored}"
    )


def layer_cells(layer: LayerMoved) -> tuple[str, ...]:
    """The cells of one layer."""
    return (
        visible(layer.name),
        f"{layer.parameters:,}",
        UNKNOWN if layer.moved is None else f"{layer.moved:,}",
        UNKNOWN if layer.share is None else percent(layer.share, 2),
        short(layer.update_norm),
        short(layer.weight_norm),
        short(layer.ratio),
    )


def short(number: float | None) -> str:
    """Three digits in at most seven characters: 12.3, 0.0123, 1.23e-4."""
    if number is None:
        return UNKNOWN
    small = 0 < abs(number) < SMALL
    digits, _, exponent = (f"{number:.2e}" if small else f"{number:#.3g}").partition("e")
    return f"{digits}e{int(exponent)}" if exponent else digits.rstrip(".")
