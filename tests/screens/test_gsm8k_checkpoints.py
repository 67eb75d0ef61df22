"""GSM8K: checkpoints by key and by step, stopping with one, and what quitting says is saved."""

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Static

from tests.at_length import first_is_quick
from tests.fake_engine import FakeEngine
from tests.known import present, the
from tests.pilot import Running, loaded, running, shown, until
from tests.runs_on_disk import write_run
from tui_trainer.app import TuiTrainer
from tui_trainer.errors import InputError
from tui_trainer.protocol.events import LoopState
from tui_trainer.runs.checkpoints import find_checkpoint
from tui_trainer.runs.home import run_folders
from tui_trainer.runs.listing import open_run
from tui_trainer.screens.dialogs.question import QuestionDialog
from tui_trainer.screens.gsm8k.run_panel import RunPanel
from tui_trainer.screens.gsm8k.screen import Gsm8kScreen
from tui_trainer.settings.train import TrainSettings

OPEN = "escape", "5"


def with_engine(engine: FakeEngine) -> Running:
    return running(*OPEN, engine=lambda progress: engine)


def state(app: TuiTrainer) -> LoopState | None:
    return app.session.loops.get("gsm8k")


def notes(app: TuiTrainer) -> str:
    return "\n".join(note.message for note in app._notifications)


async def step(app: TuiTrainer, pilot: Pilot[int], number: int) -> None:
    """One step with a key, until the screen has it."""
    await pilot.press("full_stop")
    screen = app.screen_stack[0]
    assert isinstance(screen, Gsm8kScreen)
    await until(pilot, lambda: screen.report is not None and screen.report.step == number)


async def test_c_saves_a_checkpoint_paused_and_running() -> None:
    engine = FakeEngine([3.0] * 10, gated=True)
    async with with_engine(engine) as (app, pilot):
        await pilot.press("c")
        await until(pilot, lambda: "There is nothing to save" in notes(app))
        engine.gate.release(2)
        await step(app, pilot, 1)
        await pilot.press("c")
        await until(pilot, lambda: engine.checkpoints == [1])
        await until(pilot, lambda: "Checkpoint of step 1 saved: 25.7 MB in 0.25 s." in notes(app))
        await pilot.press("space")
        await until(pilot, lambda: state(app) is LoopState.RUNNING)
        await pilot.press("c")
        engine.gate.release(1)  # the step that is being made is finished first
        await until(pilot, lambda: len(engine.checkpoints) == 2)
        assert state(app) is LoopState.RUNNING
        engine.gate.release(10)


async def test_checkpoints_that_came_with_steps_are_told() -> None:
    engine = FakeEngine([3.0] * 3)
    async with with_engine(engine) as (app, pilot):
        screen = the(Gsm8kScreen, app.screen)
        screen.settings = TrainSettings(checkpoint_every=2, checkpoint_at_end=False)
        await pilot.press("space")
        await until(pilot, lambda: state(app) is LoopState.FINISHED)
        await until(pilot, lambda: "Checkpoint of step 2 saved" in notes(app))
        saved = present(app.session.saved)
        assert (saved.step, saved.checkpoint_step) == (3, 2)
        assert "No file has its weights: c saves them." in shown(app)
        screen.settings = TrainSettings()
        await pilot.press("space")
        await until(pilot, lambda: isinstance(app.screen, QuestionDialog))
        await pilot.press("k")
        await until(pilot, lambda: "Checkpoint of step 3 saved" in notes(app))
        app.clear_notifications()  # which lie over it
        await until(pilot, lambda: "Saved: step " in shown(app))


async def test_stop_offers_to_go_on_to_stop_and_to_save() -> None:
    engine = FakeEngine([3.0] * 10, gated=True)
    async with with_engine(engine) as (app, pilot):
        engine.gate.release(10)
        await step(app, pilot, 1)
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, QuestionDialog))
        labels = [str(button.label) for button in app.screen.query(Button)]
        assert labels == ["c continue", "s stop", "w save and stop"]
        assert all(label in shown(app) for label in labels)  # none is cut, at 80x24
        await pilot.press("c")
        assert (state(app), engine.checkpoints) == (LoopState.PAUSED, [])
        await pilot.press("s", "w")
        await until(pilot, lambda: "Saved: step " in shown(app))
        assert (state(app), engine.checkpoints) == (LoopState.STOPPED, [1])


async def test_what_is_saved_after_the_end_is_said_to_be() -> None:
    engine = FakeEngine([3.0] * 3)
    async with with_engine(engine) as (app, pilot):
        the(Gsm8kScreen, app.screen).settings = TrainSettings(checkpoint_at_end=False)
        await pilot.press("space")
        await until(pilot, lambda: "No file has its weights: c saves them." in shown(app))
        await pilot.press("c")
        await until(pilot, lambda: "Saved: step " in shown(app))


@pytest.mark.parametrize("size", first_is_quick((80, 24), (120, 40)))
async def test_a_run_that_saves_nothing_before_its_end_says_so_before_and_while_it_goes(
    size: tuple[int, int],
) -> None:
    engine = FakeEngine([3.0] * 9, gated=True)
    async with running(*OPEN, engine=lambda progress: engine, size=size) as (app, pilot):
        await until(pilot, lambda: "saved at its end only" in shown(app))
        engine.gate.release(9)
        await step(app, pilot, 1)
        await until(pilot, lambda: "saved at its end only" in shown(app))
        if size[0] > 80:
            told = str(app.screen.query_one(RunPanel)._lines.content)
            assert told.endswith("\n▲ 1 step unsaved\n▲ saved at its end only: c saves now")
        await pilot.press("c")
        await until(pilot, lambda: "saved at its end only" not in shown(app))
        await pilot.press("s", "s")
        await until(pilot, lambda: state(app) is LoopState.STOPPED)
        the(Gsm8kScreen, app.screen).settings = TrainSettings(checkpoint_every=50)
        await step(app, pilot, 1)
        assert "saved at its end only" not in shown(app)


