"""What `run.json` says of a run: its settings, its model and data, and what came of it."""

import math
from dataclasses import dataclass, field
from enum import Enum

from tui_trainer.settings.train import TrainSettings

FORMAT = 1


class RunState(Enum):
    """How a run ended, if it did."""

    GOING = "going"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"
    BROKEN_OFF = "broken off"
    """Its process ended without a word: it was killed, or the machine went down."""


@dataclass(frozen=True)
class ModelIdentity:
    """The model that a run trained."""

    source: str
    """What `--model` took."""
    name: str
    architecture: str
    parameters: int
    device: str
    precision: str
    vocabulary: int
    fingerprint: str
    """Of the weights that the run began with: a hash of a sample of each."""
    threads: int = 0
    """Of torch, at its first step: the metrics tell where they became others. 0 in an older run."""
    deterministic: bool = False
    """Whether it took only kernels that give the same bits each time."""


@dataclass(frozen=True)
class DataIdentity:
    """The items that a run goes over."""

    problems: str
    items: int
    fingerprint: str
    """A hash of the token IDs of all items, in their order."""
    path: str = ""
    """Where the file of the problems was, from the root on; empty where they are in no file."""


@dataclass(frozen=True)
class Parent:
    """The checkpoint that a run was resumed from."""

    run: str
    step: int


@dataclass(frozen=True)
class Tally:
    """What the lines of a metrics file come to, up to a place in it."""

    bytes: int = 0
    """How much of the file was counted; the rest is read by whoever wants to know."""
    step: int = 0
    """The last step."""
    tokens: int = 0
    seconds: float = 0.0
    """Of training alone."""
    first: float | None = None
    last: float | None = None
    """None where a loss was not finite."""
    best: float | None = None

    def with_step(self, step: int, loss: float | None, tokens: int, seconds: float) -> "Tally":
        """With one more step; `bytes` stays."""
        finite = loss if loss is not None and math.isfinite(loss) else None
        finites = [value for value in (self.best, finite) if value is not None]
        return Tally(
            bytes=self.bytes,
            step=step,
            tokens=self.tokens + tokens,
            seconds=self.seconds + seconds,
            first=self.first if self.step else finite,
            last=finite,
            best=min(finites, default=None),
        )


@dataclass(frozen=True)
class OnStep:
    """What was done to the weights on Step up to a moment of a run."""

    updates: int = 0
    """Those that count: what was undone is left out."""
    lines_since_step: int = 0
    """The lines about it in the metrics that come after that of the last step."""


@dataclass(frozen=True)
class RunDescription:
    """`run.json`."""

    name: str
    started: str
    """Date and time with the offset from UTC, as ISO 8601 writes it."""
    settings: TrainSettings
    model: ModelIdentity
    data: DataIdentity
    versions: dict[str, str]
    steps: int
    """How many steps the whole run has; 0 before the first, which tells."""
    parent: Parent | None = None
    state: str = RunState.GOING.value
    failure: str | None = None
    tally: Tally = field(default_factory=Tally)
    updates_on_step: int = 0
    """How many updates were made on Step between two of its steps, what was undone left out."""
    job: str = ""
    """What finds it again for `--requeue`: a job of a batch scheduler, or a name that was given."""
    stop_reason: str = ""
    """Why it was finished before its last step, in a sentence; empty where it was not."""
    best_checkpoint: int | None = None
    """The step of its checkpoint with the lowest loss of the held-out items."""
    format: int = FORMAT
