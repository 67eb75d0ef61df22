"""What a training loop tells beside its steps: frozen dataclasses of plain values. No torch."""

from collections.abc import Sequence
from dataclasses import dataclass

from tui_trainer.reports.actions import REDO, UNDO, UPDATE
from tui_trainer.reports.alerts import Alert
from tui_trainer.reports.evaluated_items import EvaluatedItem
from tui_trainer.reports.runs import CheckpointReport
from tui_trainer.reports.steps import StepReport
from tui_trainer.reports.threads import ThreadShare

CHANGES = UPDATE, UNDO, REDO


@dataclass(frozen=True)
class PartReport:
    """How far something is that takes longer than a step; between two of these keys are heard."""

    what: str
    """In a word: `validating`, `answering`."""
    share: float | None = None
    """How much of it is done, from 0 to 1; None where that cannot be told."""


@dataclass(frozen=True)
class ValidationReport:
    """The losses of the held-out items, each a mean over all tokens of its kind, in nats."""

    step: int
    """How many steps were made before; 0 is before the first."""
    items: int
    loss: float
    """Of every token that has one before it, question and answer together."""
    question_loss: float | None
    """Of the tokens before the answer; None where there is none."""
    answer_loss: float | None
    question_tokens: int
    answer_tokens: int
    answer_only: bool
    """Whether the loop's own loss counts the tokens of the answers alone."""
    seconds: float
    """Spent on it, what others did meanwhile left out."""
    alerts: tuple[Alert, ...] = ()

    @property
    def compared_loss(self) -> float | None:
        """Of the tokens that the loop's own loss counts: what belongs beside its curve."""
        return self.answer_loss if self.answer_only else self.loss


@dataclass(frozen=True)
class SampleReport:
    """Greedy answers to a few held-out questions, with the expected ones."""

    step: int
    """How many steps were made before; 0 is before the first."""
    items: tuple[EvaluatedItem, ...]
    seconds: float


RETRY_SECONDS = 5.0
"""Between two tries of a loop that stands because the disk has no room, say."""


@dataclass(frozen=True)
class HaltReport:
    """The loop does not go on by itself; what `next` does then is told in `why`."""

    step: int
    """The one that is not made, or not written, yet."""
    why: str
    """What happened and what can be done, in sentences."""
    may_pass: bool = False
    """Whether it may be otherwise at the next try with nothing changed in the loop."""
    alerts: tuple[Alert, ...] = ()
    """That it halts, as one: empty where that was told."""


@dataclass(frozen=True)
class ChangeReport:
    """The weights of a loop were changed between two of its steps, by an update on Step."""

    step: int
    """How many steps were made before."""
    what: str
    """`update`, or the `undo` or the `redo` of one."""
    text: str
    """What the update was made on."""
    lr: float
    optimizer: str
    loss: float | None = None
    """Before the update; None for an undo or a redo, which compute none."""

    @property
    def updates(self) -> int:
        """How many updates more the weights have behind them."""
        return -1 if self.what == UNDO else 1


@dataclass(frozen=True)
class ThreadsReport:
    """From a step on another number of threads computes: it can change the last bits of a loss."""

    step: int
    """The first that is made with them."""
    share: ThreadShare


@dataclass(frozen=True)
class MemoryEstimate:
    """What a loop will need, worked out before its first step."""

    needed_bytes: int
    """The most at once of this process: what it holds already is part of it."""
    available_bytes: int
    """What this process holds and what is free."""

    @property
    def fits(self) -> bool:
        return self.needed_bytes <= self.available_bytes


@dataclass(frozen=True)
class LoopCost:
    """What a loop would take, reckoned without beginning it."""

    memory: MemoryEstimate
    steps: int
    """Of its whole plan."""
    tokens: int
    """That pass through the model in all steps, padding left out."""
    pace: float | None
    """Tokens a second that the last loop of this model made; None before there was one."""
    run: str = ""
    """The run on disk whose pace it is; empty where it is that of the last loop here."""
    update_seconds: float | None = None
    """What an update of one text on Step took; None before there was one."""

    @property
    def least_seconds(self) -> float | None:
        """What as many updates on Step would take: most texts there are shorter than an item."""
        return None if self.update_seconds is None else self.steps * self.update_seconds

    @property
    def seconds(self) -> float | None:
        """At that pace."""
        return None if self.pace is None else self.tokens / self.pace


@dataclass(frozen=True)
class StopReport:
    """The loop ends before its last step, because a rule says so; nothing comes after it."""

    step: int
    """The last that was made."""
    rule: str
    """The setting that holds: `patience`, `stop_at_loss`, `minutes` or `tokens`."""
    says: str
    """Why, in a sentence."""
    value: float
    """What came to the rule's number: measurements, nats, minutes or tokens."""
    checkpoint: CheckpointReport | None = None
    """Of that step; None where none was made now."""


BetweenSteps = (
    ValidationReport | SampleReport | PartReport | ChangeReport | ThreadsReport | StopReport
)
LoopReport = StepReport | BetweenSteps | HaltReport


def checkpoint_of(report: LoopReport) -> CheckpointReport | None:
    """What was written with a report; None where nothing was."""
    return report.checkpoint if isinstance(report, StepReport | StopReport) else None


def alerts_of(report: LoopReport) -> Sequence[Alert]:
    """What a report tells to look at."""
    if isinstance(report, StepReport | ValidationReport | HaltReport):
        return report.alerts
    return ()
