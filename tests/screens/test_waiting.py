"""Every key is answered at once, however long the step takes that the worker makes."""

import re
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from textual.widgets import Static

from tests.fake_engine import GATE_SECONDS, FakeEngine
from tests.known import the
from tests.pilot import Running, is_making_a_step, loaded, running, shown, type_at_once, until
from tui_trainer.app import TuiTrainer
from tui_trainer.errors import InputError
from tui_trainer.protocol.events import LoopState
from tui_trainer.protocol.predictions import Inspect
from tui_trainer.protocol.updates import RunPhase
from tui_trainer.reports.evaluation import EvaluationReport
from tui_trainer.reports.generation import GeneratedToken, Inspection
from tui_trainer.reports.loop import LoopReport
from tui_trainer.reports.models import LearnerStatus
from tui_trainer.reports.phases import PhaseReport
from tui_trainer.reports.steps import StepReport
from tui_trainer.reports.updates import UpdateReport
from tui_trainer.screens.dialogs.question import QuestionDialog
from tui_trainer.screens.gsm8k.screen import Gsm8kScreen
from tui_trainer.screens.predict.screen import PredictScreen
from tui_trainer.screens.typed_ahead import AT_MOST, TOO_MANY
from tui_trainer.settings.evaluation import EvaluationSettings
from tui_trainer.settings.sampling import Sampling
from tui_trainer.settings.train import TrainSettings
from tui_trainer.widgets import dimmed
from tui_trainer.widgets.dimmed import DIM_AFTER
from tui_trainer.widgets.status_line import StatusLine


class SlowEngine(FakeEngine):
    """Whatever takes the model waits, while `held`, for the event: nothing here sleeps."""

    def __init__(self, answers: Sequence[Sequence[str]] = ()) -> None:
        super().__init__(answers=answers)
        self._open = threading.Event()
        self._open.set()

    def hold(self) -> None:
        self._open.clear()

    def let_go(self) -> None:
        self._open.set()

    def _wait(self) -> None:
        if not self._open.wait(GATE_SECONDS):
            raise TimeoutError("no test let go")

    def train(
        self, settings: TrainSettings, *, record: bool = False, job: str = ""
    ) -> Iterator[LoopReport]:
        self._wait()
        return super().train(settings, record=record)

    def update(self, text: str) -> UpdateReport:
        self._wait()
        return super().update(text)

    def phase_report(self) -> PhaseReport:
        self._wait()
        return super().phase_report()

    def evaluate(self, settings: EvaluationSettings) -> Iterator[EvaluationReport]:
        self._wait()
        return super().evaluate(settings)

    def next_token(
        self, text: str, generated: tuple[int, ...], sampling: Sampling
    ) -> GeneratedToken:
        self._wait()
        return super().next_token(text, generated, sampling)

    def inspect(
        self, text: str, generated: tuple[int, ...], index: int, sampling: Sampling, top: int = 50
    ) -> Inspection:
        self._wait()
        return super().inspect(text, generated, index, sampling, top)


def with_engine(engine: FakeEngine, *keys: str) -> Running:
    return running("escape", *keys, engine=lambda progress: engine)


def state(app: TuiTrainer) -> LoopState | None:
    return app.session.loops.get("gsm8k")


def works_for(app: TuiTrainer) -> float:
    """How long the worker is at what it does, in seconds."""
    doing = app.worker.doing
    return time.monotonic() - doing.since if doing is not None else 0.0


def status_line(app: TuiTrainer) -> str:
    return str(app.screen.query_one(StatusLine).content)


# GSM8K


async def test_a_pause_is_told_at_once_and_taken_back_by_a_second_press() -> None:
    engine = FakeEngine([3.0] * 9, gated=True)
    async with with_engine(engine, "5", "space") as (app, pilot):
        engine.gate.release()
        await until(pilot, lambda: " 1/9 " in shown(app) and is_making_a_step(app, "gsm8k"))
        await pilot.press("space")
        assert "1/9  11%  pausing after this step, " in shown(app)
        await pilot.press("space")
        await until(pilot, lambda: "going on after this step" in shown(app))
        await pilot.press("full_stop")
        await until(pilot, lambda: "pausing after this step" in shown(app))
        engine.gate.release(5)
        await until(pilot, lambda: state(app) is LoopState.PAUSED)
        await until(pilot, lambda: " 2/9 " in shown(app))
        assert "pausing" not in shown(app)


