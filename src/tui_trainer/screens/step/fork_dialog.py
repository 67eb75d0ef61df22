"""One update at three learning rates side by side; one is picked, or none."""

from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Static

from tui_trainer.failures import Failure
from tui_trainer.protocol.updates import Fork
from tui_trainer.reports.updates import UpdateReport
from tui_trainer.screens.dialog import Dialog
from tui_trainer.screens.step.fork_words import (
    COLUMNS,
    FACTORS,
    describe_lowest,
    describe_outcomes,
    position_cells,
)
from tui_trainer.session.session import Session
from tui_trainer.widgets.keys import go_back, key
from tui_trainer.widgets.line_table import LineTable
from tui_trainer.widgets.panel import Panel

KEYS = "1", "2", "3"


class ForkDialog(Dialog[float | None]):
    """Tries the three, and gives back the learning rate that was picked; None where none was."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            key(
                name,
                f"pick({n})",
                f"pick {FACTORS[n]}",
                f"The update at {FACTORS[n]}",
                id=f"pick-{name}",
            )
            for n, name in enumerate(KEYS)
        ),
        go_back("Pick none: nothing has changed", keys="n,escape"),
    ]

    def __init__(self, session: Session, text: str) -> None:
        super().__init__()
        self._session = session
        self._text = text
        self.outcomes: tuple[UpdateReport, ...] = ()

    def compose(self) -> ComposeResult:
        hint = "1 2 3 pick: the lr stays, u undoes · escape: none"
        with Panel(title="fork", hint=hint, classes="dialog wide"):
            with Vertical(classes="above"):
                yield Static("Trying each from the same weights …", id="fork-words")
                yield Static(id="fork-facts")
            yield LineTable(id="fork-positions")
            with Vertical(classes="below"), Horizontal(classes="answers"):
                for key, factor in zip(KEYS, FACTORS, strict=True):
                    yield Button(f"{key} pick {factor}", id=f"pick-{key}", compact=True)
                yield Button("n none", id="pick-none", compact=True)

    def on_mount(self) -> None:
        self.query_one(LineTable).focus()
        self._try()

    @work
    async def _try(self) -> None:
        outcomes = await self._session.ask(Fork(self._text), self._refuse)
        if outcomes is not None:
            self._show(outcomes)

    def _refuse(self, failure: Failure) -> None:
        self.dismiss(None)
        self._session.report_failure(failure)

    def _show(self, outcomes: tuple[UpdateReport, ...]) -> None:
        self.outcomes = outcomes
        self.query_one(Panel).figure = f"update {outcomes[0].update:,} at three learning rates"
        words = describe_lowest(outcomes)
        self.query_one("#fork-words", Static).update(Content(words))
        self.query_one("#fork-facts", Static).update(describe_outcomes(outcomes))
        rows = len(outcomes[0].after.positions)
        self.query_one(LineTable).show(COLUMNS, rows, lambda row: position_cells(outcomes, row))

    def action_pick(self, number: int) -> None:
        if self.outcomes:
            self.dismiss(self.outcomes[number].lr)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        key = (event.button.id or "").removeprefix("pick-")
        if key in KEYS:
            self.action_pick(KEYS.index(key))
        else:
            self.dismiss(None)
