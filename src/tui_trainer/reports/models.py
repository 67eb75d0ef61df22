"""Models and devices: what is there, what is loaded, and its state."""

from dataclasses import dataclass

from tui_trainer.reports.actions import NO_HISTORY, HistoryReport


@dataclass(frozen=True)
class DeviceReport:
    """A device that a model can be put on."""

    name: str
    """As torch names it: `cpu`, `cuda:0`, `mps`."""
    label: str
    free_bytes: int | None
    total_bytes: int | None
    problem: str = ""
    """Why it does not answer, in its driver's words; empty where it does."""


@dataclass(frozen=True)
class DeviceUse:
    """How full the device of a model is, and through whom. In bytes."""

    used_bytes: int
    total_bytes: int
    ours_bytes: int
    """What this process holds, but for its context where `others_bytes` is None."""
    others_bytes: int | None = None
    """None where nobody tells whose the rest is."""
    busy: float | None = None
    """The share of the last moments in which it computed, for anybody; None where nobody tells."""


@dataclass(frozen=True)
class ModelReport:
    """A model that is ready for use."""

    name: str
    architecture: str
    parameters: int
    device: str
    precision: str
    context: int | None
    """The most tokens it takes at once; None where its config does not say."""
    vocabulary: int
    dropout: float
    """The largest dropout probability in its config: 0 means that train mode changes nothing."""
    load_seconds: float
    notes: tuple[str, ...] = ()
    """What its files hold that it does not have, and what is wrong with it, in a sentence each."""


@dataclass(frozen=True)
class ModelOption:
    """A model that is on this machine already and can be picked."""

    source: str
    """What `--model` takes."""
    description: str
    bytes: int | None


@dataclass(frozen=True)
class LearnerStatus:
    """What the Learner holds now: the status line and the Step screen's header."""

    model: ModelReport
    updates: int
    """How many updates its weights are away from the loaded ones."""
    lr: float
    optimizer: str
    training: bool
    """True in train mode (dropout on), False in eval mode."""
    history: HistoryReport = NO_HISTORY
    unsaved: int = 0
    """How many updates the weights are away from the last ones on their way that a file has."""
    dropout: float = 0.0
    """The largest dropout probability of the training cell in train mode."""
    own_dropout: bool = True
    """Whether it is the model's own, and nobody asked for another one."""
    dropped: str = ""
    """What train mode drops, in a sentence."""
    device_use: DeviceUse | None = None
    """None on a CPU."""


@dataclass(frozen=True)
class LoadProgress:
    """How far a long load is."""

    what: str
    done_bytes: int | None = None
    total_bytes: int | None = None
