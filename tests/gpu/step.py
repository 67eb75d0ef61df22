"""What a step is, where it runs, and what came of it. No torch here."""

from dataclasses import asdict, dataclass
from pathlib import Path

from tests.gpu.record import NOT_ON_A_CPU, Criterion, Findings, Value


@dataclass(frozen=True)
class Step:
    """One thing to show."""

    name: str
    shows: str
    limit: float
    """Seconds after which its process is ended."""
    function: str
    """`module:function`, which takes a Place and a Record: imported in the step's process alone."""


@dataclass(frozen=True)
class Place:
    """Where a step runs."""

    device: str
    """As `--device` of the program takes it."""
    small: bool
    """The built-in model and few steps, instead of Qwen3-1.7B's shapes."""
    folder: Path
    """Where it may leave files that are to be kept."""

    @property
    def data(self) -> Path:
        """Where runs of the step go, which are not kept."""
        return self.folder / "data"

    @property
    def on_device(self) -> bool:
        return self.device != "cpu"


@dataclass(frozen=True)
class Outcome:
    """What came of a step."""

    step: str
    passed: bool | None
    """None where this machine cannot tell anything of it."""
    why: str | None
    """Where it did not pass for another reason than a criterion, in a sentence."""
    criteria: tuple[Criterion, ...]
    figures: dict[str, Value]
    seconds: float
    limit: float
    log: str
    """The file in the same folder that has what it printed."""

    def as_line(self) -> dict[str, object]:
        return asdict(self)


NOTHING_CHECKED = "it checked nothing"


def judge(findings: Findings, ended_badly: str | None) -> tuple[bool | None, str | None]:
    """Whether a step passed, and why not where no criterion says it."""
    why = ended_badly and (findings.why or ended_badly)
    verdicts = [criterion.holds for criterion in findings.criteria]
    if why is not None:
        return False, why
    if not verdicts:
        return False, NOTHING_CHECKED
    if all(verdict is None for verdict in verdicts):
        return None, NOT_ON_A_CPU
    return False not in verdicts, None
