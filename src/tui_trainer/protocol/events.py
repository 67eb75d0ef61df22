"""What the worker tells without being asked."""

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from tui_trainer.failures import Failure
from tui_trainer.protocol.request import LoopRequest
from tui_trainer.reports.models import LoadProgress
from tui_trainer.reports.runs import StoppedRun
from tui_trainer.reports.threads import ThreadShare
from tui_trainer.settings.model import ModelChoice

if TYPE_CHECKING:
    from tui_trainer.protocol.loop_reports import Report


class LoopState(Enum):
    """What a loop is doing."""

    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"

    @property
    def is_over(self) -> bool:
        """Whether the loop has ended, whatever the reason."""
        return self not in (LoopState.RUNNING, LoopState.PAUSED)


@dataclass(frozen=True)
class LoopChanged:
    """A loop began, paused, went on or ended, or was asked for one step and made it."""

    name: str
    state: LoopState
    failure: Failure | None = None
    """Why it ended, what closing it raised, or why it paused by itself."""
    steps: int = 0
    """Of one that runs: after how many steps it pauses; 0 where nobody asked for that."""


@dataclass(frozen=True)
class WorkerFailed:
    """Something failed on the thread that nobody waits for; the thread goes on."""

    failure: Failure


@dataclass(frozen=True)
class DeviceLost:
    """The device does nothing more for this process: loops end, weights cannot be had."""

    failure: Failure
    """What it did not survive."""
    run: StoppedRun | None
    """The run begun last, where a checkpoint of it can be gone on with."""
    engine_ended: bool = False
    """Whether the engine's process is gone altogether."""


Event = LoadProgress | LoopChanged | WorkerFailed | DeviceLost | ThreadShare


@dataclass(frozen=True)
class Doing:
    """What the worker does right now: the interface shows what it waits for."""

    what: str
    since: float
    """In seconds of `time.monotonic`, which all processes of a machine share."""
    loop: str | None = None
    """The name of the loop whose step it is."""


# What was done at another view of the same engine, or before this one came


@dataclass(frozen=True)
class LoopBegun:
    """A loop goes, or went, that this view has not begun."""

    name: str
    request: "LoopRequest[Report]"


@dataclass(frozen=True)
class ModelLoaded:
    """Another model is there; None where what was loaded could not be."""

    choice: ModelChoice | None


@dataclass(frozen=True)
class WeightsChanged:
    """The weights or settings of the model are others now, or what is kept of them."""


@dataclass(frozen=True)
class TextTyped:
    """What Tokens, Predict and Step have in their boxes."""

    text: str


Other = LoopBegun | ModelLoaded | WeightsChanged | TextTyped
