"""Predict: what the model expects at each position, and one token after another."""

from collections.abc import Iterable
from typing import ClassVar

from rich.cells import cell_len
from textual import work
from textual.binding import BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from tui_trainer.failures import Failure
from tui_trainer.protocol.events import LoopChanged
from tui_trainer.reports.generation import GeneratedToken, Inspection
from tui_trainer.reports.models import LearnerStatus
from tui_trainer.screens.predict.asking import Asking, Shown
from tui_trainer.screens.predict.generation import Generation
from tui_trainer.screens.predict.help import HELP
from tui_trainer.screens.predict.keys import KEYS, SETTINGS
from tui_trainer.screens.predict.position_chart import PositionChart
from tui_trainer.screens.predict.words import (
    POSITION_COLUMNS,
    CandidateTable,
    describe_opened,
    describe_sampling,
    describe_shapes,
    describe_sum,
    describe_text,
    describe_text_p,
    position_cells,
    token_losses,
)
from tui_trainer.screens.shared_text import SharedText
from tui_trainer.session.session import Session
from tui_trainer.settings.sampling import Sampling
from tui_trainer.terminal_text import visible
from tui_trainer.widgets.chart.panel import ChartPanel
from tui_trainer.widgets.line_table import LineTable
from tui_trainer.widgets.panel import Panel
from tui_trainer.widgets.text_box_panel import TextBoxPanel
from tui_trainer.widgets.token_losses import TokenLosses, legend, ramp
from tui_trainer.words import COMES

SIDE_BY_SIDE = 140  # columns from which the opened row is beside the table
GAPS_OF_A_TITLE = 4  # cells between a panel's title and its figure
LAST = 1_000_000_000  # as a position: the last one, whatever its number


