"""Tokens, Predict, Loss and Step: how to get to each of their pictures."""

from textual.pilot import Pilot

from tests.gallery.held import slow
from tests.gallery.picture import LetGo
from tests.gallery.rest import settled
from tests.known import the
from tests.pilot import until
from tui_trainer.app import TuiTrainer
from tui_trainer.screens.loss.screen import LossScreen
from tui_trainer.screens.predict.screen import PredictScreen
from tui_trainer.screens.step.fork_dialog import ForkDialog
from tui_trainer.screens.step.screen import StepScreen
from tui_trainer.screens.tokens.screen import TokensScreen
from tui_trainer.widgets.line_table import LineTable
from tui_trainer.widgets.text_box import TextBox

UPDATES = 12


async def tokens(pilot: Pilot[int]) -> None:
    await pilot.press("escape")


async def type_text(pilot: Pilot[int], text: str) -> None:
    screen = the(TokensScreen, pilot.app.screen)
    screen.query_one(TextBox).text = text
    await until(pilot, lambda: screen.shown is not None and screen.shown.texts.first.text == text)
    await pilot.press("escape")


async def first_start(pilot: Pilot[int]) -> None:
    """Nothing is done: the text box has the focus. The list is at its end whichever came first."""
    await settled(the(TuiTrainer, pilot.app))
    table = pilot.app.screen.query_one("#tokens", LineTable)
    table.scroll_to(y=table.max_scroll_y, animate=False, immediate=True)


async def tokens_empty(pilot: Pilot[int]) -> None:
    await type_text(pilot, "")


async def tokens_emoji(pilot: Pilot[int]) -> None:
    await type_text(pilot, "An emoji 🙂 is several tokens.")


async def tokens_batch(pilot: Pilot[int]) -> None:
    await type_text(pilot, "def hello():\n\treturn\nThe cat sat on the mat.")
    await pilot.press("b")


async def rows_of_batch(pilot: Pilot[int]) -> None:
    await tokens_batch(pilot)
    await pilot.press("v")


async def predict(pilot: Pilot[int]) -> None:
    await pilot.press("escape", "2")
    screen = the(PredictScreen, pilot.app.screen)
    for generated in range(1, 5):
        await pilot.press("space")
        await until(pilot, lambda count: len(screen.generated) == count, generated)
    await pilot.press("home", "down", "down")
    await until(pilot, lambda: opened(screen) == 2)


async def predict_sampling(pilot: Pilot[int]) -> None:
    await pilot.press("escape", "2", "g", "t", "t", "n", "n", "n")
    screen = the(PredictScreen, pilot.app.screen)
    await until(
        pilot, lambda: screen.inspection is not None and not screen.generation.sampling.greedy
    )


def opened(screen: PredictScreen) -> int | None:
    """The position that is laid open."""
    return screen.inspection.position.index if screen.inspection is not None else None


async def predict_empty(pilot: Pilot[int]) -> None:
    await type_text(pilot, "")
    await pilot.press("2")


async def loss(pilot: Pilot[int]) -> None:
    await pilot.press("escape", "3", "down", "space")
    screen = the(LossScreen, pilot.app.screen)
    await until(pilot, lambda: screen.report is not None)


async def step_at_first(pilot: Pilot[int]) -> None:
    await pilot.press("escape", "4")


async def step(pilot: Pilot[int]) -> None:
    await updates(pilot, UPDATES)


async def updates(pilot: Pilot[int], count: int) -> StepScreen:
    """Open Step and make that many."""
    await pilot.press("escape", "4")
    screen = the(StepScreen, pilot.app.screen)
    for update in range(1, count + 1):
        pilot.app.simulate_key("space")
        await until(
            pilot, lambda made: screen.report is not None and screen.report.update == made, update
        )
    return screen


async def step_phases(pilot: Pilot[int]) -> None:
    await pilot.press("escape", "4")
    phases = the(StepScreen, pilot.app.screen).views.phases
    for phase in ("forward", "loss", "backward"):
        pilot.app.simulate_key("full_stop")
        await until(
            pilot, lambda ran: phases.report is not None and phases.report.phase == ran, phase
        )


async def step_moved(pilot: Pilot[int]) -> None:
    screen = await updates(pilot, UPDATES)
    await pilot.press("v", "v")
    moved = screen.views.moved
    await until(pilot, lambda: moved.report is not None and moved.report.update == UPDATES)


async def step_probes(pilot: Pilot[int]) -> None:
    screen = await updates(pilot, UPDATES)
    await pilot.press("v", "v", "v")
    await until(pilot, lambda: screen.views.probes.reports)


async def step_fork(pilot: Pilot[int]) -> None:
    await updates(pilot, 1)
    await pilot.press("f")
    fork = the(ForkDialog, pilot.app.screen)
    await until(pilot, lambda: fork.outcomes)


async def step_waits(pilot: Pilot[int]) -> LetGo:
    """The worker is at the first update, and two more are asked for."""
    app = the(TuiTrainer, pilot.app)
    moved = (await updates(pilot, 3)).views.moved
    await until(pilot, lambda: moved.report is not None and moved.report.update == 3)
    let_go = slow(app, "update")
    await pilot.press("space", "space", "space")
    await until(pilot, lambda: app.worker.doing is not None)
    return let_go
