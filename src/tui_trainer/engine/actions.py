"""What was done to the model, in order, and how far back one can go: no torch."""

from dataclasses import dataclass

UPDATE = "update"
ELSEWHERE = "elsewhere"


@dataclass(frozen=True)
class Action:
    """One thing that was done; the same ones in the same order give the same weights."""

    what: str
    """`update`, the whole training cell; a phase of it; or `elsewhere`, which is not known here."""
    text: str = ""
    lr: float = 0.0
    optimizer: str = ""
    optimizer_number: int = 0
    """Counts the optimizers made: where it is another than before, this one was fresh."""
    training: bool = True
    """Train mode, with dropout, or eval mode."""


@dataclass(frozen=True)
class HistoryReport:
    """How far one can go back and forth, and what memory that takes."""

    undo: int = 0
    redo: int = 0
    bytes: int = 0
    budget: int = 0


NO_HISTORY = HistoryReport()
