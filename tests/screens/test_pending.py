"""A start or a load that was asked for and is not there yet counts in all that is decided."""

import threading
from collections.abc import Iterator, Sequence

import pytest

from tests.fake_engine import GATE_SECONDS, FakeEngine
from tests.known import present, the
from tests.pilot import Running, loaded, running, shown, until
from tests.runs_on_disk import write_run
from tui_trainer.app import TuiTrainer
from tui_trainer.errors import InputError
from tui_trainer.protocol.events import LoopState
from tui_trainer.reports.loop import LoopReport
from tui_trainer.reports.models import LearnerStatus
from tui_trainer.runs.home import runs_home
from tui_trainer.screens.runs.screen import RunsScreen
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import TrainSettings


class SlowEngine(FakeEngine):
    """Waits for the test before a loop begins, or a model other than the first is there."""

    def __init__(self, losses: Sequence[float] = (3.0, 2.0)) -> None:
        super().__init__(losses)
        self.go_on = threading.Event()
        self.refuse_load: Exception | None = None

    def train(
        self, settings: TrainSettings, *, record: bool = False, job: str = ""
    ) -> Iterator[LoopReport]:
        assert self.go_on.wait(GATE_SECONDS)
        return super().train(settings, record=record)

    def load_model(self, choice: ModelChoice) -> LearnerStatus:
        if choice.source != "builtin":
            assert self.go_on.wait(GATE_SECONDS)
            if self.refuse_load is not None:
                raise self.refuse_load
        return super().load_model(choice)


def with_engine(engine: FakeEngine, *keys: str) -> Running:
    return running("escape", *keys, engine=lambda progress: engine)


def notes(app: TuiTrainer) -> str:
    return "\n".join(note.message for note in app._notifications)


def load(app: TuiTrainer, source: str) -> None:
    app.load_model(ModelChoice(source))


async def test_no_model_and_no_update_comes_under_a_loop_that_is_starting() -> None:
    engine = SlowEngine()
    async with with_engine(engine, "5", "space") as (app, pilot):
        await until(pilot, lambda: app.session.is_starting("gsm8k"))
        load(app, "other")
        said = "GSM8K is being started: wait for it."
        await until(pilot, lambda: notes(app).count(said) == 1)
        for keys in (["R"], ["4", "space"], ["p"]):
            app.clear_notifications()
            await pilot.press(*keys)
            await until(pilot, lambda: said in notes(app))
        engine.go_on.set()
        await until(pilot, lambda: app.session.loops.get("gsm8k") is LoopState.FINISHED)
        assert (app.session.choice.source, loaded(app).model.name) == ("builtin",) * 2
        assert (engine.reloads, present(engine.status()).updates, len(engine.trained_with)) == (
            0,
            2,
            1,
        )


async def test_of_two_loads_the_second_is_refused_and_the_name_is_that_of_the_model() -> None:
    engine = SlowEngine()
    async with with_engine(engine) as (app, pilot):
        load(app, "first")
        await until(pilot, lambda: app.session.loading_choice is not None)
        load(app, "second")
        await until(pilot, lambda: "first is being loaded: wait, or cancel that (C)." in notes(app))
        engine.go_on.set()
        await until(pilot, lambda: app.session.loading_choice is None)
        assert (app.session.choice.source, loaded(app).model.name) == ("first",) * 2
        assert present(app.session.tokenizer).name == "first"


async def test_a_bench_measures_the_model_that_is_loaded() -> None:
    engine = SlowEngine()
    engine.refuse_load = InputError("There is no such model.")
    async with with_engine(engine, "6", "b") as (app, pilot):
        load(app, "other")
        await until(pilot, lambda: app.session.loading_choice is not None)
        await pilot.press("b")
        await until(pilot, lambda: "other is being loaded: wait" in notes(app))
        engine.go_on.set()
        await until(pilot, lambda: "There is no such model." in notes(app))
        await pilot.press("b")
        await until(pilot, lambda: engine.benched_with)
        assert engine.benched_with[0][0].source == "builtin"


async def test_a_load_that_left_no_model_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = SlowEngine()
    engine.refuse_load = InputError("There is not enough memory.")
    async with with_engine(engine) as (app, pilot):
        load(app, "other")
        await until(pilot, lambda: app.session.loading_choice is not None)
        monkeypatch.setattr(engine, "status", lambda: None)  # it had to make room
        engine.go_on.set()
        await until(pilot, lambda: "No model is loaded now" in notes(app))
        await pilot.press("4", "space")
        await until(pilot, lambda: "No model is loaded: press m and pick one." in notes(app))


async def test_a_run_that_is_being_resumed_is_not_deleted() -> None:
    name = "2026-01-02-builtin-1"
    write_run(name, [4.0, 3.5], checkpoints=[2], steps=9)
    engine = SlowEngine([3.0] * 9)
    async with with_engine(engine, "6") as (app, pilot):
        await until(pilot, lambda: the(RunsScreen, app.screen).selected is not None)
        await pilot.press("r")
        await until(pilot, lambda: app.session.loading_choice is not None)
        await pilot.press("d")
        await until(pilot, lambda: "This run is being read: wait for it." in notes(app))
        assert (runs_home() / name / "run.json").exists()
        engine.go_on.set()
        await until(pilot, lambda: app.session.loops.get("gsm8k") is LoopState.FINISHED)
        assert len(engine.resumed) == 1


async def test_a_run_that_was_told_to_stop_and_never_began_stops_no_more() -> None:
    """It was 'stopping' until the next event, and no key began another."""
    engine = SlowEngine()
    engine._refuse = InputError("The items are gone.")
    async with with_engine(engine, "5", "space") as (app, pilot):
        await until(pilot, lambda: app.session.is_starting("gsm8k"))
        await pilot.press("s", "s")
        await until(pilot, lambda: app.session.pending.state_of("gsm8k") is LoopState.STOPPED)
        engine.go_on.set()
        await until(pilot, lambda: "The items are gone." in shown(app))
        assert app.session.pending.state_of("gsm8k") is None
        engine._refuse = None
        await pilot.press("space")
        await until(pilot, lambda: app.session.loops.get("gsm8k") is LoopState.FINISHED)
