"""The app: its screens, its one worker, its status line. It wires and does little else."""

from functools import partial
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import BindingType

import tui_trainer.terminal.static_layout
import tui_trainer.terminal.textual_faults  # noqa: F401 - mends them
from tui_trainer.app_dialogs import OpensDialogs
from tui_trainer.app_hearing import HearsWorker
from tui_trainer.app_keys import KEYS
from tui_trainer.app_start import Started
from tui_trainer.protocol.events import DeviceLost, Event, LoopChanged
from tui_trainer.protocol.keeping import Save
from tui_trainer.protocol.models import Reload
from tui_trainer.screens import screen_class
from tui_trainer.screens.dialogs.failure import TellsFailures
from tui_trainer.screens.dialogs.help import WithKeys
from tui_trainer.screens.dialogs.palette import WithPalette
from tui_trainer.screens.do_now import do_now, tell_done
from tui_trainer.screens.work_screen import TALL, WIDE, WorkScreen, work_screen_of
from tui_trainer.session.doing_now import SHOW_AFTER, what_goes_on
from tui_trainer.session.going_on import LOADING, NO_MODEL
from tui_trainer.session.guide import Task
from tui_trainer.session.leaving import QUIT, RELOAD, leave_weights
from tui_trainer.session.session import Session
from tui_trainer.session.start import Start
from tui_trainer.settings.model import ModelChoice
from tui_trainer.terminal.clipboard import CopiesToTerminal
from tui_trainer.terminal.input_order import InputInOrder
from tui_trainer.terminal.signals import HearsSignals
from tui_trainer.terminal.sparing import WritesSparingly
from tui_trainer.terminal.switching import SwitchesAtOnce
from tui_trainer.themes import Themed
from tui_trainer.widgets.notification import Notifying, reading_seconds
from tui_trainer.widgets.screen_tabs import SCREENS
from tui_trainer.widgets.status_line import Standing

TICK_SECONDS = 1 / 8
STATUS_SECONDS = 1 / 2
if TYPE_CHECKING:
    from tui_trainer.protocol.any_worker import MakeWorker

NO_DETACHING = (
    "The engine is part of this process, as no place for its socket was found: it ends with it (q)."
)
DEVICE_SECONDS = 2.0  # others use it too, also while nothing runs here


