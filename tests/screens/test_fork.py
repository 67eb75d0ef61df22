"""The fork by keypress: three outcomes side by side, one picked or none."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.at_length import first_is_quick
from tests.fake_engine import FakeEngine
from tests.known import present, the
from tests.pilot import loaded, running, shown, until
from tests.screens.test_step import press_updates, step_screen
from tui_trainer.app import TuiTrainer
from tui_trainer.errors import InputError
from tui_trainer.reports.updates import UpdateReport
from tui_trainer.screens.step.fork_dialog import ForkDialog
from tui_trainer.screens.step.fork_words import describe_lowest
from tui_trainer.widgets.chart.loss_chart import LossChart
from tui_trainer.widgets.text_box import TextBox
from tui_trainer.words.numbers import nats


async def open_fork(app: TuiTrainer, pilot: Pilot[int]) -> tuple[UpdateReport, ...]:
    """Press f; the outcomes."""
    await pilot.press("f")
    await until(pilot, lambda: isinstance(app.screen, ForkDialog) and app.screen.outcomes)
    return the(ForkDialog, app.screen).outcomes


def line_of(app: TuiTrainer, label: str) -> list[str]:
    """The words of a line of the dialog after its label."""
    return present(re.search(rf"│ [ ▶]{label}(.*?)│", shown(app)))[1].split()


@pytest.mark.parametrize("size", first_is_quick((80, 24), (120, 40)))
async def test_three_learning_rates_side_by_side(size: tuple[int, int]) -> None:
    async with running("escape", "4", size=size) as (app, pilot):
        (first,) = await press_updates(app, pilot, 1)
        outcomes = await open_fork(app, pilot)
        assert {outcome.loss for outcome in outcomes} == {outcomes[0].loss}
        assert outcomes[0].loss < first
        assert line_of(app, "lr") == ["3.333e-6", "1e-5", "3e-5"]
        assert line_of(app, "loss now") == [f"{outcome.loss:.4f}" for outcome in outcomes]
        loss = outcomes[0].loss
        after = [present(outcome.after.loss) for outcome in outcomes]
        assert line_of(app, "loss after") == [f"{later:.4f}" for later in after]
        assert after[2] < after[1] < after[0] < loss
        fell = [word for later in after for word in ("↓", nats(loss - later))]
        assert line_of(app, "change") == fell
        assert line_of(app, "moved") == [f"{outcome.moved:,}" for outcome in outcomes]
        assert "update 2 at three learning rates" in shown(app)
        assert "The lowest loss afterwards is that of 3 (×3)." in shown(app)
        row = line_of(app, "l  ")
        assert row[0::3] == [f"{present(o.after.positions[1].expected).p:.4f}" for o in outcomes]
        assert row[2::3] == ["✓"] * 3
        assert "n none" in shown(app)
        assert "escape: none" in shown(app)


async def test_none_changes_nothing_and_a_pick_is_one_update_to_undo(
    model_folder: Callable[[str], Path],
) -> None:
    async with running("escape", "4", source=str(model_folder("Qwen3"))) as (app, pilot):
        series = step_screen(app).query_one(LossChart).series
        outcomes = await open_fork(app, pilot)
        await pilot.press("n")
        await until(pilot, lambda: app.screen is step_screen(app))
        assert (loaded(app).updates, loaded(app).lr) == (0, 1e-5)
        assert await open_fork(app, pilot) != ()
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is step_screen(app))
        assert len(series) == 0

        await open_fork(app, pilot)
        await pilot.press("3")
        await until(pilot, lambda: loaded(app).updates == 1)
        report = present(step_screen(app).report)
        assert replace(report, seconds=0) == replace(outcomes[2], seconds=0)
        assert len(series) == 1
        await until(pilot, lambda: "The learning rate is 3e-5 now" in shown(app))
        await until(pilot, lambda: "lr 3e-5" in shown(app))
        assert loaded(app).history.undo == 1
        await pilot.press("u")
        await until(pilot, lambda: loaded(app).updates == 0)


@pytest.mark.parametrize(
    ("key", "lr"),
    first_is_quick(*(pytest.param(*case) for case in (("3", 3e-5), ("1", 1e-5 / 3), ("2", 1e-5)))),
)
async def test_each_pick_makes_an_update_at_its_learning_rate(key: str, lr: float) -> None:
    async with running("escape", "4", engine=lambda _: FakeEngine()) as (app, pilot):
        await open_fork(app, pilot)
        await pilot.press(key)
        await until(pilot, lambda: step_screen(app).report is not None)
        assert present(step_screen(app).report).lr == pytest.approx(lr)
        await until(pilot, lambda: loaded(app).updates == 1)
        await until(pilot, lambda: loaded(app).lr == pytest.approx(lr))


@pytest.mark.long
async def test_the_mouse_picks_too() -> None:
    async with running("escape", "4", engine=lambda _: FakeEngine()) as (app, pilot):
        await open_fork(app, pilot)
        await pilot.click("#pick-none")
        await until(pilot, lambda: app.screen is step_screen(app))
        await open_fork(app, pilot)
        await pilot.click("#pick-2")
        await until(pilot, lambda: loaded(app).updates == 1)


async def test_what_cannot_be_forked_is_told_and_the_dialog_closes() -> None:
    async with running("escape", "4") as (app, pilot):
        app.screen.query_one(TextBox).text = "a"
        await pilot.press("f")
        await until(pilot, lambda: "One token has no label" in shown(app))
        await until(pilot, lambda: not isinstance(app.screen, ForkDialog))


async def test_no_fork_while_the_loop_trains() -> None:
    engine = FakeEngine(gated=True)
    async with running("escape", "5", engine=lambda _: engine) as (app, pilot):
        await pilot.press("space")
        await until(pilot, lambda: app.session.is_running("gsm8k"))
        await pilot.press("4", "f")
        await until(pilot, lambda: "The GSM8K loop is running: pause it" in shown(app))
        assert not isinstance(app.screen, ForkDialog)
        engine.gate.release(9)


async def test_leaving_before_the_outcomes_come_changes_nothing() -> None:
    class SlowEngine(FakeEngine):
        def fork(self, text: str) -> tuple[UpdateReport, ...]:
            self._pass_gate()
            raise InputError("told to nobody")

    engine = SlowEngine(gated=True)
    async with running("escape", "4", engine=lambda _: engine) as (app, pilot):
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, ForkDialog))
        await pilot.press("2")
        assert isinstance(app.screen, ForkDialog)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is step_screen(app))
        engine.gate.release()
        await press_updates(app, pilot, 1)
        assert loaded(app).updates == 1


@pytest.mark.long
@pytest.mark.parametrize("size", first_is_quick((1, 1), (10, 4), (40, 12)))
async def test_any_size(size: tuple[int, int]) -> None:
    async with running("escape", "4", size=size, engine=lambda _: FakeEngine()) as (app, pilot):
        await open_fork(app, pilot)
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "escape: none" in shown(app))


async def test_a_text_of_many_tokens_leaves_the_answers_in_sight() -> None:
    async with running("escape", "4", engine=lambda _: FakeEngine()) as (app, pilot):
        app.screen.query_one(TextBox).text = "x" * 60
        await open_fork(app, pilot)
        await until(pilot, lambda: "escape: none" in shown(app))
        assert "3 pick ×3" in shown(app)


def test_a_loss_that_is_no_number_is_not_the_lowest() -> None:
    engine = FakeEngine()
    diverged = replace(engine.predict("ab"), loss=float("nan"))
    reports = engine.fork("ab")
    worse = tuple(replace(report, after=diverged) for report in reports)
    assert "(×1)" in describe_lowest((worse[0], reports[1], worse[2]))
    assert "no number" in describe_lowest(worse)
