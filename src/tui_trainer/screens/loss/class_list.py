"""What the Loss screen edits, its examples, and each edit as a pure function; no widget."""

import math
from dataclasses import dataclass, replace
from typing import TypeVar

from tui_trainer.reports.labelled_logits import LARGEST_LOGIT, LabelledLogits
from tui_trainer.reports.predictions import Candidate, Position
from tui_trainer.terminal_text import visible_token

Value = TypeVar("Value")

TAKEN_OVER = 8  # of the most likely tokens of a position
OTHERS = "all others"
DECIMALS = 6  # of a logit that was raised by 0.1 many times over


@dataclass(frozen=True)
class ClassList:
    """Classes, each with a name and a logit; one is the label, and one has the cursor."""

    title: str
    names: tuple[str, ...]
    question: LabelledLogits
    cursor: int = 0

    @property
    def logits(self) -> tuple[float, ...]:
        return self.question.logits

    @property
    def label(self) -> int:
        return self.question.label

    def with_cursor(self, row: int) -> "ClassList":
        return replace(self, cursor=max(0, min(row, len(self.logits) - 1)))

    def with_label(self) -> "ClassList":
        """The class at the cursor is the right one."""
        return replace(self, question=replace(self.question, label=self.cursor))

    def with_logit(self, logit: float) -> "ClassList":
        """The class at the cursor has that logit."""
        row = self.cursor
        logits = (*self.logits[:row], logit, *self.logits[row + 1 :])
        return replace(self, question=LabelledLogits(logits, self.label))

    def raised(self, by: float) -> "ClassList":
        """The logit at the cursor changed by `by`, and no further than a logit may be."""
        logit = round(self.logits[self.cursor] + by, DECIMALS)
        return self.with_logit(max(-LARGEST_LOGIT, min(LARGEST_LOGIT, logit)))

    def with_class(self) -> "ClassList":
        """One class more, at the end, with logit 0; InputError where there are enough."""
        question = LabelledLogits((*self.logits, 0.0), self.label)
        return ClassList(self.title, (*self.names, ""), question, len(self.logits))

    def without_class(self) -> "ClassList":
        """Without the class at the cursor; InputError where too few would be left.

        Where that was the label, the class that takes its place is.
        """
        row, last = self.cursor, len(self.logits) - 2
        label = self.label - (self.label > row)
        question = LabelledLogits(without(self.logits, row), min(label, last))
        return ClassList(self.title, without(self.names, row), question, min(row, last))

    def with_logits(self, logits: tuple[float, ...]) -> "ClassList":
        """Other logits, as many as one likes; names and label stay as far as they reach."""
        names = (*self.names, *[""] * len(logits))[: len(logits)]
        last = len(logits) - 1
        question = LabelledLogits(logits, max(0, min(self.label, last)))
        return ClassList(self.title, names, question, max(0, min(self.cursor, last)))


def from_position(position: Position) -> ClassList:
    """The most likely tokens of a position and the expected one, which is the label.

    The rest of the vocabulary is one class more, whose logit is the log of the sum of all theirs
    after exp: so softmax gives each token the probability that it has among all.
    """
    best = position.top[0]
    label = position.expected or best
    candidates = list(position.top[:TAKEN_OVER])
    if label.id not in {candidate.id for candidate in candidates}:
        candidates.append(label)
    names = [candidate.text for candidate in candidates]
    logits = [candidate.logit for candidate in candidates]
    others = position.p_sum - sum(candidate.p for candidate in candidates)
    if others > 0:
        names.append(OTHERS)
        logits.append(best.logit - math.log(best.p) + math.log(others))
    row = [candidate.id for candidate in candidates].index(label.id)
    title = describe_position(position, label)
    return ClassList(title, tuple(names), LabelledLogits(tuple(logits), row), row)


def describe_position(position: Position, label: Candidate) -> str:
    where = f"after token {position.index}, {visible_token(position.text)}"
    if position.expected is None:
        return f"{where} (nothing is expected: the likeliest is the label)"
    return f"{where}, comes {visible_token(label.text)}"


def without(values: tuple[Value, ...], row: int) -> tuple[Value, ...]:
    return values[:row] + values[row + 1 :]


def typed(logit: float) -> str:
    """A logit as it can be typed, all its digits kept."""
    return f"{logit:.9g}"


EXAMPLES = (
    ClassList(
        "what comes after 'The cat sat on the'?",
        (" mat", " floor", " roof", " sat"),
        LabelledLogits((3.0, 2.0, 0.5, -1.0), 0),
    ),
    ClassList(
        "the notebook's first: sure and right",
        ("class 0", "class 1", "class 2"),
        LabelledLogits((0.0, 100.0, 0.0), 1),
        cursor=1,
    ),
    ClassList(
        "the notebook's second: sure and wrong",
        ("class 0", "class 1", "class 2"),
        LabelledLogits((100.0, 0.0, 0.0), 1),
        cursor=1,
    ),
    ClassList(
        "no idea: logits alike, as for the six faces of a die",
        ("one", "two", "three", "four", "five", "six"),
        LabelledLogits((7.0,) * 6, 3),
        cursor=3,
    ),
)