class TuiTrainer(
    InputInOrder[int],
    TellsFailures[int],
    HearsSignals[int],
    WritesSparingly[int],
    SwitchesAtOnce[int],
    Notifying[int],
    WithPalette[int],
    WithKeys[int],
    Themed[int],
    Started[int],
    HearsWorker[int],
    CopiesToTerminal[int],
    OpensDialogs[int],
):
    """Study how a language model is trained, by keypress."""

    TITLE = "tui-trainer"
    # All at once: at a screen's first visit Textual would parse every rule anew for one of its own.
    CSS_PATH: ClassVar[list[str | PurePath]] = sorted(Path(__file__).parent.rglob("*.tcss"))
    # 80x24 is narrow and short, 120x40 wide and tall; what is broad, too, WorkScreen knows.
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (TALL, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [*KEYS]

    def __init__(
        self,
        choice: ModelChoice,
        make_worker: "MakeWorker",
        *,
        start: Start | None = None,
        greets: bool = False,
        attaches: bool = False,
    ) -> None:
        """`greets`: whoever has done nothing yet is welcomed; `attaches`: the worker is somebody's
        already, and what it has is taken over."""
        super().__init__()
        start = start or Start()
        self.worker = make_worker(self.hear, self.hear_other)
        self.session = Session(
            self,
            self.worker,
            start.model(choice),
            show=self._show_failure,
            put=self.put_question,
            configuration=start.configuration,
            kept=start.kept,
        )
        self._asked, self._attaches = choice, attaches
        self.begin_as(start, greets=greets)
        for name in SCREENS:
            self.add_mode(name, partial(self._make_screen, name))
        self.session.pending.on_ask = self._answer_soon
        self._refreshing = False
        self._news = ""
        """What of the guide was just done."""

    def _make_screen(self, name: str) -> WorkScreen:
        return self.in_styles_of_now(screen_class(name)(self.session))

    async def on_mount(self) -> None:
        self.hear_signals(is_view=self.worker.outlives_view)
        self.keep_as_left()
        self.session.task_done.subscribe(self, self._tell_done)
        await self.switch_mode("tokens")
        self.set_interval(TICK_SECONDS, self._tick)
        self.set_interval(STATUS_SECONDS, self._follow_loops)
        self.set_interval(DEVICE_SECONDS, self._follow_device)
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        """After the first frame: the worker imports torch and loads the model."""
        for name in SCREENS:
            screen_class(name)
        self.worker.start()
        if not self._attaches:
            self._load_first()
        self.recall_ticks()

    def _tell_done(self, task: Task) -> None:
        """In the line of status: what was done is what somebody looks at just then."""
        if (screen := work_screen_of(self)) is not None:
            news = tell_done(self.session.guide, task, screen.NAME)
            self._news = news
            self.set_timer(reading_seconds(news), partial(self._forget_news, news))

    def _forget_news(self, read: str) -> None:
        if self._news == read:  # else something newer is to be read
            self._news = ""

    @work
    async def load_model(self, choice: ModelChoice) -> None:
        await self.session.load(choice)

    @work
    async def _load_first(self) -> None:
        await self.session.loading_model.load_first(self._asked, self.start.model(self._asked))

    def heard(self, event: Event) -> None:
        if isinstance(event, LoopChanged):
            self._refresh_status()
        elif isinstance(event, DeviceLost):
            self.tell_device_lost(event)

    # The status line

    async def _tick(self) -> None:
        screen = work_screen_of(self)
        if screen is not None:
            told, session = what_goes_on(self.worker.doing, self.session), self.session
            loops, brief = session.describe_live(but=told.loop)
            tasks = do_now(session.guide, screen.NAME)
            said = told.what, told.seconds, told.waiting, loops, tasks, self._news, brief
            screen.show_standing(Standing(session.status, session.threads, *said))

    def _answer_soon(self) -> None:
        """A key asked for something: say so where it is not done at once."""
        if not self.is_running:
            return
        if (screen := work_screen_of(self)) is not None and screen.is_mounted:
            screen.show_waiting()
        self.set_timer(SHOW_AFTER, self._tick)

    def _follow_loops(self) -> None:
        """While a loop runs, its updates count."""
        if self.session.is_training:
            self._refresh_status()

    def _follow_device(self) -> None:
        if self.session.status is not None and self.session.status.device_use is not None:
            self._refresh_status()

    @work
    async def _refresh_status(self) -> None:
        """Hear how many updates the weights are away, one request at a time."""
        if self._refreshing:
            return
        self._refreshing = True
        try:
            await self.session.refresh()
        finally:
            self._refreshing = False

    # Actions

    async def action_show_screen(self, name: str) -> None:
        if isinstance(self.screen, WorkScreen):
            await self.switch_mode(name)

    @work
    async def action_reload(self) -> None:
        """The loaded weights again; asks first where that loses updates. Where the engine is lost,
        another one with what there is on disk."""
        if self.session.device_lost is not None and self.worker.outlives_view:
            from tui_trainer.session.restarting import restart  # noqa: PLC0415  # hardly ever

            await restart(self.session)
        elif await leave_weights(self.session, RELOAD):
            await self.session.change(Reload())

    @work
    async def action_save(self) -> None:
        """Write the weights where they belong."""
        if self.session.status is None:
            self.notify(LOADING if self.session.loading_choice else NO_MODEL, markup=False)
        elif self.session.pending.has(Save.doing):  # a key pressed twice
            self.notify("They are being saved: wait for it.", markup=False)
        elif await self.session.saving.save():
            await self.session.refresh()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is nothing to cancel unless something loads."""
        if action == "cancel":
            return self.session.loading is not None
        return super().check_action(action, parameters)

    def action_cancel(self) -> None:
        self.worker.cancel()

    def action_detach(self) -> None:
        """Leave the engine to go on."""
        if self.worker.outlives_view:
            self.session.saving.detaches = True
            self.exit(0)
        else:
            self.notify(NO_DETACHING, severity="warning", markup=False)

    @work
    async def action_ask_quit(self) -> None:
        """Every way to quit by hand; asks first where that loses updates, or a bench."""
        if await leave_weights(self.session, QUIT):
            self.exit(0, return_code=1 if self.session.device_lost else 0)

    async def action_quit(self) -> None:  # ctrl+q and the palette's
        self.action_ask_quit()
