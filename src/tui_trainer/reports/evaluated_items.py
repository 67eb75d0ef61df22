"""One item of an evaluation, or a sample of a loop: the answer, and what became of it. No torch.

Texts are raw, as the model and the data set have them: whoever shows one makes it fit first.
"""

from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from tui_trainer.reports.scoring import compared, flexible_answer, is_exact_match, strict_answer


class Ending(Enum):
    """Why an answer ends where it does."""

    END_OF_TEXT = "end of text"
    STOP_STRING = "stop string"
    BUDGET = "token budget"
    CONTEXT = "model's context"

    @property
    def is_cut(self) -> bool:
        """Whether the model had not finished."""
        return self in (Ending.BUDGET, Ending.CONTEXT)


class Outcome(Enum):
    """What became of an item, by the strict rule."""

    RIGHT = "right"
    WRONG = "wrong"
    NO_FORMAT = "no ####"
    """A format failure: the answer has no number after `#### `."""


@dataclass(frozen=True)
class Answer:
    """What the model generated for one prompt."""

    text: str
    """What is scored: without special tokens, up to the stop string or the end of text."""
    ending: Ending
    tokens: int
    """How many were generated, the last ones that ended it included."""
    raw: str = ""
    """All that was generated; empty where nobody has kept it."""

    @property
    def shown(self) -> str:
        """As the model gave it, as far as that was kept."""
        return self.raw or self.text

    @property
    def is_scored_as_shown(self) -> bool:
        """Whether nothing but its end was taken off for scoring."""
        return self.shown.startswith(self.text)


@dataclass(frozen=True)
class EvaluatedItem:
    """One item, answered and scored; each score is worked out when it is first asked for."""

    problem: int
    """Its index in the data set's split."""
    question: str
    expected: str
    """The data set's whole worked answer."""
    prompt: str
    answer: Answer

    @cached_property
    def strict(self) -> str | None:
        """The number that the strict rule finds."""
        return strict_answer(self.answer.text)

    @cached_property
    def flexible(self) -> str | None:
        return flexible_answer(self.answer.text)

    @cached_property
    def expected_number(self) -> str:
        """What of the expected answer is compared."""
        return compared(self.expected)

    @cached_property
    def strict_right(self) -> bool:
        return is_exact_match(self.strict, self.expected)

    @cached_property
    def flexible_right(self) -> bool:
        return is_exact_match(self.flexible, self.expected)

    @property
    def is_overrun(self) -> bool:
        """Whether the answer went on past the number after `#### `, to another number."""
        if self.strict is None or self.flexible is None:
            return False
        return compared(self.strict) != compared(self.flexible)

    @cached_property
    def outcome(self) -> Outcome:
        if self.strict is None:
            return Outcome.NO_FORMAT
        return Outcome.RIGHT if self.strict_right else Outcome.WRONG
