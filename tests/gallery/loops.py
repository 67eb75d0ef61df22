"""GSM8K, what is opened over it, and Runs: how to get to each of their pictures."""

from pathlib import Path
from shutil import copyfile

from textual.pilot import Pilot

from tests.gallery.held import fail_after, hold_after
from tests.gallery.picture import LetGo
from tests.known import the
from tests.pilot import until
from tui_trainer.app import TuiTrainer
from tui_trainer.protocol.events import LoopState
from tui_trainer.protocol.models import Reload
from tui_trainer.runs.benches import check_benches_home
from tui_trainer.screens.batch_rows.view import RowsScreen
from tui_trainer.screens.bench.view import BenchScreen
from tui_trainer.screens.dialogs.question import QuestionDialog
from tui_trainer.screens.evaluation.view import EvaluationScreen
from tui_trainer.screens.gsm8k.item_browser import ItemBrowser
from tui_trainer.screens.gsm8k.screen import Gsm8kScreen
from tui_trainer.screens.layers.view import LayersScreen
from tui_trainer.screens.runs.screen import RunsScreen
from tui_trainer.settings.evaluation import EvaluationSettings
from tui_trainer.settings.train import TrainSettings

STEPS = 40
HELD_AT, ITEMS = 120, 200
MEASURED = Path(__file__).parents[1] / "bench_of_builtin.jsonl"
"""A bench of two cores, as `tui-trainer bench` kept it: a picture of another would differ."""
OUT_OF_MEMORY = "CUDA out of memory. Tried to allocate 1.16 GiB."


def loop_is(app: TuiTrainer, state: LoopState) -> bool:
    return app.session.loops.get("gsm8k") is state


def asks(app: TuiTrainer) -> bool:
    return isinstance(app.screen, QuestionDialog)


async def gsm8k_first(pilot: Pilot[int]) -> Gsm8kScreen:
    """Before a run: with the first item, and what the run will cost."""
    await pilot.press("escape", "5")
    screen = the(Gsm8kScreen, pilot.app.screen)
    await until(pilot, lambda: screen.item.first is not None and screen.costs[0])
    return screen


async def first(pilot: Pilot[int]) -> None:
    await gsm8k_first(pilot)


async def run_paused(pilot: Pilot[int], steps: int) -> Gsm8kScreen:
    """A run with so many steps made by key."""
    app, screen = the(TuiTrainer, pilot.app), the(Gsm8kScreen, pilot.app.screen)
    await pilot.press("full_stop")
    await until(pilot, lambda: asks(app) or loop_is(app, LoopState.PAUSED))
    if asks(app):
        await pilot.press("r")
    await until(pilot, lambda: loop_is(app, LoopState.PAUSED))
    for _ in range(steps - 1):
        app.worker.advance("gsm8k")
    await until(pilot, lambda: screen.report is not None and screen.report.step == steps)
    await app.session.refresh()
    return screen


async def gsm8k(pilot: Pilot[int]) -> None:
    await pilot.press("escape", "5")
    await run_paused(pilot, STEPS)


async def running(pilot: Pilot[int]) -> LetGo:
    """With checkpoints, held-out items and an lr that falls."""
    app = the(TuiTrainer, pilot.app)
    await pilot.press("escape", "5")
    screen = the(Gsm8kScreen, app.screen)
    screen.settings = TrainSettings(
        items=ITEMS,
        validation_items=8,
        validate_every=HELD_AT // 3,
        checkpoint_every=HELD_AT // 2 - 10,  # there is something to save
        schedule="cosine",
    )
    let_go = hold_after(app, HELD_AT)
    app.simulate_key("space")
    await until(pilot, lambda: screen.report is not None and screen.report.step == HELD_AT)
    return let_go


async def validation(pilot: Pilot[int]) -> None:
    app = the(TuiTrainer, pilot.app)
    await pilot.press("escape", "5")
    screen = the(Gsm8kScreen, app.screen)
    screen.settings = TrainSettings(items=STEPS, validation_items=8, validate_every=8)
    app.simulate_key("space")
    await until(pilot, lambda: loop_is(app, LoopState.FINISHED))


async def failed(pilot: Pilot[int]) -> None:
    """A run that the device had no memory for."""
    app = the(TuiTrainer, pilot.app)
    await pilot.press("escape", "5")
    fail_after(app, STEPS, MemoryError(OUT_OF_MEMORY))
    app.simulate_key("space")
    await until(pilot, lambda: loop_is(app, LoopState.FAILED))


async def settings(pilot: Pilot[int]) -> None:
    await gsm8k_first(pilot)
    await pilot.press("enter")


async def rows(pilot: Pilot[int]) -> None:
    """Two packed rows with their losses."""
    await pilot.press("escape", "5")
    screen = the(Gsm8kScreen, pilot.app.screen)
    screen.settings = TrainSettings(items=STEPS, batch=4, pack=256, answer_only=True)
    await run_paused(pilot, 2)
    await pilot.press("v")
    view = the(RowsScreen, pilot.app.screen)
    await until(pilot, lambda: view.rows is not None)


async def layers(pilot: Pilot[int]) -> None:
    """The gradient norms, at a step in the middle."""
    await pilot.press("escape", "5")
    screen = the(Gsm8kScreen, pilot.app.screen)
    screen.settings = TrainSettings(items=STEPS, layers_every=1)
    await run_paused(pilot, STEPS)
    await pilot.press("h", *["left"] * 9, "down", "down")
    view = the(LayersScreen, pilot.app.screen)
    await until(pilot, lambda: view.heat_map is not None and view.heat_map.at < STEPS - 1)


async def items(pilot: Pilot[int]) -> None:
    await pilot.press("escape", "5", "i")
    browser = the(ItemBrowser, pilot.app.screen)
    await until(pilot, lambda: browser.tokens is not None)


async def evaluation(pilot: Pilot[int]) -> None:
    """As loaded, and after some steps."""
    app = the(TuiTrainer, pilot.app)
    app.session.evaluations.next.change(EvaluationSettings(items=16, max_tokens=100))
    await pilot.press("escape", "5", "e")
    await until(pilot, lambda: len(app.session.evaluations.ended) == 1)
    await pilot.press("escape")
    await run_paused(pilot, STEPS)
    await pilot.press("e")
    await until(pilot, lambda: len(app.session.evaluations.ended) == 2)


async def evaluation_none(pilot: Pilot[int]) -> None:
    await pilot.press("escape", "5", "E")
    the(EvaluationScreen, pilot.app.screen)


async def runs(pilot: Pilot[int]) -> None:
    app = the(TuiTrainer, pilot.app)
    await pilot.press("escape", "5")
    loop = the(Gsm8kScreen, app.screen)
    for chosen in (TrainSettings(items=30), TrainSettings(items=60, batch=2, lr=3e-5)):
        loop.settings = chosen
        await run_paused(pilot, 30)
        await pilot.press("s", "w")
        await until(pilot, lambda: loop_is(app, LoopState.STOPPED))
    await app.session.change(Reload())
    app.clear_notifications()
    await pilot.press("6")
    listed = the(RunsScreen, app.screen)
    await until(pilot, lambda: len(listed.listed) == 2)
    await pilot.press("space", "down", "space")


async def no_runs(pilot: Pilot[int]) -> None:
    await pilot.press("escape", "6")


async def bench(pilot: Pilot[int]) -> None:
    copyfile(MEASURED, check_benches_home() / "2026-11-27-builtin-1.jsonl")
    await pilot.press("escape", "6", "b")
    screen = the(BenchScreen, pilot.app.screen)
    await until(pilot, lambda: len(screen.listed) == 1)