class PredictScreen(SharedText):
    """A forward pass laid open."""

    NAME = "predict"
    AUTO_FOCUS = "#positions"
    HELP = HELP

    BINDINGS: ClassVar[list[BindingType]] = [*KEYS]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._model = session.status.model if session.status else None
        self.generation = Generation(
            self,
            lambda: self.text,
            tokens_changed=self._open_last,
            sampling_changed=self._sample_anew,
        )
        self.asking = Asking(
            session,
            to_show=self._to_show,
            waits=self._wait_for_answer,
            show=self._show,
            say_failure=self._say_failure,
        )
        self.inspection: Inspection | None = None
        self._continuation = ""
        self._own = 0
        """How many of the tokens on show the model made."""
        self._positions = 0
        """How many the losses on show are of."""
        self._index = LAST

    def body(self) -> Iterable[Widget]:
        with Container(id="panels"):
            with Vertical(id="whole"):
                yield from self._whole()
            with Vertical(id="one"):
                with Panel(hint="bars beside the highest p", id="row", classes="flush"):
                    yield Static(id="opened")
                    yield LineTable(id="candidates")
                with Panel(title="next token", hint="space appends it", id="next"):
                    yield Static(id="sampling")

    def _whole(self) -> Iterable[Widget]:
        """What is about all of the text, and not about one position."""
        with TextBoxPanel():
            yield from self.text_box()
            with VerticalScroll(id="generated", can_focus=False):
                yield Static(id="continuation")
        with Panel(title="forward pass", hint="↑↓ opens a row", id="pass", classes="flush"):
            yield Static(id="facts")
            yield LineTable(id="positions")
        yield ChartPanel(PositionChart(), classes="by-position")
        losses = Panel(title="loss of each token", hint=legend(ramp(self.app)), id="losses")
        with losses, VerticalScroll(can_focus=False):
            yield TokenLosses()

    def on_mount(self) -> None:
        self.session.status_changed.subscribe(self, self._on_status)
        self.generation.follow()
        self.session.loop_changed.subscribe(self, self._on_loop)
        self.query_one("#generated").anchor()  # the token that has just come is the one to see
        self._tell("The model is being loaded; you can type already.")
        self._show_sampling()

    def on_screen_resume(self) -> None:
        self._ask()

    def action_leave_text(self) -> None:
        self.query_one("#positions").focus()

    def word_for(self, name: str, label: str) -> str:
        """The settings of sampling matter while it samples."""
        generation = self.generation
        if name == "run" and generation.takes_run:
            label = "stop"
        if name == "greedy" and not generation.sampling.greedy:
            label = "greedy"
        is_there = {
            "append": self.session.status is not None and not generation.takes_run,
            "run": self.session.status is not None,
            "undo-token": bool(generation.tokens),
        }
        samples = not generation.sampling.greedy or name not in SETTINGS
        return super().word_for(name, label) if samples and is_there.get(name, True) else ""

    # Ask the engine

    def _on_status(self, status: LearnerStatus) -> None:
        """The weights changed, or the whole model, whose tokens may be others."""
        if status.model != self._model:
            self._model = status.model
            self.generation.forget()
        self.asking.is_stale = True
        self._ask()

    def _on_loop(self, _change: LoopChanged) -> None:
        """It may have changed the weights."""
        self._ask()

    def on_text_area_changed(self) -> None:
        """What comes next is asked of the last position."""
        self.generation.forget()
        self._index = LAST
        self._ask()

    def _to_show(self) -> Shown | None:
        """What the screen should show now; None while nobody can see it or there is no model."""
        if self.session.status is None or not self.is_current or not self.app.is_running:
            return None
        generation = self.generation
        return Shown(self.text, generation.ids, self._index, generation.sampling)

    @work
    async def _ask(self) -> None:
        await self.asking.ask()

    def _wait_for_answer(self) -> Iterable[Widget]:
        if self.inspection is None:
            self._tell(COMES)
        return self.query("#facts, #positions, #opened, #candidates, #sampling")

    def _say_failure(self, failure: Failure) -> None:
        """While typing, a sentence in the line of facts is enough."""
        self.inspection = self.session.chosen_position = None
        self._tell(self.session.sentence_of(failure))
        self.say("opened", "")
        self._show_sampling()
        for panel in self.query("#text-panel, #pass, #row").results(Panel):
            panel.figure = ""
        for table in self.query(LineTable):
            table.show((), 0, lambda _row: ())

    def _tell(self, sentence: str) -> None:
        """Why there is nothing to see, where the rows would be."""
        self.say("facts", sentence)
        self.query_one("#facts").display = bool(sentence)

    # Show the answer

    def _show(self, inspection: Inspection, shown: Shown) -> None:
        self.inspection, self._own = inspection, len(shown.generated)
        self.session.chosen_position = inspection.position
        self.session.guide.saw_prediction(inspection.prediction, len(shown.generated))
        self._tell("")
        self._show_whole(inspection)
        self._show_opened()
        self._show_continuation()
        self._show_positions(shown)
        self._show_candidates(shown.sampling)
        self._show_losses()
        self._show_sampling()

    def _show_whole(self, inspection: Inspection) -> None:
        forward = self.query_one("#pass", Panel)
        room = self._room("pass") - cell_len(str(forward.title)) - GAPS_OF_A_TITLE
        forward.figure = describe_shapes(inspection, self._own, room)
        self.show_waiting()

    def show_waiting(self) -> None:
        """How many tokens there are, and how many were asked for and are not there yet."""
        if self.inspection is not None:
            made, waiting = self.generation.by_earlier_weights, len(self.generation.asked)
            figure = describe_text(self.inspection, self._own, made, waiting)
            self.query_one("#text-panel", Panel).figure = figure

    def _show_positions(self, shown: Shown) -> None:
        assert self.inspection is not None
        positions = self.inspection.prediction.positions
        generated_from = len(positions) - len(shown.generated)
        table = self.query_one("#positions", LineTable)
        table.show(
            POSITION_COLUMNS,
            len(positions),
            lambda row: position_cells(positions[row], generated_from),
        )
        if shown.index == self._index:  # else the cursor has moved on since
            table.cursor = self.inspection.position.index

    def on_resize(self) -> None:
        self.set_class(self.room >= SIDE_BY_SIDE, "-side")
        self.call_after_refresh(self._fit_width)

    def _fit_width(self) -> None:
        if self.inspection is not None:
            self._show_whole(self.inspection)
            self._show_candidates(self.generation.sampling)
            self._show_opened()
            self._show_losses()
            self._show_sampling()

    def _room(self, panel: str) -> int:
        """Cells of a line of words in a panel: without its line and a free one at each side."""
        return self.query_one(f"#{panel}").outer_size.width - 4

    def _show_opened(self) -> None:
        assert self.inspection is not None
        panel, room = self.query_one("#row", Panel), self._room("row")
        title = f"position {self.inspection.position.index}"
        panel.title = title
        panel.figure = describe_opened(self.inspection, room - len(title) - GAPS_OF_A_TITLE)
        sampling = self.generation.sampling
        self.say("opened", describe_sum(self.inspection, sampling, room))

    def _show_candidates(self, sampling: Sampling) -> None:
        inspection = self.inspection
        assert inspection is not None
        table = self.query_one("#candidates", LineTable)
        made = CandidateTable(sampling, table.scrollable_content_region.width)
        table.show(
            made.columns, len(inspection.position.top), lambda row: made.cells(inspection, row)
        )

    def _show_losses(self) -> None:
        """Where there is room for them: the losses over the text, as a chart and on the text."""
        inspection, panel = self.inspection, self.query_one("#losses", Panel)
        if inspection is not None and panel.display:
            positions = inspection.prediction.positions
            self.query_one(PositionChart).show(positions, inspection.position.index)
            panel.figure = describe_text_p(inspection.prediction, self._own)
            losses = self.query_one(TokenLosses)
            losses.show(*token_losses(inspection))
            losses.refresh(layout=len(positions) != self._positions)
            self._positions = len(positions)

    def _show_continuation(self) -> None:
        """The text of the tokens that the tables show."""
        text = "" if self.inspection is None else self.inspection.continuation
        if text != self._continuation:  # else the whole screen is laid out anew at each key
            self._continuation = text
            goes_on = Content.assemble(("…", "$context"), visible(text, newline="⏎\n"))
            self.query_one("#continuation", Static).update(goes_on)
        self.query_one("#generated").display = bool(self.generated)

    def _show_sampling(self) -> None:
        token = None if self.inspection is None else self.inspection.next_token
        self.say("sampling", describe_sampling(self.generation.sampling, token, self._room("next")))

    def on_line_table_moved(self, event: LineTable.Moved) -> None:
        if event.table.id == "positions":
            self._index = event.row
            self._ask()

    # Generate

    @property
    def generated(self) -> tuple[GeneratedToken, ...]:
        return self.generation.tokens

    def _open_last(self) -> None:
        """There are other tokens than before: the last position is the one to watch."""
        self.follow_keys()
        self._index = LAST
        self._ask()

    def _sample_anew(self) -> None:
        self.follow_keys()
        self._show_sampling()
        self._ask()

    @work
    async def action_append(self) -> None:
        await self.generation.append()

    @work
    async def action_play(self) -> None:
        await self.generation.play()

    def action_undo(self) -> None:
        self.generation.undo()

    @work
    async def action_settings(self, at: str = "") -> None:
        form = self.generation.form(self.text, at)
        if (typed := await self.app.push_screen_wait(form)) is not None:
            await self.generation.sample_with(typed)

    @work
    async def action_greedy(self) -> None:
        await self.generation.switch_greedy()

    @work
    async def action_change(self, what: str, up: bool) -> None:
        await self.generation.change(what, up)
