"""The rows of a step as the model gets them: frozen dataclasses of plain values. No torch."""

import math
from dataclasses import dataclass

from tui_trainer.reports.steps import RowPart

IGNORED = -100
"""The label of a position that the loss passes over, as torch and transformers have it."""
SAME = 1e-6
"""How far the sum by hand may be from a step's loss, in parts of it: a step adds up fp32 numbers in
fp32, which loses some units of the last place (6e-8), and the sum by hand loses nothing."""


@dataclass(frozen=True)
class Sight:
    """Which positions of a row each of its positions attends to, in the layers of one kind."""

    layers: str
    """The kind, as the model's configuration calls it; empty where all layers are alike."""
    first: tuple[int, ...]
    """The first position that is seen from each; -1 from one that sees none."""
    seen: tuple[int, ...]
    """How many are seen from each, itself with them."""
    parts: tuple[tuple[int, ...], ...]
    """[part, part] of the row: how many positions of the second are seen from those of the first,
    added up."""


@dataclass(frozen=True)
class BatchRow:
    """One row of a forward pass; what is a value a position is a tuple of them."""

    forward_pass: int
    """Which of its step's passes it is in, from 0."""
    input_ids: tuple[int, ...]
    token_texts: tuple[str, ...]
    """Each ID decoded alone."""
    attention_mask: tuple[int, ...] | None
    """1 for a token, 0 for padding; None where the model is given none."""
    position_ids: tuple[int, ...] | None
    """None where the model is given none, and counts 0, 1, 2, ... by itself."""
    labels: tuple[int, ...]
    """What the position is to predict, the token at the next one; IGNORED where nothing counts."""
    losses: tuple[float | None, ...]
    """-log p of the next token of the same item, also where it does not count; None without one."""
    parts: tuple[RowPart, ...]
    """The items in their order, with what is between and around them."""
    sights: tuple[Sight, ...]
    """One for each kind of layer; none where that cannot be looked at."""

    @property
    def counted(self) -> int:
        """How many of its labels count."""
        return sum(label != IGNORED for label in self.labels)

    @property
    def starts(self) -> tuple[int, ...]:
        """Where each of `parts` begins."""
        reached, starts = 0, []
        for part in self.parts:
            starts.append(reached)
            reached += part.tokens
        return tuple(starts)

    @property
    def summed(self) -> float:
        """The losses that count, added up without rounding."""
        pairs = zip(self.losses, self.labels, strict=True)
        return math.fsum(loss for loss, label in pairs if loss is not None and label != IGNORED)


@dataclass(frozen=True)
class StepRows:
    """All rows of one step; before it was made they have no losses."""

    step: int | None
    """Counted from 1; None where the rows are of no loop."""
    rows: tuple[BatchRow, ...]
    """At least one; of a very large step the first ones."""
    all_rows: int
    """How many the step has."""
    passes: int
    """How many forward passes it takes."""
    counted: int
    """The labels of all its rows that count: what the sum of their losses is divided by."""
    way: str
    """How a row is kept to its items, one of WAYS."""
    summed: float | None = None
    """The losses of those labels, added up without rounding; None before the step."""
    loss: float | None = None
    """What the step reported."""

    @property
    def by_hand(self) -> float | None:
        """What the sum divided by the count gives."""
        return None if self.summed is None or not self.counted else self.summed / self.counted

    @property
    def agrees(self) -> bool | None:
        """Whether that is the step's loss but for SAME; None before the step."""
        if self.loss is None or self.by_hand is None:
            return None
        if not math.isfinite(self.loss):
            return not math.isfinite(self.by_hand)
        return abs(self.by_hand - self.loss) <= SAME * abs(self.loss)


MASKED, WITHOUT_MASK, WITHIN_ITEMS, ONE_BY_ONE = WAYS = (
    "masked",
    "without mask",
    "within items",
    "one by one",
)
"""The model makes its masks; it makes none, and each position sees all before it; each item of a
packed row attends by itself; each item has a forward pass of its own."""
