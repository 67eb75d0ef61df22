"""What crosses between an engine and a view of it: frozen dataclasses, each named as it is sent."""

from dataclasses import dataclass
from typing import get_args

from tui_trainer.protocol.events import Doing
from tui_trainer.protocol.wire import read_named, write_named
from tui_trainer.reports.models import LearnerStatus
from tui_trainer.settings.model import ModelChoice

# The greeting: the first message each way, which every version can read


@dataclass(frozen=True)
class Hello:
    """Who asks, before anything else."""

    version: str
    """Of the program: another one's requests may mean something else."""
    looks: bool = True
    """Whether it is a view, which hears what goes on; else it asks and goes."""


@dataclass(frozen=True)
class Welcome:
    """The engine that answers."""

    name: str
    pid: int
    version: str


@dataclass(frozen=True)
class Refusal:
    """Why nothing more is said."""

    sentence: str


# From a view. A number is that of the answer it waits for.


@dataclass(frozen=True)
class Ask:
    number: int
    request: bytes


@dataclass(frozen=True)
class Begin:
    number: int
    loop: str
    request: bytes
    playing: bool
    heard: int = 0
    """The serial of the last loop of that name that the view heard of: it knows that one."""


@dataclass(frozen=True)
class EndLoop:
    number: int
    loop: str
    request: bytes


@dataclass(frozen=True)
class EndEngine:
    """The last that is asked of it; then its process ends."""

    number: int
    request: bytes


@dataclass(frozen=True)
class Withdraw:
    """Nobody waits for that answer any more."""

    number: int


@dataclass(frozen=True)
class CancelLoad:
    """What loads now is to stop."""


@dataclass(frozen=True)
class Play:
    loop: str
    playing: bool
    steps: int
    """After which it pauses; 0 for none."""


@dataclass(frozen=True)
class Advance:
    loop: str


@dataclass(frozen=True)
class StopLoop:
    loop: str


@dataclass(frozen=True)
class Describe:
    """Answered with a Description, at once, whatever the worker does."""


# From the engine


@dataclass(frozen=True)
class Taken:
    """The worker answers that request now."""

    number: int


@dataclass(frozen=True)
class Answer:
    number: int
    reply: bytes


@dataclass(frozen=True)
class Told:
    """An event of the worker."""

    event: bytes


@dataclass(frozen=True)
class Reported:
    """Of a loop, oldest first."""

    loop: str
    reports: tuple[bytes, ...]


@dataclass(frozen=True)
class Begun:
    """A loop was begun, by whomever; what is reported from now on is of that one."""

    serial: int
    """Of the loops of this engine."""
    loop: str
    request: bytes


@dataclass(frozen=True)
class DoingNow:
    doing: Doing | None


@dataclass(frozen=True)
class Loaded:
    """The model that is loaded, once that was another."""

    choice: ModelChoice | None


@dataclass(frozen=True)
class Changed:
    """Somebody else had the weights changed, or what is kept of them."""


@dataclass(frozen=True)
class Views:
    """How many views there are, the one that hears it among them."""

    count: int


@dataclass(frozen=True)
class Text:
    """Either way: what Tokens, Predict and Step have in their boxes."""

    text: str


@dataclass(frozen=True)
class Description:
    """An engine as it is listed."""

    name: str
    pid: int
    began: float
    """Seconds since the epoch."""
    views: int
    status: LearnerStatus | None
    loops: tuple[tuple[str, str], ...]
    """The live ones, each with its state."""
    device_bytes: int | None
    """What its process has of the device's memory; None where that cannot be known."""
    alone: float | None = None
    """For how many seconds nobody has looked at it; None where somebody does."""


Message = (
    Hello | Welcome | Refusal | Ask | Begin | EndLoop | EndEngine | Withdraw | CancelLoad | Play
    | Advance | StopLoop | Describe | Taken | Answer | Told | Reported | Begun | DoingNow | Loaded
    | Changed | Views | Text | Description
)  # fmt: skip
MESSAGES: dict[str, type[Message]] = {kind.__name__: kind for kind in get_args(Message)}


def write_message(message: Message) -> bytes:
    return write_named(message)


def read_message(data: bytes) -> Message:
    """GarbledError where it is none."""
    return read_named(data, MESSAGES)
