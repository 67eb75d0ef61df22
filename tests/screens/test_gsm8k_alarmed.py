"""B on GSM8K, after a step that alarmed: its row, back to before it, or on."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import Button, Static

from tests.fake_engine import FakeEngine
from tests.known import present, the
from tests.pilot import running, shown, until
from tests.runs_on_disk import write_run
from tui_trainer.app import TuiTrainer
from tui_trainer.protocol.events import LoopState
from tui_trainer.reports.alerts import Alert
from tui_trainer.reports.steps import StepReport
from tui_trainer.runs.description import Parent
from tui_trainer.runs.home import METRICS_FILE, run_folders
from tui_trainer.runs.listing import open_run
from tui_trainer.screens.batch_rows.view import RowsScreen
from tui_trainer.screens.dialogs.question import QuestionDialog
from tui_trainer.screens.gsm8k.screen import Gsm8kScreen
from tui_trainer.settings.train import TrainSettings

SPIKE = Alert("loss_spike", 3, "Step 3: the loss is 8.0000, a spike.", 8.0, items=(2,))
FAKE = "2026-01-01-fake-1"


def with_spike(report: StepReport) -> StepReport:
    return replace(report, alerts=(SPIKE,)) if report.step == 3 else report


def state(app: TuiTrainer) -> LoopState | None:
    return app.session.loops.get("gsm8k")


async def asked(app: TuiTrainer, pilot: Pilot[int]) -> str:
    await pilot.press("B")
    await until(pilot, lambda: isinstance(app.screen, QuestionDialog))
    return words(app)


def words(app: TuiTrainer) -> str:
    """Of the question that is asked."""
    told = " ".join(str(one.content) for one in app.screen.query(Static))
    return " ".join(told.split())


def answers(app: TuiTrainer) -> list[str]:
    return [str(button.label) for button in app.screen.query(Button)]


async def test_it_has_the_row_of_what_alarmed_and_changes_nothing_under_enter() -> None:
    write_run(FAKE, checkpoints=[2])
    engine = FakeEngine([2.0, 1.9, 8.0, 1.8], change=with_spike)
    async with running("escape", "5", engine=lambda progress: engine) as (app, pilot):
        await pilot.press("B")
        await until(pilot, lambda: "No step of this run alarmed." in shown(app))
        await pilot.press("space")
        await until(pilot, lambda: state(app) is LoopState.FINISHED)
        await until(pilot, lambda: the(Gsm8kScreen, app.screen).run.alarmed == SPIKE)
        assert SPIKE.says in await asked(app, pilot)
        assert answers(app) == ["n stay", "v its row", "b back to step 2"]
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Gsm8kScreen))
        assert (engine.resumed, len(engine.trained_with)) == ([], 1)
        await asked(app, pilot)
        await pilot.press("v")
        await until(pilot, lambda: isinstance(app.screen, RowsScreen))
        await until(pilot, lambda: "step 3, which alarmed" in shown(app))


async def test_a_run_that_goes_is_paused_and_what_would_be_lost_is_asked_for_first() -> None:
    write_run(FAKE, [2.0, 1.9, 8.0], checkpoints=[1, 2], steps=9)
    engine = FakeEngine([2.0, 1.9, 8.0, *[1.8] * 6], change=with_spike, gated=True)
    async with running("escape", "5", "space", engine=lambda progress: engine) as (app, pilot):
        engine.gate.release(4)
        await until(pilot, lambda: the(Gsm8kScreen, app.screen).run.alarmed == SPIKE)
        await asked(app, pilot)
        assert answers(app) == ["n go on", "v its row", "b back to step 2"]
        await pilot.press("b")
        engine.gate.release(1)  # the step that is being made is finished first
        await until(pilot, lambda: state(app) is LoopState.PAUSED)
        await until(pilot, lambda: isinstance(app.screen, QuestionDialog))
        assert "in no checkpoint" in words(app)
        assert answers(app) == ["n stay", "w save and go back", "y go back"]
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, Gsm8kScreen))
        assert (state(app), engine.resumed) == (LoopState.PAUSED, [])
        await asked(app, pilot)
        await pilot.press("b")
        await until(pilot, lambda: isinstance(app.screen, QuestionDialog))
        await pilot.press("y")
        await until(pilot, lambda: len(engine.resumed) == 1)
        assert engine.resumed[0].endswith(f"{FAKE}/checkpoints/step-000002")
        await until(pilot, lambda: state(app) is LoopState.PAUSED)
        await until(pilot, lambda: "As after step 2" in shown(app))
        assert the(Gsm8kScreen, app.screen).run.alarmed is None


async def test_without_a_checkpoint_before_it_that_is_told() -> None:
    write_run(FAKE, checkpoints=[3])
    engine = FakeEngine([2.0, 1.9, 8.0, 1.8], change=with_spike)
    async with running("escape", "5", "space", engine=lambda progress: engine) as (app, pilot):
        await until(pilot, lambda: the(Gsm8kScreen, app.screen).run.alarmed == SPIKE)
        assert "There is no checkpoint from before it: 'checkpoint every'" in await asked(
            app, pilot
        )
        await pilot.press("b")  # no answer
        assert isinstance(app.screen, QuestionDialog)


async def test_going_back_and_on_again_gives_the_same_bits(
    model_folder: Callable[[str], Path],
) -> None:
    async with running("escape", "5", source=str(model_folder("Qwen3"))) as (app, pilot):
        screen = the(Gsm8kScreen, app.screen)
        screen.settings = TrainSettings(items=6, checkpoint_every=2, lr=1e-3)
        await pilot.press("space")
        await until(pilot, lambda: state(app) is LoopState.FINISHED)
        await until(pilot, lambda: screen.report is not None and screen.report.step == 6)
        screen.run.hear(replace(present(screen.report), alerts=(SPIKE,)))
        await asked(app, pilot)
        await pilot.press("b")
        await until(pilot, lambda: state(app) is LoopState.PAUSED)
        await pilot.press("space")
        await until(pilot, lambda: state(app) is LoopState.FINISHED)
        await until(pilot, lambda: screen.report is not None and screen.report.step == 6)
    again, first = map(open_run, run_folders())
    assert again.description.parent == Parent(first.name, 2)
    assert losses(again.folder) == losses(first.folder)
    for step in ("step-000004", "step-000006"):
        once, twice = (run.folder / "checkpoints" / step for run in (first, again))
        names = {path.name for path in once.iterdir() if path.suffix == ".safetensors"}
        assert names
        for name in names:
            assert (once / name).read_bytes() == (twice / name).read_bytes(), name


async def test_to_save_first_deletes_no_checkpoint_that_is_gone_back_to(
    model_folder: Callable[[str], Path],
) -> None:
    async with running("escape", "5", source=str(model_folder("Qwen3"))) as (app, pilot):
        screen = the(Gsm8kScreen, app.screen)
        screen.settings = TrainSettings(items=6, checkpoint_every=3, keep_checkpoints=1)
        for step in (1, 2, 3, 4):
            await pilot.press("full_stop")
            await until(pilot, lambda step: screen.report and screen.report.step == step, step)
        screen.run.hear(replace(present(screen.report), alerts=(replace(SPIKE, step=4),)))
        await asked(app, pilot)
        assert "b back to step 3" in answers(app)
        await pilot.press("b")
        await until(pilot, lambda: "w save and go back" in answers(app))
        await pilot.press("w")
        await until(pilot, lambda: screen.run.resumed_at == 3)
        await until(pilot, lambda: state(app) is LoopState.PAUSED)
        await pilot.press("full_stop")
        await until(pilot, lambda: screen.report and screen.report.step == 4)
        await until(pilot, lambda: len(run_folders()) == 2)
    again, first = map(open_run, run_folders())
    assert again.description.parent == Parent(first.name, 3)
    assert first.checkpoints == (3, 4)


def losses(run: Path) -> list[object]:
    lines = map(json.loads, (run / METRICS_FILE).read_text().splitlines())
    return [
        (line["step"], line["loss"], line["grad_norm"]) for line in lines if "event" not in line
    ]