async def test_the_first_step_has_a_clock_and_takes_keys() -> None:
    engine = FakeEngine([3.0] * 9, gated=True)
    async with with_engine(engine, "5", "space") as (app, pilot):
        clock = r"▶ running  step 1, [1-9]\d* s · needs about 0.31"
        await until(pilot, lambda: re.search(clock, shown(app)))
        await pilot.press("space")
        assert re.search(r"step 1, (\d+ s) · pausing after this step, \1", shown(app))
        engine.gate.release(5)
        await until(pilot, lambda: state(app) is LoopState.PAUSED)
        await until(pilot, lambda: " 1/9 " in shown(app))


async def test_a_checkpoint_is_asked_for_once() -> None:
    engine = FakeEngine([3.0] * 9, gated=True)
    async with with_engine(engine, "5", "space") as (app, pilot):
        await until(
            pilot, lambda: state(app) is LoopState.RUNNING and is_making_a_step(app, "gsm8k")
        )
        await pilot.press("c")
        assert "saving after this step" in shown(app)
        await until(pilot, lambda: "GSM8K running, step" in status_line(app))
        await pilot.press("c")
        await until(pilot, lambda: "They are being saved: wait for it." in shown(app))
        await pilot.press("space")
        assert "pausing and saving after this step" in shown(app)
        engine.gate.release(5)
        await until(pilot, lambda: "Checkpoint of step 1 saved" in shown(app))
        assert engine.checkpoints == [1]
        await until(pilot, lambda: state(app) is LoopState.PAUSED)
        await until(pilot, lambda: "saving" not in shown(app))


async def test_a_stop_is_told_at_once() -> None:
    engine = FakeEngine([3.0] * 9, gated=True)
    async with with_engine(engine, "5", "space") as (app, pilot):
        await until(
            pilot, lambda: state(app) is LoopState.RUNNING and is_making_a_step(app, "gsm8k")
        )
        await pilot.press("s", "s")
        assert "stopping after this step" in shown(app)
        await until(pilot, lambda: works_for(app) > DIM_AFTER)  # sooner nobody is told
        await pilot.press("s", "space", "full_stop")
        await until(pilot, lambda: "The run stops after this step." in shown(app))
        engine.gate.release(5)
        await until(pilot, lambda: state(app) is LoopState.STOPPED)


async def test_single_steps_do_not_pile_up_while_the_key_is_held() -> None:
    engine = FakeEngine([3.0] * 99, gated=True)
    async with with_engine(engine, "5", "full_stop") as (app, pilot):
        engine.gate.release()
        await until(pilot, lambda: " 1/99 " in shown(app))
        await until(pilot, lambda: not app.session.pending.steps_of("gsm8k"))
        await pilot.press(*["full_stop"] * AT_MOST)
        await until(pilot, lambda: "8 steps to make, " in shown(app))
        await until(pilot, lambda: works_for(app) > DIM_AFTER)  # sooner nobody is told
        await pilot.press(*["full_stop"] * 5)
        await until(pilot, lambda: TOO_MANY in shown(app))
        engine.gate.release(50)
        await until(pilot, lambda: " 9/99 " in shown(app))
        assert "to make" not in shown(app)


async def test_a_start_is_told_at_once_and_what_it_does_then_is_up_to_the_keys_after_it() -> None:
    engine = SlowEngine()
    async with with_engine(engine, "5") as (app, pilot):
        engine.hold()
        await pilot.press("space")
        assert re.search(r"STARTING \d+ s: the problems are read", shown(app))
        await until(pilot, lambda: "Starting" in status_line(app))
        await pilot.press("space")
        await until(pilot, lambda: ": the problems are read, then it pauses" in shown(app))
        await pilot.press("full_stop", "full_stop")
        await until(pilot, lambda: "are read, then it makes 2 steps" in shown(app))
        engine.let_go()
        await until(pilot, lambda: " 2/4 " in shown(app))
        assert state(app) is LoopState.PAUSED
        assert len(engine.trained_with) == 1


