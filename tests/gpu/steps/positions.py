"""A position or a token that the model has none of: a sentence, and the device goes on.

On a card a lookup past the end of a table is an assert of the device, after which the process can
do nothing more.
"""

import math
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.gpu.child import describe_error
from tests.gpu.engines import load, steps_of
from tests.gpu.record import Record
from tests.gpu.step import Place
from tests.known import present
from tests.models import CONTEXT, NOTEBOOK_TEXT, VOCABULARY, save_model
from tui_trainer.engine.data.examples import Example
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.loop.train import train
from tui_trainer.engine.loop.training_state import begin_training, describe_loop
from tui_trainer.errors import InputError
from tui_trainer.settings.train import TrainSettings

PACKED = TrainSettings(items=12, pack=4 * CONTEXT, batch=2)
"""Items cut to the context, so that what comes after one has no position of its own."""


def look(place: Place, record: Record) -> None:
    """A model of GPT-2's kind, whose positions are a table."""
    with tempfile.TemporaryDirectory() as folder:
        engine = load(str(save_model("GPT2", Path(folder))), place.device, "fp32")
    losses = [step.loss for step in steps_of(engine.train(PACKED))]
    record.figure("losses of rows of full items", losses)
    record.at_least("steps with rows of full items", len(losses), 1)
    record.holds("their losses are finite", all(map(math.isfinite, losses)))
    for what, run in wrong_inputs(engine):
        look_at(what, run, engine, record)


def wrong_inputs(engine: Engine) -> Iterator[tuple[str, Callable[[], object]]]:
    """What has no row in the tables of the model, on its ways in."""
    yield "a text too long", lambda: engine.update("hello " * CONTEXT)
    too_long = Example(0, "", tuple(range(1, CONTEXT + 9)), 1, 1, False)
    yield "an item too long", lambda: next(loop_over(engine, too_long))
    unknown = Example(0, "", (1, 2, VOCABULARY + 1000), 1, 1, False)
    yield "a token not in the vocabulary", lambda: next(loop_over(engine, unknown))


def loop_over(engine: Engine, example: Example) -> Iterator[object]:
    """The loop as it is when what makes its items has a fault."""
    learner, settings = engine.learner, TrainSettings(items=1)
    loop = describe_loop([], [example], settings, learner.report.context)
    return train(learner, [example], settings, begin_training(learner, settings, loop))


def look_at(what: str, run: Callable[[], object], engine: Engine, record: Record) -> None:
    """It is refused in a sentence, and the device does what comes next."""
    try:
        run()
    except Exception as error:
        record.figure(f"what is said of {what}", describe_error(error))
        record.holds(f"{what} is refused in a sentence", isinstance(error, InputError))
    else:
        record.holds(f"{what} is refused in a sentence", False)
    moved = present(engine.update(NOTEBOOK_TEXT).moved)
    record.at_least(f"{what}: weights that the next update moves", moved, 1)
