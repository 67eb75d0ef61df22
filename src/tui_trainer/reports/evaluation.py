"""What an evaluation tells: frozen dataclasses of plain Python values. No torch here.

Texts are raw, as the model and the data set have them: whoever shows one makes it fit first.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from operator import attrgetter

from tui_trainer.reports.evaluated_items import EvaluatedItem, Outcome
from tui_trainer.reports.runs import RunStep
from tui_trainer.reports.scoring import (
    paired_interval,
    wilson_interval,
)
from tui_trainer.reports.threads import ThreadShare
from tui_trainer.settings.evaluation import EvaluationSettings


@dataclass(frozen=True)
class Score:
    """How many of the items were right."""

    right: int
    items: int

    @property
    def share(self) -> float:
        return self.right / self.items if self.items else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The 95% interval of the share (Wilson)."""
        return wilson_interval(self.right, self.items)


@dataclass(frozen=True)
class Tally:
    """The figures of the items scored so far; right, wrong and format failures are all of them."""

    strict: Score
    flexible: Score
    wrong: int
    format_failures: int
    cut: int
    """Answers that the token budget or the model's context cut, whatever became of them."""


def tally(items: tuple[EvaluatedItem, ...]) -> Tally:
    """Count outcomes."""
    outcomes = [item.outcome for item in items]
    return Tally(
        strict=Score(outcomes.count(Outcome.RIGHT), len(items)),
        flexible=Score(sum(item.flexible_right for item in items), len(items)),
        wrong=outcomes.count(Outcome.WRONG),
        format_failures=outcomes.count(Outcome.NO_FORMAT),
        cut=sum(item.answer.ending.is_cut for item in items),
    )


@dataclass(frozen=True)
class EvaluationReport:
    """How far an evaluation is. Each report holds all before it, so that none is needed twice."""

    settings: EvaluationSettings
    model: str
    updates: int
    """How many updates the weights are away from the loaded ones."""
    total: int
    """How many items will be scored."""
    items: tuple[EvaluatedItem, ...]
    """Those scored: all of every batch that is done, in the order of the batches."""
    batch_done: float
    """How much of the batch being answered is done, in items."""
    tokens: int
    """Generated so far."""
    seconds: float
    """Spent generating, pauses and other requests left out."""
    notes: tuple[str, ...] = ()
    """What is not done as ever with this model, in a sentence each."""
    threads: ThreadShare | None = None
    """What computed it; None where that is not known."""
    batch_ended: int = 0
    """How many answers of the batch being answered have ended; they are scored with all of it."""
    left_by: RunStep | None = None
    """The step of a run on disk that left these weights; None where none is known."""
    ended: str = ""
    """When it ended, as ISO 8601 writes it, where that was in an earlier session."""

    @cached_property
    def tally(self) -> Tally:
        """The figures of what was scored, counted once: those of twenty are on show at once."""
        return tally(self.items)

    @property
    def answered(self) -> int:
        """How many answers have ended."""
        return len(self.items) + self.batch_ended

    @property
    def share(self) -> float:
        """How much of the whole evaluation is done, from 0 to 1."""
        return (len(self.items) + self.batch_done) / self.total

    @property
    def seconds_left(self) -> float | None:
        """At the pace so far; None before there is any."""
        return self.seconds / self.share * (1 - self.share) if self.share else None


class Change(Enum):
    """What became of an item from one evaluation to a later one, by the strict rule."""

    FIXED = "fixed"
    BROKEN = "broken"
    STILL_RIGHT = "still right"
    STILL_WRONG = "still wrong"


@dataclass(frozen=True)
class ComparedItem:
    """The same item in two evaluations."""

    before: EvaluatedItem
    after: EvaluatedItem

    @property
    def change(self) -> Change:
        if self.before.strict_right:
            return Change.STILL_RIGHT if self.after.strict_right else Change.BROKEN
        return Change.FIXED if self.after.strict_right else Change.STILL_WRONG


@dataclass(frozen=True)
class Rise:
    """How the share of right answers went on the same items, by one rule."""

    before: Score
    after: Score
    interval: tuple[float, float]
    """That of the rise, at 95% (Newcombe's for the same items twice)."""

    @property
    def share(self) -> float:
        return self.after.share - self.before.share

    @property
    def is_separate(self) -> bool:
        """Whether it is hardly chance: the interval does not hold zero."""
        low, high = self.interval
        return low > 0 or high < 0


@dataclass(frozen=True)
class Comparison:
    """Two evaluations, item by item, on the items that both scored."""

    items: tuple[ComparedItem, ...]

    def count(self, change: Change) -> int:
        return sum(item.change is change for item in self.items)

    @property
    def strict(self) -> Rise:
        return self._rise(attrgetter("strict_right"))

    @property
    def flexible(self) -> Rise:
        return self._rise(attrgetter("flexible_right"))

    @property
    def is_divided(self) -> bool:
        """Whether the score fell by one rule and did not by the other."""
        return (self.strict.share < 0) is not (self.flexible.share < 0)

    @property
    def formless(self) -> int:
        """Answers after that have no number after `#### `, which the flexible rule forgives."""
        return sum(pair.after.outcome is Outcome.NO_FORMAT for pair in self.items)

    @property
    def overrun(self) -> int:
        """Answers after that wrote on past the number after `#### ` to another one, which the
        flexible rule takes."""
        return sum(pair.after.is_overrun for pair in self.items)

    def _rise(self, is_right: Callable[[EvaluatedItem], bool]) -> Rise:
        found = Counter((is_right(pair.before), is_right(pair.after)) for pair in self.items)
        both, broken, fixed = found[True, True], found[True, False], found[False, True]
        before = Score(both + broken, len(self.items))
        after = Score(both + fixed, len(self.items))
        return Rise(before, after, paired_interval(both, broken, fixed, found[False, False]))


def compare(before: tuple[EvaluatedItem, ...], after: tuple[EvaluatedItem, ...]) -> Comparison:
    """Pair the items of the same question and expected answer, in the order of `after`."""
    earlier = {(item.question, item.expected): item for item in before}
    return Comparison(tuple(_pairs(earlier, after)))


def _pairs(
    earlier: dict[tuple[str, str], EvaluatedItem], after: tuple[EvaluatedItem, ...]
) -> Iterator[ComparedItem]:
    for item in after:
        if match := earlier.get((item.question, item.expected)):
            yield ComparedItem(match, item)
