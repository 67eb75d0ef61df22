"""Several keys in one read: each is used before the next is looked at."""

import pytest
from textual.widgets import Input

from tests.fake_engine import FakeEngine
from tests.pilot import Running, running, type_at_once, until
from tui_trainer.app import TuiTrainer
from tui_trainer.screens.dialogs.entry import Entry
from tui_trainer.screens.dialogs.model_picker import ModelPicker
from tui_trainer.screens.loss.screen import LossScreen
from tui_trainer.screens.predict.screen import PredictScreen
from tui_trainer.widgets.text_box import TextBox

CTRL_C, CTRL_U, ESCAPE = "\x03", "\x15", "\x1b[27u"


def with_engine(*keys: str) -> Running:
    return running(*keys, engine=lambda progress: FakeEngine())


async def test_a_key_with_a_binding_and_the_text_after_it_are_used_in_order() -> None:
    """The text was first, and then deleted."""
    async with with_engine() as (app, pilot):
        box = app.screen.query_one(TextBox)
        box.text = "one line"
        box.move_cursor(box.document.end)
        type_at_once(app, f"{CTRL_U}a word{CTRL_U}another")
        await until(pilot, lambda: box.text == "another")


async def test_what_is_typed_ahead_goes_to_the_dialog_that_the_first_key_opens() -> None:
    async with with_engine("escape", "3") as (app, pilot):
        type_at_once(app, "\r")
        await until(pilot, lambda: isinstance(app.screen, Entry))
        type_at_once(app, ESCAPE)
        await until(pilot, lambda: isinstance(app.screen, LossScreen))
        type_at_once(app, f"\r{CTRL_U}7.5")
        await until(pilot, lambda: isinstance(app.screen, Entry))
        await until(pilot, lambda: app.screen.query_one(Input).value == "7.5")


async def test_a_key_after_escape_is_none_of_the_text_box() -> None:
    async with with_engine() as (app, pilot):
        text = app.screen.query_one(TextBox).text
        type_at_once(app, ESCAPE + "3")
        await until(pilot, lambda: isinstance(app.screen, LossScreen))
        await pilot.press("1")
        assert app.screen.query_one(TextBox).text == text


async def test_a_screen_is_there_before_the_keys_after_its_own() -> None:
    async with with_engine("escape") as (app, pilot):
        type_at_once(app, "3m")
        await until(pilot, lambda: isinstance(app.screen, ModelPicker))
        assert isinstance(app.screen_stack[0], LossScreen)
        type_at_once(app, ESCAPE + "2")
        await until(pilot, lambda: isinstance(app.screen, LossScreen))
        await pilot.press("2")
        assert isinstance(app.screen, PredictScreen)


async def test_what_is_behind_a_key_that_fails_is_used_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It waited for the next key."""

    def fail(app: TuiTrainer) -> None:
        raise KeyError("planted")

    monkeypatch.setattr(TuiTrainer, "action_ask_quit", fail)
    async with with_engine("escape") as (app, pilot):
        type_at_once(app, f"2{CTRL_C}3")  # both wait for the screen
        await until(pilot, lambda: [type(fault) for fault in app.faults] == [KeyError])
        await until(pilot, lambda: not app._input)
        app.faults.clear()
