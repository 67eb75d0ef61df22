"""What is laid over a screen: how to get to each of its pictures."""

from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from tests.gallery.held import AT_MOST
from tests.gallery.loops import gsm8k
from tests.gallery.texts import step
from tests.known import the
from tests.pilot import until
from tui_trainer.app import TuiTrainer
from tui_trainer.failures import Failure
from tui_trainer.screens.dialogs.model_picker import ModelPicker

DEVICE_FAILURE = Failure(
    "RuntimeError: CUDA error: an illegal memory access was encountered",
    """\
Traceback (most recent call last):
  File "tui_trainer/worker.py", line 259, in _answer
    reply = act(self._engine)
  File "tui_trainer/engine/updating.py", line 71, in update
    loss.backward()
RuntimeError: CUDA error: an illegal memory access was encountered
""",
)
"""Said once: the traceback of another would have the paths of whoever draws."""


async def keys(pilot: Pilot[int]) -> None:
    await pilot.press("escape", "4", "question_mark")


async def palette(pilot: Pilot[int]) -> None:
    await pilot.press("escape", "4", "ctrl+p")
    await pilot.press(*"dropout")


async def models(pilot: Pilot[int]) -> None:
    await pilot.press("escape", "4", "m")
    picker = the(ModelPicker, pilot.app.screen)
    await until(pilot, lambda: picker.query_one(OptionList).option_count)


async def no_such_model(pilot: Pilot[int]) -> None:
    """A folder without a model was typed."""
    app = the(TuiTrainer, pilot.app)
    await models(pilot)
    box = app.screen.query(Input).last()
    box.value = "./no-such-model"
    box.focus()
    await pilot.press("enter")
    await until(pilot, lambda: app.session.loading is None and app._notifications)
    for told in tuple(app._notifications):  # the same again, for as long as the picture takes
        app.notify(told.message, severity=told.severity, timeout=AT_MOST, markup=False)


async def failure(pilot: Pilot[int]) -> None:
    """The worker met what nobody can mend."""
    app = the(TuiTrainer, pilot.app)
    await step(pilot)
    app._show_failure(DEVICE_FAILURE)
    await until(pilot, lambda: app.screen.query("#close"))


async def quitting(pilot: Pilot[int]) -> None:
    """A run is paused, and no file has its updates."""
    await gsm8k(pilot)
    await pilot.press("q")


async def saving(pilot: Pilot[int]) -> None:
    await gsm8k(pilot)
    await pilot.press("ctrl+s")
