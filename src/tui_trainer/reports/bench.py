"""What one run of a loop measured, as it comes out of its process. No torch here."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Phases:
    """Milliseconds a step."""

    data: float
    """From the last step's end to the model: which items, and their tensors."""
    forward: float
    """The model and the loss."""
    backward: float
    optimizer: float
    other: float
    """What a loop does beside: reports, clipping, zeroing gradients."""

    @property
    def step(self) -> float:
        return self.data + self.forward + self.backward + self.optimizer + self.other


@dataclass(frozen=True)
class HeldOut:
    """The loss on the held-out items, in nats a token, at one moment of a run."""

    loss: float
    tokens: int
    """Trained on until then."""
    seconds: float
    """Of training until then; the warm-up counts as long as it takes at the speed after it."""


@dataclass(frozen=True)
class WarmUp:
    """What a run did before its clock began: the steps in which something is compiled."""

    seconds: float
    steps: int
    tokens: int
    """Trained on in it, as in all other steps."""


@dataclass(frozen=True)
class Measured:
    """One run of a loop."""

    loop: str
    precision: str
    tokens_per_second: float
    """After the warm-up."""
    steps: int
    """Those that were timed."""
    step_tokens: float
    """The mean of a step."""
    phases: Phases
    peak_memory_bytes: int
    """The most while it trained: torch's on a CUDA device, the process's on a CPU."""
    equal_time: HeldOut
    equal_tokens: HeldOut | None
    """None in the first round, and where the loop did not get that far."""
    warm_up: WarmUp
    threads: int = 0
    """Of torch, when it ended."""


@dataclass(frozen=True)
class Failed:
    """A run that gave no numbers."""

    loop: str
    reason: str
    """One sentence."""


@dataclass(frozen=True)
class Machine:
    """What a bench ran on."""

    cpu: str
    cores: int
    threads: int
    """Those that torch computes with."""
    gpu: str | None
    """None where the loops ran on the CPU."""
    system: str
    python: str
    torch: str


@dataclass(frozen=True)
class Prepared:
    """What was found out before the first round."""

    name: str
    architecture: str
    parameters: int
    device: str
    source: str
    """What to load the model as: the same, or where it was saved for quicker loading."""
    flops_per_token: float
    """Floating point operations of forward and backward, a token of these items."""
    epoch_tokens: int
    peaks: dict[str, float]
    """Floating point operations a second of a large matrix product, by dtype."""
    held_out_loss: float
    """Of the weights as they were loaded."""
    machine: Machine
    environment: dict[str, str] = field(default_factory=dict)
    """Of the processes of the loops: it has them see the device alone."""
