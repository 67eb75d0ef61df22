"""Dialogs: each is left once, whatever comes in the same read, and read to its end."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from textual.screen import ModalScreen, Screen
from textual.widgets import OptionList

from tests.at_length import first_is_quick
from tests.fake_engine import FakeEngine, evaluated_item
from tests.pilot import SECONDS_AT_MOST, Given, running, shown, type_at_once, until
from tui_trainer.app import TuiTrainer
from tui_trainer.configuration.layers import Configuration
from tui_trainer.failures import Failure
from tui_trainer.protocol.events import DeviceLost
from tui_trainer.screens.dialog import Dialog
from tui_trainer.screens.dialogs.checkpoint_picker import CheckpointPicker
from tui_trainer.screens.dialogs.device_lost import DeviceLostDialog
from tui_trainer.screens.dialogs.entry import Entry
from tui_trainer.screens.dialogs.failure import FailureDialog
from tui_trainer.screens.dialogs.help import HelpDialog
from tui_trainer.screens.dialogs.model_picker import ModelPicker
from tui_trainer.screens.dialogs.palette import Palette
from tui_trainer.screens.dialogs.question import QuestionDialog
from tui_trainer.screens.dialogs.settings_form import SettingsForm
from tui_trainer.screens.evaluation.item import EvaluatedItemDialog, ItemTexts
from tui_trainer.screens.gsm8k.item_browser import ItemBrowser
from tui_trainer.screens.gsm8k.settings import loop_form
from tui_trainer.screens.loss.screen import LossScreen
from tui_trainer.screens.runs.details import RunDetails
from tui_trainer.screens.step.fork_dialog import ForkDialog
from tui_trainer.screens.step.probe_editor import ProbeEditor
from tui_trainer.screens.tokens.tokenizer_picker import TokenizerPicker
from tui_trainer.screens.work_screen import WorkScreen
from tui_trainer.session.questions import Choice, Question
from tui_trainer.settings.evaluation import EvaluationSettings
from tui_trainer.settings.train import TrainSettings

ESCAPE = "\x1b[27u"  # as a terminal sends it that tells it from the beginning of another key
ENTER, DOWN = "\r", "\x1b[B"

AnyDialog = Screen[Any]
"""Each gives a result of a type of its own."""
ITEM = ItemTexts(evaluated_item(0, "1", EvaluationSettings()), "1")


def lost(traceback: str) -> DeviceLost:
    return DeviceLost(Failure("The device failed.", traceback), None)


DIALOGS: dict[type[AnyDialog], tuple[str, Callable[[TuiTrainer], AnyDialog]]] = {
    QuestionDialog: (
        "y",
        lambda app: QuestionDialog(Question("Quit?", (Choice("y", "yes"), Choice("n", "no")))),
    ),
    Entry: (ENTER, lambda app: Entry("lr", "Learning rate", "1", float)),
    SettingsForm: (ENTER, lambda app: SettingsForm(loop_form(Configuration()), TrainSettings())),
    ModelPicker: (DOWN + ENTER, lambda app: ModelPicker(app.session)),
    TokenizerPicker: (DOWN + ENTER, lambda app: TokenizerPicker(app.session, "builtin")),
    CheckpointPicker: (ENTER, lambda app: CheckpointPicker("Which?", (1, 2), str)),
    ProbeEditor: (ENTER, lambda app: ProbeEditor(("a",))),
    ForkDialog: ("2", lambda app: ForkDialog(app.session, "text")),
    HelpDialog: ("q", lambda app: HelpDialog(below(app))),
    FailureDialog: (ENTER, lambda app: FailureDialog(Failure("It failed.", "Traceback"))),
    DeviceLostDialog: (
        ESCAPE,
        lambda app: DeviceLostDialog(lost("Traceback"), None, restarts=False),
    ),
    RunDetails: (ENTER, lambda app: RunDetails("run", [("Model", "", "builtin")])),
    EvaluatedItemDialog: ("t", lambda app: EvaluatedItemDialog([ITEM], 0)),
    ItemBrowser: (ESCAPE, lambda app: ItemBrowser(app.session, TrainSettings(), 0)),
    Palette: (ENTER, lambda app: Palette()),
}


def below(app: TuiTrainer) -> WorkScreen:
    assert isinstance(app.screen_stack[0], WorkScreen)
    return app.screen_stack[0]


def test_every_dialog_of_the_app_is_one_of_these() -> None:
    kinds = {kind for base in (ModalScreen, Dialog) for kind in base.__subclasses__()}
    ours = {kind for kind in kinds if kind.__module__.startswith("tui_trainer.")}
    assert ours == {Dialog, *DIALOGS} - {Palette}


async def test_a_dialog_is_left_once_by_keys_in_one_read() -> None:
    """ScreenStackError, or the screen below closed too, in each of them before."""
    async with running("escape", "3", engine=lambda progress: FakeEngine()) as (app, _):
        for take, make in DIALOGS.values():
            for keys in (take * 2 + ESCAPE, ESCAPE * 2):
                await leave(app, make(app), keys)
        assert isinstance(app.screen, LossScreen)


LINES = "\n".join(map(str, range(100)))
READ: tuple[Callable[[TuiTrainer], AnyDialog], ...] = (
    lambda app: SettingsForm(loop_form(Configuration()), TrainSettings()),
    lambda app: ForkDialog(app.session, LINES),
    lambda app: HelpDialog(below(app)),
    lambda app: FailureDialog(Failure("It failed, and how. " * 8, LINES)),
    lambda app: DeviceLostDialog(lost(LINES), None, restarts=True),
    lambda app: RunDetails("run", [("Model", "", LINES)]),
    lambda app: EvaluatedItemDialog([replace(ITEM, by=LINES)], 0),
)


@pytest.mark.parametrize("size", first_is_quick((80, 24), (120, 40), (60, 20)))
async def test_what_is_scrolled_in_a_dialog_can_be_read_to_its_end(size: tuple[int, int]) -> None:
    """The last lines lay under the keys below them, as many as the heading has."""
    async with running("escape", "3", size=size, engine=lambda progress: FakeEngine()) as (app, _):
        for make in READ:
            dialog = make(app)
            app.push_screen(dialog)
            await soon(lambda dialog: dialog.is_mounted and is_filled(dialog), dialog)
            await soon(lambda dialog: fits(dialog, size[1]), dialog)
            await app.pop_screen()


def fits(dialog: AnyDialog, height: int) -> bool:
    """Whether what is above, what is scrolled and what is below lie one under the other."""
    scrolled = dialog.query("VerticalScroll, LineTable").first().region
    box = dialog.query_one(".dialog")
    top = max((part.region.bottom for part in dialog.query(".above")), default=box.region.y + 1)
    bottom = min((part.region.y for part in dialog.query(".below")), default=box.region.bottom - 1)
    ends = [part.region.bottom for part in dialog.query(".below")]
    room = top <= scrolled.y < scrolled.bottom <= bottom
    inside = box.content_region.bottom
    return room and all(end <= inside for end in ends) and box.region.bottom <= height


async def leave(app: TuiTrainer, dialog: AnyDialog, keys: str) -> None:
    results: list[object] = []
    app.push_screen(dialog, results.append)
    await soon(lambda: dialog.is_mounted and is_filled(dialog))
    type_at_once(app, keys)
    await soon(lambda: not dialog.is_attached)
    assert len(results) == 1, f"{dialog} was left {len(results)} times"
    assert len(app.screen_stack) == 1


async def soon(condition: Callable[[*Given], object], *given: *Given) -> None:
    async with asyncio.timeout(SECONDS_AT_MOST):
        while not condition(*given):
            await asyncio.sleep(0.005)


def is_filled(dialog: AnyDialog) -> bool:
    """Whether the keys that leave it have something to take."""
    if isinstance(dialog, Palette):
        return dialog.has_class("-ready")
    if isinstance(dialog, ForkDialog):
        return bool(dialog.outcomes)
    lists = [options.option_count for options in dialog.query(OptionList)]
    return all(lists)


async def test_no_news_hides_the_answers_of_a_question() -> None:
    """'Exported' and 'Saved' lay over them for ten seconds."""
    async with running("escape", engine=lambda progress: FakeEngine()) as (app, pilot):
        for line in range(4):
            app.notify(f"News {line} that takes a line and another.", markup=False)
        app.notify("An error.", severity="error", markup=False)
        await until(pilot, lambda: "News 3" in shown(app))
        answers = (Choice("n", "stay"), Choice("y", "quit, and lose all"))
        app.push_screen(QuestionDialog(Question("Quit?", answers)))
        await until(pilot, lambda: "An error." in top(app))
        await until(pilot, lambda: "y quit, and lose all" in top(app))


def top(app: TuiTrainer) -> str:
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())
