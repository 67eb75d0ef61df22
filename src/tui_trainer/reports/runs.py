"""What the engine tells of a run on disk: frozen dataclasses of plain values. No torch here."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CheckpointReport:
    """A checkpoint that was written, or that could not be."""

    run: str
    """The name of the run."""
    name: str
    """The name of its folder, such as `step-000500`."""
    step: int
    bytes: int = 0
    seconds: float = 0.0
    failure: str | None = None
    """Why there is none; the run goes on all the same."""


@dataclass(frozen=True)
class RunStep:
    """The step of a run on disk that left weights as they are."""

    run: str
    """The name of the run."""
    step: int


@dataclass(frozen=True)
class SavedReport:
    """Weights that were written to a folder of their own, a model that `--model` takes."""

    name: str
    """The name of the folder, which `--model` takes too."""
    folder: str
    updates: int
    """How many updates the weights have behind them."""
    bytes: int
    seconds: float


@dataclass(frozen=True)
class RunReport:
    """The run that the loop writes."""

    name: str
    folder: str
    step: int
    checkpoint_step: int | None
    """The step of its last checkpoint."""


@dataclass(frozen=True)
class StoppedRun:
    """A run that has steps to make, from its last checkpoint on."""

    name: str
    folder: str
    step: int
    checkpoint_step: int
    is_saved: bool
    """Whether that checkpoint has the weights that the run had at its end."""
    device: str
    """As it was asked for: a resumed run is given it anew."""
    remote_code: bool
    threads: int | None = None
    """As they were asked for."""


@dataclass(frozen=True)
class Kept:
    """Where the weights are; neither where every update was in a file already."""

    checkpoint: CheckpointReport | None = None
    """Of a run that goes, or that left these weights."""
    model: SavedReport | None = None
    """Of all other weights."""


@dataclass(frozen=True)
class End:
    """What was saved at the end, and what can be gone on with."""

    kept: Kept = Kept()
    failure: str = ""
    """Why nothing could be saved."""
    run: StoppedRun | None = None