@pytest.mark.parametrize(
    ("typed", "becomes", "steps"),
    [("  ", LoopState.PAUSED, 0), ("   ", LoopState.FINISHED, 4), ("..", LoopState.PAUSED, 2)],
)
async def test_keys_of_one_read_are_done_one_after_another(
    typed: str, becomes: LoopState, steps: int
) -> None:
    engine = FakeEngine([4.0, 3.0, 2.0, 1.0])
    async with with_engine(engine, "5") as (app, pilot):
        type_at_once(app, typed)
        screen = the(Gsm8kScreen, app.screen)
        await until(pilot, lambda: state(app) is becomes and not screen.start.is_under_way)
        await until(pilot, lambda: (screen.report.step if screen.report else 0) == steps)
        await until(pilot, lambda: f" {steps}/4 " in shown(app) or not steps)
        assert state(app) is becomes
        if becomes is LoopState.PAUSED:
            type_at_once(app, "   ")
            await until(pilot, lambda: state(app) is LoopState.FINISHED)


async def test_a_start_that_asks_first_does_not_say_that_it_reads() -> None:
    async with with_engine(FakeEngine([3.25, 1.5]), "4", "space") as (app, pilot):
        await until(pilot, lambda: loaded(app).updates == 1)
        await pilot.press("5", "space")
        await until(pilot, lambda: isinstance(app.screen, QuestionDialog))
        gsm8k = app.screen_stack[-2]
        line = gsm8k.query_one("#progress", Static)
        await until(pilot, lambda: str(line.content) == "STARTING from which weights?")
        await pilot.press("escape")
        await until(pilot, lambda: str(line.content).startswith("space starts"))


async def test_a_new_run_does_not_begin_under_the_last_ones_losses() -> None:
    engine = FakeEngine([3.25, 1.5], gated=True)
    async with with_engine(engine, "5", "space") as (app, pilot):
        engine.gate.release(2)
        await until(pilot, lambda: state(app) is LoopState.FINISHED)
        await until(pilot, lambda: "3.2500" in shown(app))
        await pilot.press("space")
        await until(pilot, lambda: isinstance(app.screen, QuestionDialog))
        await pilot.press("k")
        await until(pilot, lambda: "▶ running  step 1" in shown(app))
        for figure in ("3.2500", "1.5000", "item 1", "Finished", "2/2"):
            assert figure not in shown(app)
        engine.gate.release(2)
        await until(pilot, lambda: state(app) is LoopState.FINISHED)


async def test_the_rate_of_this_step_stands_beside_the_highest() -> None:
    def cosine(report: StepReport) -> StepReport:
        return replace(report, lr=3.4e-6)

    engine = FakeEngine([3.0] * 9, gated=True, change=cosine)
    async with with_engine(engine, "5", "space") as (app, pilot):
        engine.gate.release()
        await until(pilot, lambda: "lr 1e-5 (3.4e-6 now) · tutorial · " in shown(app))
        engine.gate.release(9)
        await until(pilot, lambda: state(app) is LoopState.FINISHED)
        await until(pilot, lambda: "3.4e-6 now" not in shown(app))


# The line of status, on every screen


async def test_the_updates_are_those_of_the_step_on_show() -> None:
    engine = FakeEngine([3.0] * 9, gated=True)
    async with with_engine(engine, "5", "space") as (app, pilot):
        for step in (1, 2, 3):
            engine.gate.release()
            await until(pilot, lambda step: f" {step}/9 " in shown(app), step)
            # The next step is being made, so that the engine cannot be asked.
            await until(pilot, lambda step: f" {step} update" in status_line(app), step)
        engine.gate.release(9)


async def test_what_waits_for_a_step_is_told_on_every_screen() -> None:
    engine = FakeEngine([3.0] * 9, gated=True)
    async with with_engine(engine, "5", "space") as (app, pilot):
        await until(pilot, lambda: state(app) is LoopState.RUNNING)
        await pilot.press("2")
        await until(pilot, lambda: "GSM8K running, step" in status_line(app))
        await until(pilot, lambda: ", then Predicting" in status_line(app))
        engine.gate.release(9)
        await until(pilot, lambda: state(app) is LoopState.FINISHED)
        await until(pilot, lambda: "then" not in status_line(app))


# Step


