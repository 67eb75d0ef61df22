"""Whatever loses updates asks the same question, and enter keeps the work."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Static

from tests.fake_engine import FakeEngine
from tests.known import present
from tests.pilot import Running, loaded, running, until
from tui_trainer.app import TuiTrainer
from tui_trainer.errors import InputError
from tui_trainer.protocol.events import LoopState
from tui_trainer.reports.runs import Kept
from tui_trainer.screens.dialogs.question import QuestionDialog
from tui_trainer.screens.gsm8k.start import question_of_weights
from tui_trainer.settings.model import ModelChoice


def with_engine(engine: FakeEngine, *keys: str) -> Running:
    return running("escape", *keys, engine=lambda progress: engine)


def asked(app: TuiTrainer) -> str:
    """What the dialog on show asks; nothing where there is none."""
    if not isinstance(app.screen, QuestionDialog):
        return ""
    words = app.screen.query(Static)  # none in a dialog that is being opened
    return str(words.first().content) if words else ""


def notes(app: TuiTrainer) -> str:
    return "\n".join(note.message for note in app._notifications)


def labels(app: TuiTrainer) -> list[str]:
    return [str(button.label) for button in app.screen.query(Button)]


async def update_twice(app: TuiTrainer, pilot: Pilot[int]) -> None:
    await pilot.press("4", "space", "space")
    await until(pilot, lambda: loaded(app).unsaved == 2)


def press(key: str) -> Callable[[TuiTrainer], None]:
    return lambda app: app.simulate_key(key)


async def palette_quit(app: TuiTrainer) -> None:
    (command,) = [c for c in app.get_system_commands(app.screen) if c.title.startswith("Quit")]
    await command.callback()


def load(app: TuiTrainer) -> None:
    app.load_model(ModelChoice("other"))


WAYS = {
    "q": (press("q"), "quit"),
    "ctrl+c": (press("ctrl+c"), "quit"),
    "ctrl+q": (press("ctrl+q"), "quit"),
    "palette": (palette_quit, "quit"),
    "R": (press("R"), "reload"),
    "m": (load, "load"),
}


@pytest.mark.parametrize("way", WAYS)
async def test_each_way_asks_and_enter_keeps_the_work(way: str) -> None:
    lose, verb = WAYS[way]
    engine = FakeEngine()
    async with with_engine(engine) as (app, pilot):
        await update_twice(app, pilot)
        if (waits := lose(app)) is not None:
            await waits
        await until(pilot, lambda: "No file has the last 2 updates" in asked(app))
        assert labels(app) == ["n stay", f"w save and {verb}", f"y {verb}"]
        await pilot.press("enter")
        await until(pilot, lambda: not asked(app))
        assert app.is_running
        status = present(app.session.status)
        assert (status.updates, status.unsaved, status.model.name) == (2, 2, "builtin")
        assert (engine.reloads, engine.checkpoints) == (0, [])


async def test_what_is_saved_first_is_not_lost_and_nothing_is_asked_after_that() -> None:
    engine = FakeEngine()
    async with with_engine(engine) as (app, pilot):
        await update_twice(app, pilot)
        await pilot.press("R")
        await until(pilot, lambda: asked(app))
        await pilot.press("w")
        await until(pilot, lambda: engine.reloads == 1)
        assert len(engine.checkpoints) == 1
        await update_twice(app, pilot)
        await pilot.press("c")
        await until(pilot, lambda: len(engine.checkpoints) == 2)
        await until(pilot, lambda: loaded(app).unsaved == 0)
        await pilot.press("R")
        await until(pilot, lambda: engine.reloads == 2)
        await pilot.press("q")
        await until(pilot, lambda: app.return_value == 0)


async def test_what_was_saved_at_the_end_is_there_to_be_told_on_the_terminal() -> None:
    engine = FakeEngine([3.0, 2.0])
    async with with_engine(engine) as (app, pilot):
        await update_twice(app, pilot)
        await pilot.press("c")
        await until(pilot, lambda: loaded(app).unsaved == 0)
        assert app.session.saving.at_the_end == Kept()  # it was told on the screen
        await update_twice(app, pilot)
        await pilot.press("q")
        await until(pilot, lambda: asked(app))
        await pilot.press("w")
        await until(pilot, lambda: not app.is_running)
    assert present(app.session.saving.at_the_end.checkpoint).run == "None"


async def test_where_saving_fails_the_user_stays() -> None:
    engine = FakeEngine()
    engine.refuse_checkpoint = InputError("The disk is full: make room.")
    async with with_engine(engine) as (app, pilot):
        await update_twice(app, pilot)
        await pilot.press("q")
        await until(pilot, lambda: asked(app))
        await pilot.press("w")
        await until(pilot, lambda: "The disk is full" in notes(app))
        assert app.is_running


async def test_after_a_run_has_ended_or_failed_its_weights_are_asked_for() -> None:
    engine = FakeEngine([3.0, InputError("A loss that is none.")])
    async with with_engine(engine, "5", "space") as (app, pilot):
        await until(pilot, lambda: app.session.loops.get("gsm8k") is LoopState.FAILED)
        await pilot.press("q")
        await until(pilot, lambda: "No file has the last 1 update " in asked(app))
        await pilot.press("n", "c")
        await until(pilot, lambda: "Checkpoint of step 1 saved" in notes(app))
        await pilot.press("q")
        await until(pilot, lambda: app.return_value == 0)


@pytest.mark.parametrize(("answer", "saves"), [("w", 1), ("y", 0)])
async def test_a_paused_run_is_ended_before_other_weights_take_its_place(
    answer: str, saves: int
) -> None:
    engine = FakeEngine([3.0] * 9)
    async with with_engine(engine, "5", "full_stop") as (app, pilot):
        await until(pilot, lambda: app.session.saved is not None)
        await until(pilot, lambda: app.session.loops.get("gsm8k") is LoopState.PAUSED)
        await pilot.press("R")
        await until(pilot, lambda: "The GSM8K loop is paused" in asked(app))
        await pilot.press(answer)
        await until(pilot, lambda: engine.reloads == 1)
        assert app.session.loops["gsm8k"] is LoopState.STOPPED
        assert (len(engine.checkpoints), present(engine.status()).updates) == (saves, 0)


async def test_while_a_loop_runs_its_weights_are_left_alone() -> None:
    engine = FakeEngine([3.0] * 9, gated=True)
    async with with_engine(engine, "5", "space") as (app, pilot):
        await until(pilot, lambda: app.session.is_running("gsm8k"))
        said = "The GSM8K loop is running: pause it"
        for keys in (("R",), ("4", "space"), ("p",), ("u",), ("full_stop",)):
            app.clear_notifications()
            await pilot.press(*keys)
            await until(pilot, lambda: said in notes(app))
        app.clear_notifications()
        load(app)
        await until(pilot, lambda: said in notes(app))
        assert (engine.reloads, app.session.choice.source) == (0, "builtin")
        engine.gate.release(9)


async def test_a_new_run_asks_from_which_weights_and_enter_keeps_those_there_are() -> None:
    engine = FakeEngine([3.0, 2.0])
    async with with_engine(engine) as (app, pilot):
        await update_twice(app, pilot)
        await pilot.press("5", "space")
        await until(pilot, lambda: "No file has the last 2" in asked(app))
        assert "away from the loaded ones, builtin." in asked(app)
        assert labels(app) == ["k keep these", "w save, then reload", "r reload, then start"]
        await pilot.press("enter")
        await until(pilot, lambda: app.session.loops.get("gsm8k") is LoopState.FINISHED)
        assert (engine.reloads, present(engine.status()).updates) == (0, 4)
        await pilot.press("space")
        await until(pilot, lambda: asked(app))
        assert labels(app) == ["k keep these", "r reload, then start"]  # enter does the same
        await pilot.press("escape")
        await until(pilot, lambda: not asked(app))
        await update_twice(app, pilot)
        await pilot.press("5", "space")
        await until(pilot, lambda: asked(app))
        await pilot.press("w")
        await until(pilot, lambda: len(engine.trained_with) == 2)
        assert (engine.reloads, len(engine.checkpoints)) == (1, 1)


def test_a_new_run_says_that_step_cannot_undo_after_it() -> None:
    status = present(FakeEngine().status())
    stepped = replace(status, updates=6, history=replace(status.history, undo=6))
    said = "Step can undo 6 updates now, and none of them after a run."
    assert said in question_of_weights(stepped, "builtin").words
    assert said not in question_of_weights(replace(status, updates=6), "builtin").words


async def test_a_paused_loop_takes_whole_updates_of_step_and_no_phase() -> None:
    engine = FakeEngine([3.0] * 9)
    async with with_engine(engine, "5", "full_stop") as (app, pilot):
        await until(pilot, lambda: app.session.loops.get("gsm8k") is LoopState.PAUSED)
        await until(pilot, lambda: loaded(app).updates == 1)
        await pilot.press("4", "space")
        await until(pilot, lambda: loaded(app).updates == 2)
        await pilot.press("full_stop")
        await until(pilot, lambda: "gradients that a phase leaves" in notes(app))
        assert app.session.loops["gsm8k"] is LoopState.PAUSED
