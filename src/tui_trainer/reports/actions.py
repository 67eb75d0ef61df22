"""What was done to the model, in order, and how far back one can go: no torch."""

from dataclasses import dataclass
from typing import ClassVar

from tui_trainer.settings.train import TrainSettings

UPDATE, UNDO, REDO = "update", "undo", "redo"
LOOP = "loop"
ELSEWHERE = "elsewhere"
SEED = 0
"""Of the random numbers that dropout draws from the moment the weights are loaded."""


@dataclass(frozen=True)
class Action:
    """One thing that was done; the same ones in the same order give the same weights."""

    what: str
    """`update`, the whole training cell; a phase of it; or `elsewhere`, which is not known here."""
    text: str = ""
    lr: float = 0.0
    optimizer: str = ""
    optimizer_number: int = 0
    """Counts the optimizers made: where it is another than before, this one was fresh."""
    training: bool = True
    """Train mode, with dropout, or eval mode."""
    dropout: float | None = None
    """The probability that was set; None where it is the model's own."""


@dataclass(frozen=True)
class LrChange:
    """Another learning rate, the highest of the schedule, given to a loop while it runs."""

    step: int
    """The first one made with it."""
    lr: float


@dataclass(frozen=True)
class Loop:
    """A training loop over question/answer items, and what its items came to."""

    settings: TrainSettings
    steps: int
    """How many it has, whether they were made or not."""
    longest: int | None = None
    """The tokens that an item was cut to; None where none was cut."""
    all_useful: bool = True
    """Whether every item had a token that the loss counts; the others were left out."""
    verbatim: bool = True
    """Whether each row of the data set had a question and an answer as the items have them."""
    apart: bool = False
    """Whether the model computes otherwise in batches, so that a script runs each item alone."""
    resumed_at: int = 0
    """The step of the checkpoint that it went on from, which is the model; 0 without one."""


@dataclass(frozen=True)
class LoopSteps:
    """Steps of a loop, made one after another with nothing between them."""

    loop: Loop
    number: int
    """Counts the loops since the model was loaded."""
    first: int
    last: int
    lr_changes: tuple[LrChange, ...] = ()
    """All of the loop up to here."""
    what: ClassVar[str] = LOOP


Done = Action | LoopSteps


@dataclass(frozen=True)
class HistoryReport:
    """How far one can go back and forth, and what memory that takes."""

    undo: int = 0
    redo: int = 0
    bytes: int = 0
    budget: int = 0
    is_usual: bool = True
    """Whether nobody asked for another budget."""


NO_HISTORY = HistoryReport()