async def test_updates_asked_for_are_counted_and_do_not_pile_up() -> None:
    engine = SlowEngine()
    async with with_engine(engine, "4") as (app, pilot):
        await until(pilot, lambda: "loss" in shown(app))
        engine.hold()
        await pilot.press("space")
        await until(pilot, lambda: "Updating" in status_line(app))
        await pilot.press(*["space"] * (AT_MOST + 3))
        await until(pilot, lambda: "8 waiting" in shown(app))
        await until(pilot, lambda: TOO_MANY in shown(app))
        engine.let_go()
        await until(pilot, lambda: loaded(app).updates == AT_MOST)


async def test_phases_of_one_read_do_not_pile_up() -> None:
    class CountingEngine(SlowEngine):
        asked = 0

        def phase(self, phase: str | None, text: str) -> PhaseReport:
            self.asked += 1
            return super().phase(phase, text)

    engine = CountingEngine()
    async with with_engine(engine, "4") as (app, pilot):
        await until(pilot, lambda: "loss" in shown(app))
        engine.hold()
        await pilot.press("v")  # the worker is kept busy by the report of the phases
        type_at_once(app, "." * 30)
        await until(pilot, lambda: app.session.pending.count(RunPhase.doing) == AT_MOST)
        engine.let_go()
        await until(pilot, lambda: not app.session.pending.has(RunPhase.doing))
        assert engine.asked == AT_MOST


async def test_a_second_press_takes_playing_back_before_it_begins() -> None:
    engine = SlowEngine()
    async with with_engine(engine, "4") as (app, pilot):
        engine.hold()
        await pilot.press("space", "p", "p")
        await until(pilot, lambda: "stopping after this update" in shown(app))
        engine.let_go()
        await until(pilot, lambda: app.session.loops.get("step") is LoopState.STOPPED)
        await until(pilot, lambda: loaded(app).updates == 1)


async def test_settings_of_the_next_update_are_told_while_one_is_made() -> None:
    engine = SlowEngine()
    async with with_engine(engine, "4") as (app, pilot):
        engine.hold()
        await pilot.press("space", "right_square_bracket", "right_square_bracket", "o", "t")
        await until(pilot, lambda: "lr 1e-5 → 5e-5 · AdamW → SGD" in shown(app))
        await until(pilot, lambda: "train → eval mode, no dropout" in shown(app))
        engine.let_go()
        await until(pilot, lambda: loaded(app).updates == 1)
        await until(pilot, lambda: not app.session.pending.has("Setting"))
        await until(pilot, lambda: "lr 5e-5 · SGD" in shown(app))
        await until(pilot, lambda: " eval mode, no dropout" in shown(app))
        assert (loaded(app).lr, loaded(app).training) == (5e-5, False)


class RefusingEngine(SlowEngine):
    """Takes no other settings."""

    def set_lr(self, lr: float) -> LearnerStatus:
        self._wait()
        raise InputError(f"No rate of {lr:g}.")

    def set_training_lr(self, lr: float) -> None:
        self._wait()
        raise InputError(f"No rate of {lr:g}.")


async def test_a_rate_that_step_cannot_have_is_taken_back_with_the_reason() -> None:
    engine = RefusingEngine()
    async with with_engine(engine, "4") as (app, pilot):
        engine.hold()
        await pilot.press("right_square_bracket", "right_square_bracket")
        await until(pilot, lambda: "lr 1e-5 → 5e-5 · AdamW" in shown(app))
        assert loaded(app).lr == 1e-5  # what all other screens are told
        engine.let_go()
        await until(pilot, lambda: "No rate of 5e-05." in shown(app))
        await until(pilot, lambda: "lr 1e-5 · AdamW" in shown(app))


async def test_a_rate_that_a_run_cannot_have_is_taken_back_with_the_reason() -> None:
    engine = RefusingEngine()
    async with with_engine(engine, "5", "full_stop") as (app, pilot):
        await until(pilot, lambda: state(app) is LoopState.PAUSED)
        engine.hold()
        await pilot.press("left_square_bracket", "left_square_bracket")
        await until(pilot, lambda: "lr 1e-5 → 2e-6 · tutorial · " in shown(app))
        engine.let_go()
        await until(pilot, lambda: "No rate of 2e-06." in shown(app))
        await until(pilot, lambda: "lr 1e-5 → " not in shown(app))
        assert "tutorial · problems" in shown(app)