async def test_a_run_that_was_deleted_is_not_said_to_be_saved() -> None:
    engine = FakeEngine([3.0] * 3)
    write_run("2026-01-01-fake-1", checkpoints=[3])
    async with with_engine(engine) as (app, pilot):
        await pilot.press("space")
        await until(pilot, lambda: "Saved: step 3 of 2026-01-01-fake-1 (6)." in shown(app))
        await pilot.press("6")
        await until(pilot, lambda: "1 run" in shown(app))
        assert not present(app.session.saved).is_deleted
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, QuestionDialog))
        await pilot.press("y")
        await until(pilot, lambda: "There is no run on disk yet." in shown(app))
        await pilot.press("5")
        await until(pilot, lambda: "Its run was deleted, and its checkpoints" in shown(app))
        assert "Saved: step" not in shown(app)


async def test_beside_a_curve_are_the_settings_of_its_run_and_the_next_ones_are_told_as_such() -> (
    None
):
    async with with_engine(FakeEngine([3.0] * 3)) as (app, pilot):
        screen = the(Gsm8kScreen, app.screen)
        screen.settings = TrainSettings(lr=3e-4)
        await pilot.press("space")
        await until(pilot, lambda: "space starts another run." in shown(app))
        screen.settings = TrainSettings(lr=7e-5, batch=2)
        await pilot.press("6", "5")
        said = screen.item.query_one("#said", Static)
        await until(pilot, lambda: "starts another run with tutorial" in str(said.content))
        panel = str(app.screen.query_one(RunPanel).title)
        assert "lr 3e-4*" in panel
        assert "batch 2" not in panel


async def test_without_a_run_stop_says_how_to_start_one() -> None:
    async with with_engine(FakeEngine()) as (app, pilot):
        await pilot.press("s")
        await until(pilot, lambda: "No run is going: space starts one." in notes(app))


async def test_a_checkpoint_that_fails_leaves_the_run_as_it_was() -> None:
    engine = FakeEngine([3.0] * 10, gated=True)
    engine.refuse_checkpoint = InputError("The disk is full: make room.")
    async with with_engine(engine) as (app, pilot):
        engine.gate.release(10)
        await step(app, pilot, 1)
        await pilot.press("s", "w")
        await until(pilot, lambda: "The disk is full: make room." in notes(app))
        assert state(app) is LoopState.PAUSED
        app.clear_notifications()
        await pilot.press("q")
        await until(pilot, lambda: asked(app))
        await pilot.press("w")
        await until(pilot, lambda: "The disk is full: make room." in notes(app))
        assert app.is_running


async def test_quitting_says_what_is_saved() -> None:
    engine = FakeEngine([3.0] * 10, gated=True)
    async with with_engine(engine) as (app, pilot):
        engine.gate.release(10)
        await step(app, pilot, 1)
        await pilot.press("q")
        await until(pilot, lambda: "its 1 step is in no checkpoint" in asked(app))
        assert "losses of 2026-01-01-fake-1 are saved" in asked(app)
        await pilot.press("n", "c")
        await until(pilot, lambda: present(app.session.saved).checkpoint_step == 1)
        await step(app, pilot, 2)
        await pilot.press("q")
        await until(pilot, lambda: "the 1 step since is in none" in asked(app))
        await pilot.press("w")
        await until(pilot, lambda: not app.is_running)
        assert engine.checkpoints == [1, 2]


async def test_an_update_on_step_while_a_run_is_paused_is_told_beside_its_checkpoint() -> None:
    async with running(*OPEN) as (app, pilot):
        await step(app, pilot, 1)
        await pilot.press("c")
        await until(pilot, lambda: present(app.session.saved).checkpoint_step == 1)
        await pilot.press("R")
        await until(pilot, lambda: "step 1 is in a checkpoint" in asked(app))
        assert "No file has" not in asked(app)
        await pilot.press("n", "4", "space")
        await until(pilot, lambda: loaded(app).unsaved == 1)
        await pilot.press("q")
        await until(pilot, lambda: "step 1 is in a checkpoint" in asked(app))
        assert "No file has the last 1 update of these weights." in asked(app)


def asked(app: TuiTrainer) -> str:
    """What the dialog on show asks; nothing where there is none."""
    if not isinstance(app.screen, QuestionDialog):
        return ""
    words = app.screen.query(Static)  # none in a dialog that is being opened
    return str(words.first().content) if words else ""


async def test_the_apps_loop_is_a_run_on_disk_with_a_checkpoint_of_the_real_worker() -> None:
    async with running(*OPEN) as (app, pilot):
        await step(app, pilot, 1)
        await step(app, pilot, 2)
        await pilot.press("s", "w")
        await until(pilot, lambda: state(app) is LoopState.STOPPED)
    (folder,) = run_folders()
    run = open_run(folder)
    assert (run.description.state, run.description.tally.step) == ("stopped", 2)
    assert run.checkpoints == (2,)
    assert find_checkpoint(folder.name).name == "step-000002"
