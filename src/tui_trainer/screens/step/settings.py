"""What the next update is made with: learning rate, optimizer, mode."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TypedDict, Unpack

from textual.content import Content

from tui_trainer.configuration.command_line import as_words
from tui_trainer.failures import Failure
from tui_trainer.protocol.request import Request
from tui_trainer.protocol.updates import ReckonUpdate, SetLr, SetOptimizer, SetTraining
from tui_trainer.reports.models import LearnerStatus
from tui_trainer.screens.dialogs.form import form_beside_usual
from tui_trainer.screens.dialogs.settings_form import SettingsForm
from tui_trainer.screens.step.words import describe_undo, describe_undo_memory
from tui_trainer.session.cell import as_asked, cell_settings, changes
from tui_trainer.session.pending import Asked
from tui_trainer.session.session import Session
from tui_trainer.settings.cell import CellSettings
from tui_trainer.settings.train import OPTIMIZERS
from tui_trainer.words.costs import update_cost
from tui_trainer.words.numbers import learning_rate
from tui_trainer.words.signs import CONTEXT, WARNING

HEADING = "Settings of the next update"
LOADING = "The model is being loaded; you can type already."


class Change(TypedDict, total=False):
    """What a key can change of a LearnerStatus."""

    lr: float
    optimizer: str
    training: bool


class UpdateSettings:
    """As they are, or as they were asked to become: a key goes on from that.

    Without a model there are none, and nothing is changed.
    """

    def __init__(self, session: Session, changed: Callable[[], None]) -> None:
        """`changed` shows what they are, or were asked to become."""
        self._session, self._changed = session, changed
        self._asked = Asked[LearnerStatus]()

    @property
    def _wanted(self) -> LearnerStatus | None:
        """With what was asked for."""
        return self._asked.value or self._session.status

    def lr(self) -> float | None:
        """The learning rate, one that is only asked for included; None without a model."""
        return None if self._wanted is None else self._wanted.lr

    async def set_lr(self, lr: float) -> None:
        await self._set(SetLr(lr), lr=lr)

    async def take_next_optimizer(self) -> None:
        """A fresh one."""
        if self._wanted is not None:
            index = OPTIMIZERS.index(self._wanted.optimizer)
            name = OPTIMIZERS[(index + 1) % len(OPTIMIZERS)]
            await self._set(SetOptimizer(name), optimizer=name)

    async def take_other_mode(self) -> None:
        """Train mode or eval mode."""
        if self._wanted is not None:
            training = not self._wanted.training
            await self._set(SetTraining(training), training=training)

    async def _set(self, request: Request[LearnerStatus], **change: Unpack[Change]) -> None:
        """Change a setting; that it will be another one is told before it is."""
        if self._wanted is None:
            return
        with self._asked.to_be(replace(self._wanted, **change)):
            self._changed()
            await self._session.change(request)
        self._changed()

    # All of them as a form

    def form(self, text: str, at: str) -> SettingsForm[CellSettings] | None:
        """They are typed there, the cursor `at` one of them; None without a model."""
        if self._wanted is None:
            return None
        usual, updates = self._session.configuration, self._session.updates
        kind = form_beside_usual(HEADING, usual.settings(CellSettings), as_words(text))
        settings, choice = cell_settings(self._wanted), self._session.choice
        cost = partial(self._reckon, text)
        return SettingsForm(kind, settings, choice, cost, usual, at, updates)

    async def _reckon(self, text: str, settings: CellSettings) -> Content:
        """What an update would cost, memory that is not there marked, or why that is not known."""
        failures: list[Failure] = []
        cost = await self._session.ask(ReckonUpdate(text, settings), failures.append)
        if cost is None:
            return Content(self._session.sentence_of(failures[0]))
        takes, keeps = update_cost(cost)
        return Content.assemble(takes if cost.fits else WARNING.said(takes), f" · {keeps}")

    async def take(self, settings: CellSettings) -> None:
        """Ask for each that is not as it was, or was asked to become."""
        if self._wanted is None:
            return
        requests = list(changes(cell_settings(self._wanted), settings))
        with self._asked.to_be(as_asked(self._wanted, settings)):
            self._changed()
            for request in requests:
                await self._session.change(request)
        self._changed()

    def describe(self) -> dict[str, Content]:
        """What there is to tell, each by the name of its place."""
        return describe_settings(self._session.status, self._asked.value)


def describe_settings(
    status: LearnerStatus | None, asked: LearnerStatus | None = None
) -> dict[str, Content]:
    """`asked` has the settings as they will be once the worker comes to it."""
    if status is None:
        return {"lr": Content.styled(LOADING, CONTEXT)}
    asked = asked or status
    optimizer = _becoming(status.optimizer, asked.optimizer)
    mode = _becoming(_mode(status), _mode(asked))
    dropout = "no dropout"
    if status.dropout:
        dropout = f"dropout {status.dropout:g}" if status.training else "dropout off"
    lr = _becoming(learning_rate(status.lr), learning_rate(asked.lr))
    return {
        "lr": Content.assemble(("lr ", CONTEXT), lr, (" · ", CONTEXT), optimizer),
        "mode": Content.assemble(mode, f" mode, {dropout}"),
        "undo": Content(describe_undo(status.history)),
        "memory": Content.styled(describe_undo_memory(status.history), CONTEXT),
    }


def _mode(status: LearnerStatus) -> str:
    return "train" if status.training else "eval"


def _becoming(now: str, asked: str) -> Content:
    """What is, and what it was asked to become where that is something else: that is the bright
    one."""
    return Content(now) if now == asked else Content.assemble(f"{now} → ", (asked, "bold"))