async def test_playing_is_stopped_after_the_update_and_told_at_once() -> None:
    engine = SlowEngine()
    async with with_engine(engine, "4") as (app, pilot):
        engine.hold()
        await pilot.press("p")
        await until(pilot, lambda: (app.session.step_seconds("step") or 0) > 0.2)
        await pilot.press("p")
        await until(pilot, lambda: "stopping after this update" in shown(app))
        await pilot.press("p")
        assert app.session.is_live("step")
        engine.let_go()
        await until(pilot, lambda: not app.session.is_live("step"))
        await until(pilot, lambda: "stopping" not in shown(app))


async def test_a_view_that_waits_says_so_and_is_dim_while_it_is_old() -> None:
    engine = SlowEngine()
    async with with_engine(engine, "4") as (app, pilot):
        engine.hold()
        await pilot.press("v")
        await until(pilot, lambda: "It comes as soon as the worker has done" in shown(app))
        view = app.screen.query_one("#phases")
        await until(pilot, lambda: view.has_class("-waiting"))
        engine.let_go()
        await until(pilot, lambda: "Nothing has run yet." in shown(app))
        assert not view.has_class("-waiting")


# Predict


async def test_predict_shows_what_is_old_dim_and_says_what_it_waits_for() -> None:
    engine = SlowEngine()
    async with with_engine(engine, "2") as (app, pilot):
        await until(pilot, lambda: "sum of all" in shown(app))
        engine.hold()
        table = app.screen.query_one("#positions")
        await pilot.press("down")
        await until(pilot, lambda: table.has_class("-waiting"))
        await pilot.press("space")
        await until(pilot, lambda: "then Generating" in status_line(app))
        await pilot.press(*["space"] * (AT_MOST + 3))
        await until(pilot, lambda: "8 waiting" in shown(app))
        await until(pilot, lambda: TOO_MANY in shown(app))
        engine.let_go()
        await until(pilot, lambda: not table.has_class("-waiting"))
        await until(pilot, lambda: len(the(PredictScreen, app.screen).generated) == AT_MOST)
        await until(pilot, lambda: "waiting" not in shown(app))


@pytest.mark.parametrize(
    ("typed", "draws"),
    [
        ("   ", [None] * 3),
        ("   u", [None] * 2),
        ("  g ", [None, None, 0.5]),
        ("   4", [None] * 3),
    ],
)
async def test_tokens_of_one_read_come_one_after_another(
    typed: str, draws: list[float | None]
) -> None:
    async with with_engine(FakeEngine(), "2") as (app, pilot):
        screen = the(PredictScreen, app.screen)
        type_at_once(app, typed)
        await until(pilot, lambda: [token.draw for token in screen.generated] == draws)
        assert not screen.generation.asked


async def test_what_follows_a_loop_is_not_dim_at_each_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step would be drawn three times: dim, bright, and with its numbers."""
    monkeypatch.setattr(dimmed, "DIM_FOLLOWING", GATE_SECONDS)
    engine = FakeEngine([4.0, 3.0, 2.0, 1.0], gated=True)
    async with with_engine(engine, "5", "space") as (app, pilot):
        engine.gate.release()
        await until(pilot, lambda: the(Gsm8kScreen, app.screen).report is not None)
        await pilot.press("2")
        # Its answer is news for Predict, which then asks again.
        await until(pilot, lambda: app._refreshing and is_making_a_step(app, "gsm8k"))
        engine.gate.release()
        await until(pilot, lambda: the(PredictScreen, app.screen).inspection is not None)
        await until(pilot, lambda: app.session.pending.has(Inspect.doing))
        assert not app.screen.query_one("#positions").has_class("-waiting")
        engine.gate.release(1000)  # the app ends once the loop has


# Evaluation


async def test_an_evaluation_that_waits_says_so_and_begins_once() -> None:
    engine = SlowEngine(answers=[["#### 1", "#### 2"]])
    async with with_engine(engine, "5", "E") as (app, pilot):
        engine.hold()
        await pilot.press("e")
        assert "starting after what the worker is doing" in shown(app)
        await until(pilot, lambda: "Starting Evaluation" in status_line(app))
        await pilot.press("e")
        await until(pilot, lambda: "An evaluation is being started." in shown(app))
        app.clear_notifications()  # which lie over it
        engine.let_go()
        await until(pilot, lambda: " 2/2 scored" in shown(app))
        assert len(engine.evaluated_with) == 1
