"""One text for Tokens, Predict and Step, unless one of them is told to keep its own."""

from tests.fake_engine import FakeEngine
from tests.known import present, the
from tests.pilot import Running, loaded, running, shown, until
from tui_trainer.app import TuiTrainer
from tui_trainer.screens.predict.screen import PredictScreen
from tui_trainer.screens.shared_text import OWN
from tui_trainer.screens.step.screen import StepScreen
from tui_trainer.screens.tokens.screen import TokensScreen
from tui_trainer.session.text_examples import NOTEBOOK_TEXT
from tui_trainer.widgets.text_box import TextBox

SHOWN = OWN[:40]


def with_engine(*keys: str) -> Running:
    return running(*keys, engine=lambda progress: FakeEngine())


def text(app: TuiTrainer) -> str:
    return app.screen.query_one(TextBox).text


async def test_what_is_typed_on_one_screen_is_on_the_others() -> None:
    async with with_engine() as (app, pilot):
        await pilot.press("!", "alt+2")
        await until(pilot, lambda: isinstance(app.screen, PredictScreen))
        await until(pilot, lambda: text(app) == NOTEBOOK_TEXT + "!")
        await pilot.press("enter", "?", "alt+4")
        await until(pilot, lambda: isinstance(app.screen, StepScreen))
        await until(pilot, lambda: "?" in text(app))
        on_predict = text(app)
        app.screen.query_one(TextBox).text = "of Step"
        await pilot.press("1")
        await until(pilot, lambda: isinstance(app.screen, TokensScreen))
        await until(pilot, lambda: text(app) == "of Step" != on_predict)
        await until(
            pilot,
            lambda: present(the(TokensScreen, app.screen).shown).texts.first.text == "of Step",
        )


async def test_keys_of_one_read_are_not_lost_on_the_next_screen() -> None:
    async with with_engine("alt+4", "alt+1") as (app, pilot):
        app.screen.query_one(TextBox).focus()
        for key in (*"abc", "alt+4"):
            app.simulate_key(key)
        await until(pilot, lambda: isinstance(app.screen, StepScreen))
        await until(pilot, lambda: sorted(set(text(app)) & set("abc")) == ["a", "b", "c"])


async def test_w_keeps_a_text_apart_and_takes_that_of_the_others_again() -> None:
    async with with_engine("escape", "4", "w") as (app, pilot):
        await until(pilot, lambda: SHOWN in shown(app))
        app.screen.query_one(TextBox).text = "own"
        await pilot.press("space")
        await until(pilot, lambda: loaded(app).updates == 1)
        await pilot.press("1")
        await until(pilot, lambda: isinstance(app.screen, TokensScreen))
        assert SHOWN not in shown(app)
        assert text(app) == NOTEBOOK_TEXT
        app.screen.query_one(TextBox).text = "of the others"
        await pilot.press("escape", "2")
        await until(
            pilot, lambda: isinstance(app.screen, PredictScreen) and text(app) == "of the others"
        )
        await pilot.press("4")
        await until(pilot, lambda: isinstance(app.screen, StepScreen) and text(app) == "own")
        assert present(the(StepScreen, app.screen).report).text == "own"
        await pilot.press("w")
        await until(pilot, lambda: text(app) == "of the others")
        assert SHOWN not in shown(app)
        assert (
            len(the(StepScreen, app.screen).chart.series) == 1
        )  # the chart keeps what was trained on


async def test_the_focus_and_the_cursor_stay_where_the_text_is_the_same() -> None:
    async with with_engine() as (app, pilot):
        box = app.screen.query_one(TextBox)
        box.move_cursor((0, 3))
        await pilot.press("alt+2", "alt+1")
        await until(pilot, lambda: isinstance(app.screen, TokensScreen))
        assert (box.cursor_location, app.focused) == ((0, 3), box)
        await pilot.press("alt+4")
        await until(pilot, lambda: isinstance(app.screen, StepScreen))
        assert app.focused is None
